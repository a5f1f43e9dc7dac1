//! What cannot be installed says why, leaves nothing behind, and repeats no secret.

use std::{
    error::Error as _,
    net::{TcpListener, UdpSocket},
};

use tower_metrics::exporter::{Exporters, from_env, install};

/// URIs that are wrong, and what tells so.
const WRONG: [(&str, &str); 58] = [
    ("", "no exporter is named: write none"),
    (" ", "no exporter is named"),
    (",", "nothing between two commas"),
    ("prometheus,", "nothing between two commas or at an end"),
    ("statsd://127.0.0.1:8125,,none", "nothing between two commas"),
    ("promtheus", "one of prometheus://, pushgateway+http://"),
    ("9000", "names no exporter"),
    ("127.0.0.1:9000", "names no exporter"),
    ("http://127.0.0.1:9000/metrics", "write prometheus://HOST:PORT to be scraped there"),
    ("https://127.0.0.1", "pushgateway+http://HOST:PORT to push"),
    ("pushgateway://127.0.0.1:9091", "write pushgateway+http://HOST:PORT?job=JOB&instance=INSTANCE"),
    ("pushgateway+https://127.0.0.1:9091?job=a", "TLS is not spoken: write pushgateway+http:// to a proxy"),
    ("otlp://127.0.0.1:4317", "write otlp+http://HOST:4318 or otlp+grpc://HOST:4317"),
    ("otlp+https://127.0.0.1:4318", "TLS is not spoken: write otlp+http://"),
    ("datadog://127.0.0.1:8125", "write dogstatsd://HOST:8125"),
    ("udp://127.0.0.1:8125", "write statsd://HOST:8125"),
    ("off", "write none"),
    ("none,prometheus", "none stands beside other exporters"),
    ("prometheus://127.0.0.1:0,none", "none stands beside other exporters"),
    ("none://", "`none` has nothing after it"),
    ("prometheus,prometheus://127.0.0.1:0", "prometheus is there twice"),
    ("statsd", "it does not say where to: write it as in statsd://127.0.0.1:8125"),
    ("otlp+grpc", "write it as in otlp+grpc://127.0.0.1:4317"),
    ("prometheus://", "it has no host: write it as in prometheus://127.0.0.1:9000"),
    ("prometheus://:9000", "it has no host"),
    ("prometheus://127.0.0.1", "it has no port"),
    ("prometheus://127.0.0.1:", "its port is no number up to 65535"),
    ("prometheus://127.0.0.1:90000", "its port is no number up to 65535"),
    ("prometheus://127.0.0.1:0/stats", "the page is at /metrics and nowhere else"),
    (
        "prometheus://127.0.0.1:0?token=s3cret",
        "has an option \"token\", which there is not: it has no options",
    ),
    ("prometheus://::1:9000", "an IPv6 address has brackets"),
    ("prometheus://[::1:9000", "has no `]`"),
    ("prometheus://192.0.2.1:9000", "choose an address of this machine"),
    ("pushgateway+http://127.0.0.1:9091", "the option job of"),
    ("pushgateway+http://127.0.0.1:9091?job=", "is missing or empty: say what the service is called"),
    ("pushgateway+http://127.0.0.1:9091?job=api", "two replicas that push to one group overwrite each other"),
    ("pushgateway+http://127.0.0.1:9091?job=api&instance=", "or instance=none"),
    ("pushgateway+http://127.0.0.1:9091/metrics/job/api?job=a", "the group is told by options"),
    (
        "pushgateway+http://127.0.0.1:9091?job=a&instance=b&interval=15",
        "whole number of ms, s or m, such as 15s",
    ),
    ("pushgateway+http://127.0.0.1:9091?job=a&instance=b&interval=1ms", "from 100ms to a day"),
    ("pushgateway+http://127.0.0.1:9091?job=a&job=b&instance=c", "is there twice: keep one"),
    (
        "pushgateway+http://127.0.0.1:9091?job=a&instance=b&every=1s",
        "write job=JOB, instance=INSTANCE and interval=15s",
    ),
    ("pushgateway+http://127.0.0.1:9091?job", "write NAME=VALUE"),
    ("pushgateway+http://127.0.0.1:9091?job=%FF&instance=a", "its options are no UTF-8"),
    ("statsd://127.0.0.1:0", "nobody listens on port 0"),
    ("statsd://127.0.0.1:8125/shop", "it has no path: leave it out"),
    ("statsd://127.0.0.1:8125?prefix=sh|op", "the option prefix of"),
    ("statsd://127.0.0.1:8125?prefix=", "letters, digits, `.`, `_` and `-` alone"),
    ("statsd://127.0.0.1:8125?interval=1s", "write prefix=NAME"),
    ("statsd://no-such-host.invalid:8125", "cannot find no-such-host.invalid:8125"),
    ("statsd://127.0.0.1:8125#shop", "write %23 where one is meant"),
    ("dogstatsd://no-such-host.invalid:8125", "cannot find no-such-host.invalid:8125"),
    ("dogstatsd://127.0.0.1:8125?interval=10s", "is 7s at most"),
    ("dogstatsd://[::1]:8125", "has no IPv4 address"),
    ("otlp+grpc://127.0.0.1:4317/v1/metrics", "gRPC has no path of its own"),
    ("otlp+http://127.0.0.1:4318?service=", "is empty: say what the service is called"),
    ("tcp://127.0.0.1:0/metrics", "it has no path"),
    ("tcp://192.0.2.1:5000", "cannot listen on 192.0.2.1:5000 for observers"),
];

const SECRETS: [&str; 9] = [
    "prometheus://ada:s3cret@127.0.0.1:9000",
    "pushgateway+http://ada:s3cret@127.0.0.1:9091?job=api&instance=a",
    "pushgateway+https://ada:s3cret@127.0.0.1:9091",
    "statsd://127.0.0.1:8125?token=s3cret",
    "postgres://ada:s3cret@127.0.0.1/db?password=s3cret",
    "tcp://ada:s3cret@127.0.0.1:1,,",
    "pushgateway+https://ada:s3cret,s3cret@127.0.0.1:9091",
    "statsd://ada:s3cret%40127.0.0.1:8125",
    "s3cret,,x@127.0.0.1",
];

/// One test, because there is one global recorder in a process.
#[tokio::test]
async fn a_uri_that_is_wrong_says_what_to_write_and_leaves_nothing_behind() {
    for (uri, told) in WRONG {
        let error = install(uri).await.map(drop).expect_err(uri);
        assert!(error.to_string().contains(told), "{uri}: {error}");
        assert_eq!(format!("{error:?}"), error.to_string(), "what `main` prints is the message");
    }
    for uri in SECRETS {
        let error = install(uri).await.map(drop).expect_err(uri);
        assert!(!error.to_string().contains("s3cret") && !error.to_string().contains("ada"), "{error}");
    }
    // A runtime of several threads can have it as a task.
    drop(tokio::spawn(install("none")).await.unwrap().unwrap());
    // The environment of this test has no such variable.
    let error = from_env().await.unwrap_err().to_string();
    assert!(error.contains("METRICS_EXPORTER is not set") && error.contains("or to none"), "{error}");

    // What stands before the one that cannot be installed is not there either.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let statsd = UdpSocket::bind("127.0.0.1:0").unwrap();
    let statsd_port = statsd.local_addr().unwrap().port();
    for (uri, purpose) in [("prometheus", "for /metrics"), ("tcp", "for observers")] {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let other = if uri == "tcp" { "prometheus" } else { "tcp" };
        let uris =
            format!("statsd://127.0.0.1:{statsd_port},{other}://127.0.0.1:{free},{uri}://127.0.0.1:{port}");
        let error = install(&uris).await.unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains(&format!("127.0.0.1:{port} {purpose}")) && said.contains("port is taken"),
            "{said}"
        );
        assert!(error.source().is_some());
        drop(TcpListener::bind(("127.0.0.1", free)).expect("the port of the other is free again"));
    }

    let installed = Exporters::new().or("prometheus").from_env().await.unwrap();
    metrics::counter!("calls_total").increment(3);
    assert!(
        installed.prometheus().unwrap().render().contains("calls_total 3"),
        "none of them left a recorder"
    );
    let message = install("prometheus").await.unwrap_err().to_string();
    assert!(message.contains("installed already"), "{message}");
    installed.shutdown().await.unwrap();
}
