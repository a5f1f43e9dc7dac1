//! `dogstatsd://…`: what was recorded in an interval, aggregated, to a Datadog Agent by UDP.

use std::{net::ToSocketAddrs, thread, time::Duration};

use metrics_exporter_dogstatsd::DogStatsDBuilder;

use super::{
    Error,
    clean::Clean,
    error::Kind,
    flush::Flush,
    plan::{Build, Part},
    target::Target,
};

/// How often it is sent unless said otherwise. The Agent aggregates ten seconds.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest interval, for the end waits for two of them.
const LONGEST: Duration = Duration::from_secs(7);

/// What a thread may be late.
const SLACK: Duration = Duration::from_millis(100);

pub(super) fn plan(mut target: Target) -> Result<Build, Error> {
    let prefix = target.prefix()?;
    let interval = target.interval(INTERVAL)?;
    if interval > LONGEST {
        return Err(target.option("interval", "is 7s at most, for a shutdown waits for two of them"));
    }
    target.without_path()?;
    target.finish("write prefix=NAME and interval=1s")?;
    let (to, address) = (target.shown().to_owned(), target.address());
    let found = address.to_socket_addrs().map_err(|error| Kind::Resolve(address, error))?;
    // The exporter's socket speaks IPv4 alone.
    let Some(address) = found.into_iter().find(|address| address.is_ipv4()) else {
        return Err(target.wrong("its host has no IPv4 address"));
    };
    Ok(Box::new(move || {
        let wrong =
            |error: metrics_exporter_dogstatsd::BuildError| Kind::Build(to.clone(), error.to_string());
        // What the exporter tells of itself, by the global recorder, every other exporter would get too.
        let mut builder = DogStatsDBuilder::default()
            .with_remote_address(address.to_string())
            .map_err(wrong)?
            .with_flush_interval(interval)
            .with_telemetry(false);
        if let Some(prefix) = prefix {
            builder = builder.set_global_prefix(prefix);
        }
        let recorder = builder.build().map_err(wrong)?;
        // The exporter cannot be told to flush: it begins within an interval, and is done within another.
        let run = move || {
            thread::sleep(2 * interval + SLACK);
            Ok(())
        };
        Ok(Part {
            recorder: Box::new(Clean::new(recorder)),
            flush: Some(Flush { to, run: Box::new(run) }),
            health: None,
        })
    }))
}
