//! What whoever is woken reads: for each alert what it means, what to ask first, what it usually is, and what to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use tower_metrics::{
    rules::{Alert, Rule, Rules},
    sla::Sla,
};

/// What is known about an alert. In the queries, `$S` stands for the selectors of the service.
struct Runbook {
    meaning: &'static str,
    queries: [(&'static str, &'static str); 3],
    causes: [&'static str; 3],
    steps: [&'static str; 3],
}

/// With a sentence that says where the page comes from.
pub(crate) fn page(written: &str, promises: &[Sla], rules: &Rules) -> String {
    let service = match promises {
        [promise] => {
            let labels = [("job", promise.job_name())].into_iter().chain(promise.selectors());
            labels.map(|(label, value)| format!("{label}={value:?}")).collect::<Vec<_>>().join(",")
        }
        // Of several services, that of the alert is put in by hand.
        promises => format!("job=~{:?}", promises.iter().map(Sla::job_name).collect::<Vec<_>>().join("|")),
    };
    let names: Vec<_> = promises.iter().map(Sla::name).collect();

    let groups = rules.groups();
    let mut alerts: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| group.rules()).filter(|rule| rule.is_alert()) {
        alerts.entry(rule.name()).or_default().push(rule);
    }

    let mut page = format!(
        "# Runbooks of {}\n\n{written} Change the texts in `examples/slo/runbooks.rs`.\n\nEvery query can be pasted into Prometheus \
         as it is, and tells of all services; put the `job` of the alert into it to see one.\n",
        names.join(", ")
    );
    for alert in Alert::ALL {
        let Some(firing) = alerts.remove(rules.name(alert)) else { continue };
        let Runbook { meaning, queries, causes, steps } = runbook(alert);
        write!(page, "\n## {}\n\n*{}.* {meaning}\n\n", rules.name(alert), severities(&firing))
            .expect("a String takes it");
        page.push_str("Ask first:\n\n");
        for (what, query) in queries {
            write!(page, "- {what}\n\n  ```promql\n  {}\n  ```\n\n", query.replace("$S", &service))
                .expect("a String takes it");
        }
        let list = |title: &str, items: [&str; 3]| {
            let items: Vec<_> = items.iter().map(|item| format!("- {item}")).collect();
            format!("{title}:\n\n{}\n", items.join("\n"))
        };
        page.push_str(&list("Usually it is", causes));
        page.push('\n');
        page.push_str(&list("Do", steps));
    }
    // What is left are alerts of the services' own, whose annotations say what to do.
    for (name, firing) in alerts {
        let texts: BTreeSet<_> = firing.iter().copied().map(in_words).collect();
        let texts: Vec<_> = texts.into_iter().collect();
        write!(page, "\n## {name}\n\n*{}.* {}\n\nIt fires on:\n", severities(&firing), texts.join(" "))
            .expect("a String takes it");
        for rule in firing {
            write!(page, "\n```promql\n{}\n```\n", rule.expr()).expect("a String takes it");
        }
    }
    page
}

/// What is wrong, and what to do.
fn in_words(alert: &Rule) -> String {
    let told = alert.annotations().filter(|(name, _)| ["summary", "description"].contains(name));
    told.map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

fn severities(alerts: &[&Rule]) -> String {
    let labels = alerts.iter().flat_map(|alert| alert.added_labels());
    let severities: BTreeSet<_> = labels.filter(|(label, _)| *label == "severity").collect();
    severities.into_iter().map(|(_, severity)| severity).collect::<Vec<_>>().join(", ")
}

fn runbook(alert: Alert) -> Runbook {
    const BAD_BY_INSTANCE: (&str, &str) = (
        "Which instance fails?",
        "topk(5, sum by (instance) (rate(http_requests_total{$S,status=~\"5..\"}[5m]) or rate(http_requests_total{$S,outcome=\"body_error\"}[5m])) > 0)",
    );
    const BAD_BY_ENDPOINT: (&str, &str) = (
        "Which endpoint?",
        "topk(5, sum by (method, endpoint) (rate(http_requests_total{$S,status=~\"5..\"}[5m]) or rate(http_requests_total{$S,outcome=\"body_error\"}[5m])) > 0)",
    );
    const BY_OUTCOME: (&str, &str) =
        ("How do the calls end?", "sum by (status, outcome) (rate(http_requests_total{$S}[5m])) > 0");
    const SLOW_BY_INSTANCE: (&str, &str) = (
        "Which instance is slow?",
        "topk(5, histogram_quantile(0.99, sum by (instance, le) (rate(http_request_duration_seconds_bucket{$S}[5m]))) > 0)",
    );
    const SLOW_BY_ENDPOINT: (&str, &str) = (
        "Which endpoint is slow?",
        "topk(5, histogram_quantile(0.99, sum by (endpoint, le) (rate(http_request_duration_seconds_bucket{$S}[5m]))) > 0)",
    );
    const IN_FLIGHT: (&str, &str) = (
        "Where are the calls that have not ended?",
        "topk(5, sum by (instance, endpoint) (http_requests_in_flight{$S}) > 0)",
    );
    match alert {
        Alert::ErrorBudgetBurn => Runbook {
            meaning: "An objective is being missed so fast that its error budget does not last. Critical: 2 % of the month's \
                      budget went in an hour, or 5 % in six. Warning: 10 % in a day or in three. The label `slo` names the \
                      objective: availability counts failures, latency counts slow calls.",
            queries: [
                (
                    "Which objectives burn, and how many times too fast?",
                    "slo:current_burn_rate:ratio{$S} > 1",
                ),
                BAD_BY_ENDPOINT,
                SLOW_BY_ENDPOINT,
            ],
            causes: [
                "a release or a change of configuration: compare the beginning with the times of the deploys",
                "a dependency that fails or is slow: the operations of the service, such as `db_query_duration_seconds`, tell",
                "more calls than the service can take: see Saturation",
            ],
            steps: [
                "roll back what was changed last; look for its reason afterwards",
                "if one instance or one endpoint is alone with it, take it out of traffic",
                "when it is over, look at `slo:period_error_budget_remaining:ratio`: a spent budget is a reason to stop releases",
            ],
        },
        Alert::HighApiErrorRate => Runbook {
            meaning: "More than 5 % of the HTTP calls of five minutes were answered 5xx, returned an error, panicked, or broke \
                      off in the body.",
            queries: [BAD_BY_INSTANCE, BAD_BY_ENDPOINT, BY_OUTCOME],
            causes: [
                "`panicked`: a defect, often of the newest release; the log has the message",
                "502, 503, 504: something behind the service is away or too slow",
                "`body_error`: answers that break off, such as a stream whose source failed",
            ],
            steps: [
                "roll back, if it began with a release",
                "follow the endpoint that fails to what it calls",
                "if one instance is alone with it, restart that one, and keep its log",
            ],
        },
        Alert::HighApiLatency => Runbook {
            meaning: "More than 1 % of the HTTP calls of five minutes took longer than the high latency of the promise: the \
                      P99 is above it. Calls that were given up after it count too.",
            queries: [SLOW_BY_INSTANCE, SLOW_BY_ENDPOINT, IN_FLIGHT],
            causes: [
                "a slow dependency: queries, other services, a lock",
                "too many calls at once: they wait for each other",
                "bodies that slow clients read: an endpoint of downloads belongs into `Sla::streams`",
            ],
            steps: [
                "compare the endpoint with its operations: what of its time is theirs?",
                "add instances, or refuse calls earlier, if it is load",
                "roll back, if it began with a release",
            ],
        },
        Alert::HighApiLatencyP95 => Runbook {
            meaning: "More than 5 % of the HTTP calls of five minutes took longer than the high latency: the P95 is above it. \
                      It is HighAPILatency, and not of a few calls.",
            queries: [SLOW_BY_INSTANCE, SLOW_BY_ENDPOINT, IN_FLIGHT],
            causes: [
                "a dependency that is slow for all: a database, a DNS server, a full pool",
                "an instance that swaps, or whose processor is taken by others",
                "a lock that all calls take",
            ],
            steps: [
                "look for what all slow endpoints have in common",
                "take slow instances out of traffic",
                "roll back, if it began with a release",
            ],
        },
        Alert::ServiceDown => Runbook {
            meaning: "Prometheus cannot scrape an instance, or knows none of the service.",
            queries: [
                ("Which instances?", "up{$S} == 0"),
                ("Since when?", "changes(up{$S}[1h])"),
                ("Do the others take its traffic?", "sum by (instance) (rate(http_requests_total{$S}[5m]))"),
            ],
            causes: [
                "the process ended: out of memory, a panic at startup, an eviction",
                "the metrics listener is on loopback, or a network policy keeps Prometheus away",
                "the job's name or its labels in the scrape configuration are not those of the promise",
            ],
            steps: [
                "look whether the process runs, and why it ended if not",
                "ask its page by hand: `curl http://INSTANCE/metrics`",
                "if all instances are gone at once, look at the last deploy and at the machines",
            ],
        },
        Alert::HighCancellation => Runbook {
            meaning: "Callers gave up more than 10 % of their HTTP calls before the response head. They are no errors of the \
                      service, and somebody waited in vain.",
            queries: [
                (
                    "Which endpoint do they leave?",
                    "topk(5, sum by (endpoint) (rate(http_requests_total{$S,outcome=\"cancelled\"}[5m])))",
                ),
                (
                    "After how long?",
                    "histogram_quantile(0.5, sum by (le) (rate(http_request_duration_seconds_bucket{$S,status=\"none\"}[5m])))",
                ),
                SLOW_BY_ENDPOINT,
            ],
            causes: [
                "the service has become slower than its callers' timeout",
                "a caller was given a shorter timeout",
                "a proxy in front closes connections",
            ],
            steps: [
                "compare the time after which they leave with the latency of the same endpoint",
                "mend the latency, or agree on a timeout",
                "if it is one caller, ask who changed it",
            ],
        },
        Alert::RequestsStuck => Runbook {
            meaning: "An instance has calls in flight and has answered none in five minutes; or, as a warning, a single call is \
                      older than five minutes, or than the latency that is promised of it if that is longer, while others \
                      are answered. No other number shows a hang, because calls are \
                      counted when they end.",
            queries: [
                IN_FLIGHT,
                ("Since when does nothing end?", "sum by (instance) (rate(http_requests_total{$S}[5m]))"),
                (
                    "Which call is the oldest, and how old is it in seconds?",
                    "topk(5, max by (instance, method, endpoint) (time() - http_requests_oldest_start_timestamp_seconds{$S} and http_requests_in_flight{$S} > 0))",
                ),
            ],
            causes: [
                "a deadlock, or a pool whose connections are all taken and never given back",
                "a blocking call on the runtime's threads; of a single call, something that it waits for without a timeout",
                "an endpoint that streams by design and is not in `Sla::streams`, one that takes minutes by design and is promised no latency of its own, or a download that its caller reads slowly",
            ],
            steps: [
                "take a dump of the threads or tasks before anything else",
                "restart the instance; for a single call that can wait, and its route wants a timeout",
                "if it comes back, take the endpoint out of traffic",
            ],
        },
        Alert::SloDataMissing => Runbook {
            meaning: "The service is up and exports nothing of what an objective is told by. No alert about that objective \
                      would fire.",
            queries: [
                ("What does it export at all?", "count by (__name__) ({__name__=~\"http_.*|.*_total\",$S})"),
                ("Which bounds are there?", "count by (le) (http_request_duration_seconds_bucket{$S})"),
                ("Which routes are there?", "count by (method, endpoint) (http_requests_total{$S})"),
            ],
            causes: [
                "the Layer was removed, or is around a part of the routes only",
                "a route, a label or a metric was renamed, and the promise was not",
                "the exporter was not given the SLA; or the instance is idle and its Layer was not initialized",
            ],
            steps: [
                "call `Sla::check` on the page, which says what to change",
                "compare the promise with the routes of the release",
                "write the rules again from the promise of this release",
            ],
        },
        Alert::RateLimitRejections => Runbook {
            meaning: "A limiter refused more than 5 % of the calls that reached it, for one reason.",
            queries: [
                (
                    "Which limiter, and why?",
                    "sum by (limiter, reason) (rate(requests_rejected_total{$S}[5m])) > 0",
                ),
                ("How many calls reach it?", "sum by (limiter) (rate(limiter_calls_total{$S}[5m]))"),
                IN_FLIGHT,
            ],
            causes: [
                "`rate_limited`: a caller asks more often than agreed",
                "`overloaded`: the service is full",
                "`timed_out`: what is behind the limiter is slow",
            ],
            steps: [
                "find the caller, if one is alone with it",
                "add instances, or raise the limit if the service has room",
                "for `timed_out`, go on as for HighAPILatency",
            ],
        },
        Alert::Saturation => Runbook {
            meaning: "More than 80 % of what an instance takes at once is in flight. Beyond it, calls wait or are refused.",
            queries: [
                IN_FLIGHT,
                (
                    "How full is each instance?",
                    "sum by (instance) (http_requests_in_flight{$S}) / max by (instance) (http_requests_in_flight_limit{$S})",
                ),
                (
                    "How long do calls take?",
                    "sum by (instance) (rate(http_request_duration_seconds_sum{$S}[5m])) / sum by (instance) (rate(http_request_duration_seconds_count{$S}[5m]))",
                ),
            ],
            causes: [
                "more calls than usual",
                "slower calls: in flight is the rate times the duration",
                "an instance less than usual",
            ],
            steps: [
                "add instances, if the rate rose",
                "go on as for HighAPILatency, if the duration rose",
                "take long streams into a limit of their own",
            ],
        },
        Alert::CardinalityGrowth => Runbook {
            meaning: "The label sets that a label of the service's own made are more than 80 % of what they may be.",
            queries: [
                ("Which metric?", "tower_metrics_label_sets{$S} / tower_metrics_label_sets_limit{$S}"),
                ("How fast does it grow?", "deriv(tower_metrics_label_sets{$S}[1h])"),
                ("Which metrics have most series?", "topk(10, count by (__name__) ({__name__=~\".+\",$S}))"),
            ],
            causes: [
                "a label whose values are identifiers: users, documents, raw paths",
                "a new tenant, plan or route: the growth is real",
                "an endpoint function that returns paths in the place of templates",
            ],
            steps: [
                "find the label with most values, and bound it by `.max_values(n)`",
                "return templates from the endpoint function",
                "raise `.max_label_sets(n)`, if the growth is real and Prometheus has room",
            ],
        },
        Alert::CardinalityOverflow => Runbook {
            meaning: "Calls are folded into `_OVERFLOW`, because there are more label sets than there may be. Totals are exact; \
                      these calls are no longer told apart.",
            queries: [
                (
                    "Which metric?",
                    "sum by (instance, metric) (increase(tower_metrics_overflow_total{$S}[15m])) > 0",
                ),
                ("How many label sets are there?", "tower_metrics_label_sets{$S}"),
                ("How many may there be?", "tower_metrics_label_sets_limit{$S}"),
            ],
            causes: [
                "a label whose values are identifiers",
                "somebody who asks for many paths, where the raw path is the endpoint",
                "a limit that is too low for what is real",
            ],
            steps: [
                "look which values the label has: `count by (LABEL) (METRIC)`",
                "bound the label, or return templates",
                "restart the instance afterwards, so that the label sets it needs find room",
            ],
        },
        Alert::SloHistoryShort => Runbook {
            meaning: "Less than nine tenths of the objective's period is in Prometheus. The budget is that of the days there are.",
            queries: [
                ("How many days are there?", "count_over_time(slo:sli_total:rate5m{$S}[30d]) * 30 / 86400"),
                ("What is left of the budget?", "slo:period_error_budget_remaining:ratio{$S}"),
                ("How fast does it burn?", "slo:period_burn_rate:ratio{$S}"),
            ],
            causes: [
                "the service, or its promise, is young: it goes away by itself",
                "Prometheus keeps 15 days unless told otherwise",
                "Prometheus lost its data, or was away",
            ],
            steps: [
                "start Prometheus with `--storage.tsdb.retention.time=40d`",
                "look whether its disk has room for that",
                "until then, read the budget as one of fewer days",
            ],
        },
        Alert::Watchdog => Runbook {
            meaning: "It always fires. Its absence, at whoever receives it, tells that Prometheus, Alertmanager or the way between \
                      them is broken.",
            queries: [
                ("Does it fire?", "ALERTS{alertname=\"Watchdog\"}"),
                ("Do rules fail?", "increase(prometheus_rule_evaluation_failures_total[15m]) > 0"),
                ("Do notifications fail?", "increase(prometheus_notifications_errors_total[15m]) > 0"),
            ],
            causes: [
                "Prometheus or Alertmanager is down",
                "the route to the receiver was changed",
                "the receiver's credentials ran out",
            ],
            steps: [
                "look whether both processes run",
                "`amtool config routes test --config.file=alertmanager.yml alertname=Watchdog` tells where it should go",
                "send an alert by hand with `amtool alert add --alertmanager.url=http://127.0.0.1:9093 alertname=Test`",
            ],
        },
        Alert::TrafficAbsent => Runbook {
            meaning: "The service is up, and no HTTP call ended in ten minutes.",
            queries: [
                ("When did it stop?", "sum by (instance) (rate(http_requests_total{$S}[5m]))"),
                (
                    "Does anything arrive at all?",
                    "sum by (status) (rate(http_requests_total{$S,endpoint=\"unmatched\"}[5m]))",
                ),
                IN_FLIGHT,
            ],
            causes: [
                "a load balancer, DNS name or firewall that leads elsewhere",
                "the callers are down",
                "it is night, and nobody calls",
            ],
            steps: [
                "call the service by the way its callers do",
                "look at the load balancer's own numbers",
                "leave the alert out for services that are quiet by nature",
            ],
        },
        Alert::Anomaly => Runbook {
            meaning: "The rate of calls, of failures or the mean duration is far from what it was in the last 24 hours. It is a \
                      hint beside another alert, no reason to act alone.",
            queries: [
                (
                    "What is it, and what is usual?",
                    "job:anomaly_level{$S} or job:anomaly_upper_band{$S} or job:anomaly_lower_band{$S}",
                ),
                BY_OUTCOME,
                BAD_BY_ENDPOINT,
            ],
            causes: [
                "a campaign, a batch, a test of load",
                "a caller that retries, or that stopped",
                "a holiday: the last day is no measure of it",
            ],
            steps: [
                "look whether another alert tells the same",
                "ask whether somebody expected it",
                "leave it, if nothing else is wrong",
            ],
        },
        other => panic!("write a runbook for {other:?}"),
    }
}
