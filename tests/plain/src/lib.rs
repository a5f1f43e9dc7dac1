//! What a program says that was built without the exporter that it is asked for.
#![cfg(test)]

use futures_util::FutureExt;
use tower_metrics::exporter::install;

#[test]
fn an_exporter_whose_feature_is_off_is_an_error_that_names_the_feature() {
    for (uri, feature) in [
        ("prometheus", "prometheus"),
        ("prometheus://127.0.0.1:9000", "prometheus"),
        ("pushgateway+http://127.0.0.1:9091?job=api&instance=none", "push-gateway"),
        ("statsd://127.0.0.1:8125", "statsd"),
        ("dogstatsd://127.0.0.1:8125", "dogstatsd"),
        ("otlp+http://127.0.0.1:4318", "otlp"),
        ("otlp+grpc://127.0.0.1:4317", "otlp"),
        ("tcp://127.0.0.1:5000", "tcp"),
    ] {
        let error = install(uri).now_or_never().expect("nothing is waited for").expect_err(uri);
        let told = format!("is of the feature `{feature}`, which this program was built without");
        assert!(error.to_string().contains(&told), "{uri}: {error}");
        assert!(error.to_string().contains("Cargo.toml"), "{error}");
    }
}

#[test]
fn none_is_there_without_a_feature() {
    let installed =
        install("none").now_or_never().expect("nothing is waited for").expect("it installs nothing");
    installed.shutdown().now_or_never().expect("nothing is waited for").expect("there is nothing to lose");
}
