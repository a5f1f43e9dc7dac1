//! The parser of pages refuses what the format does not allow, and reads what it does.

use crate::exposition::Page;

/// The page of the specification itself, without its doubtful histogram of milliseconds.
const SPECIFIED: &str = r#"# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# TYPE msdos_file_access_time_seconds gauge
# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\DIR\\FILE.TXT",error="Cannot find file:\n\"FILE.TXT\""} 1.458255915e9

# Minimalistic line:
# TYPE metric_without_timestamp_and_labels untyped
metric_without_timestamp_and_labels 12.47

# TYPE something_weird gauge
something_weird{problem="division by zero"} +Inf -3982045

# HELP http_request_duration_seconds A histogram, with a \\ and a\nline.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1",} 33444
http_request_duration_seconds_bucket { le = "+Inf" } 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
"#;

#[test]
fn what_the_specification_shows_is_read() {
    let page = Page::read(SPECIFIED).unwrap();
    assert_eq!(page.samples.len(), 13);
    assert_eq!(page.sum("http_requests_total", &[("method", "post")]), 1030.0);
    assert_eq!(page.samples[0].timestamp, Some(1_395_066_363_000));
    assert_eq!(page.values("path"), ["C:\\DIR\\FILE.TXT"].into());
    assert_eq!(page.values("error"), ["Cannot find file:\n\"FILE.TXT\""].into());
    assert_eq!(page.sum("something_weird", &[]), f64::INFINITY);
    assert_eq!(page.helps["http_request_duration_seconds"], "A histogram, with a \\ and a\nline.");
    assert!(Page::read("").unwrap().samples.is_empty());
}

#[test]
fn what_the_format_does_not_allow_is_refused_with_its_line() {
    let histogram = |lines: &str| format!("# TYPE h histogram\n{lines}h_sum 1\nh_count 2\n");
    for (page, line, what) in [
        ("a 1\n", 1, "a has no TYPE"),
        ("# TYPE a counter\na 1\n# TYPE b gauge\nb 1\na{x=\"1\"} 1\n", 5, "two groups"),
        ("# TYPE a counter\n# TYPE a counter\n", 2, "second TYPE"),
        ("# HELP a b\n# HELP a b\n", 2, "second HELP"),
        ("# HELP a \\t\n", 1, "escape"),
        ("# TYPE a count\n", 1, "no TYPE"),
        ("# TYPE a counter 1\n", 1, "no TYPE"),
        ("# TYPE a-b counter\n", 1, "no name"),
        ("# TYPE a counter\na 1\na 2\n", 3, "twice"),
        ("# TYPE a counter\na{x=\"1\",y=\"2\"} 1\na{y=\"2\",x=\"1\"} 2\n", 3, "twice"),
        ("# TYPE a counter\na{x=\"1\",x=\"2\"} 1\n", 2, "label x twice"),
        ("# TYPE a counter\na{x=\"1\"\n", 2, "neither a comma"),
        ("# TYPE a counter\na{x=\"1\n\"} 1\n", 2, "without an end"),
        ("# TYPE a counter\na{x=\"\\r\"} 1\n", 2, "escape"),
        ("# TYPE a counter\na{x=\"a\"b\"} 1\n", 2, "neither a comma"),
        ("# TYPE a counter\na{x=1} 1\n", 2, "quotes"),
        ("# TYPE a counter\na{,} 1\n", 2, "an end"),
        ("# TYPE a counter\na{1x=\"1\"} 1\n", 2, "no name"),
        ("# TYPE a counter\na{a:b=\"1\"} 1\n", 2, "no name"),
        ("# TYPE a counter\na{__name__=\"1\"} 1\n", 2, "__name__"),
        ("# TYPE a counter\na\n", 2, "without a value"),
        ("# TYPE a counter\na one\n", 2, "no number"),
        ("# TYPE a counter\na inf\n", 2, "no number"),
        ("# TYPE a counter\na 1 1.5\n", 2, "no timestamp"),
        ("# TYPE a counter\na 1 1 1\n", 2, "behind the sample"),
        ("# TYPE a counter\na -1\n", 2, "a counter of -1"),
        ("# TYPE a counter\na NaN\n", 2, "a counter of NaN"),
        ("# TYPE a counter\na 1", 2, "no end of line"),
        ("# TYPE a summary\na 1\n", 2, "without quantile"),
        ("# TYPE h histogram\nh 1\n", 2, "no part of one"),
        ("# TYPE h histogram\nh_bucket 1\n", 2, "without le"),
        ("# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\n", 4, "no count"),
        (&histogram("h_bucket{le=\"1\"} 2\n"), 5, "no bucket +Inf"),
        (&histogram("h_bucket{le=\"+Inf\"} 3\n"), 5, "counts 2, and 3"),
        (&histogram("h_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 2\n"), 6, "not cumulative"),
        (
            &histogram("h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\n"),
            7,
            "not ascend",
        ),
    ] {
        let fault = Page::read(page).expect_err(page);
        assert!(fault.line == line && fault.what.contains(what), "{fault}, not {line}: {what}, in\n{page}");
    }
    // A TYPE behind the first sample is one of a sample that has none.
    assert!(Page::read("a 1\n# TYPE a counter\n").is_err());
}
