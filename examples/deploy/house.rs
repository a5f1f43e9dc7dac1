//! The alerts that are no service's own: of the machines, and of the programs that watch the house.

use tower_metrics::rules::{CustomAlert, Series, Severity};

use crate::prometheus::STACK;

/// Busy is what is neither idle nor waiting for a disk; time that the hypervisor took is not there to be used.
const BUSY_CPUS: &str = "1 - avg by (job, instance) (\n  \
    sum by (job, instance, cpu) (rate(node_cpu_seconds_total{job=\"node\",mode=~\"idle|iowait\"}[5m]))\n\
) > 0.8";

/// What the kernel could give to programs without swapping is available, caches included.
const USED_MEMORY: &str =
    "1 - node_memory_MemAvailable_bytes{job=\"node\"} / node_memory_MemTotal_bytes{job=\"node\"} > 0.85";

/// A sample that is sent again was refused or not taken; one that failed is lost.
const NOT_WRITTEN: &str = "sum by (job, instance) (\n  \
    rate(prometheus_remote_storage_samples_failed_total[5m])\n  \
    + rate(prometheus_remote_storage_samples_retried_total[5m])\n\
) > 0";

/// Of several Alertmanagers one may fail; where none is told, alerts are dropped.
const NOT_TOLD: &str = "sum by (job, instance) (rate(prometheus_notifications_errors_total[5m])) > 0\n\
or\n\
sum by (job, instance) (rate(prometheus_notifications_dropped_total[5m])) > 0";

const NOT_LOADED: &str = "prometheus_config_last_reload_successful == 0\n\
or\n\
alertmanager_config_last_reload_successful == 0";

pub(crate) fn alerts() -> Vec<CustomAlert> {
    [machines(), watchers()].into_iter().flatten().map(|alert| alert.label("team", "ops")).collect()
}

fn machines() -> Vec<CustomAlert> {
    vec![
        CustomAlert::expression("HighCPUUsage", BUSY_CPUS)
            .summary("The CPUs of {{ $labels.instance }} are {{ $value | humanizePercentage }} busy.")
            .description(
                "Look which process takes them, with `top` on the machine or by `process_cpu_seconds_total` of the services. Move it, \
                 give the machine more CPUs, or take load away; a loop that never ends is restarted.",
            ),
        CustomAlert::expression("HighMemoryUsage", USED_MEMORY)
            .summary("{{ $value | humanizePercentage }} of the memory of {{ $labels.instance }} is used.")
            .description(
                "Look which process takes it, with `top -o %MEM` on the machine or by `process_resident_memory_bytes` of the services. \
                 Restart what leaks, or give the machine more, before the kernel ends a process.",
            ),
    ]
}

fn watchers() -> Vec<CustomAlert> {
    let jobs = STACK.map(|(job, _)| job).join("|");
    vec![
        CustomAlert::value_is("TargetDown", Series::new("up").matched("job", &jobs), 0.0)
            .by(["instance"])
            .summary("{{ $labels.job }} at {{ $labels.instance }} cannot be scraped.")
            .description(
                "Look whether it runs, and at its log: `docker compose ps` and `docker compose logs`, or the folder of `deploy/start`. \
                 The page `/targets` of Prometheus tells why a scrape fails.",
            ),
        CustomAlert::rate_above(
            "PrometheusRuleFailures",
            Series::new("prometheus_rule_evaluation_failures_total"),
            0.0,
        )
        .by(["instance", "rule_group"])
        .severity(Severity::Critical)
        .summary("Rules of {{ $labels.rule_group }} cannot be evaluated: their alerts are blind.")
        .description(
            "The page `/rules` of Prometheus tells which rule fails, and why. Mend it where the rules are written, write them again, and \
             reload.",
        ),
        CustomAlert::expression("PrometheusNotificationsFailing", NOT_TOLD)
            .severity(Severity::Critical)
            .summary("Prometheus at {{ $labels.instance }} cannot tell Alertmanager of its alerts.")
            .description(
                "Look whether Alertmanager runs, and whether Prometheus finds it: the page `/status` lists those that it knows, and its log \
                 tells why they do not answer.",
            ),
        CustomAlert::rate_above(
            "AlertmanagerNotificationsFailing",
            Series::new("alertmanager_notifications_failed_total"),
            0.0,
        )
        .by(["instance", "integration"])
        .severity(Severity::Critical)
        .summary("Alertmanager at {{ $labels.instance }} cannot tell anybody by {{ $labels.integration }}.")
        .description(
            "Its log tells what the receiver answered. Most often a secret is wrong or has expired, or the receiver is not reached from \
             this network.",
        ),
        CustomAlert::expression("PrometheusConfigReloadFailed", NOT_LOADED)
            .summary("{{ $labels.job }} at {{ $labels.instance }} refused its configuration, and goes on with the one before.")
            .description(
                "`promtool check config` and `amtool check-config` tell what is wrong with it; a restart would end the program.",
            ),
        CustomAlert::expression("PrometheusRemoteWriteFailing", NOT_WRITTEN)
            .summary("Prometheus at {{ $labels.instance }} cannot write to VictoriaMetrics.")
            .description(
                "Look whether VictoriaMetrics runs and has room on its disk. Prometheus keeps what it could not write for about two hours, \
                 and sends it again.",
            ),
    ]
}
