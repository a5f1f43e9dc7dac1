//! The alerts that are no service's own: a machine at its limits, and a stack that breaks, told by itself.
//!
//! Time goes thirty times as fast: the windows, holds and intervals of the files are a thirtieth of what was written.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use http::{Method, Request};
use http_body_util::Empty;
use saphyr::{LoadableYamlNode, Yaml};
use serde_json::Value;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};

use crate::{
    deploy::write_house_with_secrets,
    programs::{Running, Scratch, Server, change, client, faster, free_address, receivers},
};

const SPEED: u64 = 30;

/// Many samples to one, which no rule may have.
const BROKEN: &str = "  - name: broken\n    rules: [{record: broken, expr: up * on (nothing) up}]\n";

/// The alerts, with what tells theirs from those of others.
const ALERTS: [(&str, &str); 9] = [
    ("HighCPUUsage", "instance=\"machine:9100\""),
    ("HighMemoryUsage", "instance=\"machine:9100\""),
    ("TargetDown", "job=\"victoria-metrics\""),
    ("TargetDown", "job=\"alertmanager\""),
    ("PrometheusRuleFailures", "severity=\"critical\""),
    ("PrometheusNotificationsFailing", "severity=\"critical\""),
    ("AlertmanagerNotificationsFailing", "integration=\"slack\""),
    ("PrometheusConfigReloadFailed", "job=\"prometheus\""),
    ("PrometheusRemoteWriteFailing", "severity=\"warning\""),
];

/// A machine of two CPUs, as node_exporter would tell of it: each scrape finds a second more.
async fn machine(is_at_its_limits: Arc<AtomicBool>) -> String {
    let seconds = Arc::new(Mutex::new((0.0, 0.0)));
    let page = async move || {
        let is_busy = is_at_its_limits.load(Ordering::Relaxed);
        let (busy, used) = if is_busy { (0.95, 0.86) } else { (0.6, 0.84) };
        let mut seconds = seconds.lock().unwrap();
        seconds.0 += busy;
        seconds.1 += 1.0 - busy;
        let cpus = ["0", "1"].map(|cpu| {
            format!(
                "node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"user\"}} {}\n\
                 node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"idle\"}} {}\n\
                 node_cpu_seconds_total{{cpu=\"{cpu}\",mode=\"iowait\"}} {}\n",
                seconds.0,
                seconds.1 / 2.0,
                seconds.1 / 2.0
            )
        });
        format!(
            "# TYPE node_cpu_seconds_total counter\n{}# TYPE node_memory_MemTotal_bytes gauge\nnode_memory_MemTotal_bytes 1e9\n\
             # TYPE node_memory_MemAvailable_bytes gauge\nnode_memory_MemAvailable_bytes {}\n",
            cpus.concat(),
            1e9 * (1.0 - used)
        )
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap().to_string();
    let app = Router::new().route("/metrics", get(page));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    addr
}

/// Reads its configuration again; whether it took it.
async fn reload(prometheus: &Server) -> bool {
    let uri = format!("http://{}/-/reload", prometheus.addr);
    let request = Request::builder().method(Method::POST).uri(uri).body(Empty::new()).unwrap();
    client().request(request).await.unwrap().status().is_success()
}

fn victoria_metrics(scratch: &Scratch, addr: &str) -> Running {
    let data = format!("-storageDataPath={}", scratch.path("vm").display());
    Running::start("victoria-metrics", &[format!("-httpListenAddr={addr}"), data])
}

fn targets(scratch: &Scratch, job: &str, addresses: &[&str]) {
    scratch.write(&format!("prometheus/targets/{job}.yml"), &format!("- targets: {addresses:?}\n"));
}

/// The expression of an alert, without what it is compared with.
fn compared(rules: &str, name: &str) -> String {
    let file = &Yaml::load_from_str(rules).unwrap()[0];
    let rules = file["groups"].as_vec().unwrap().iter().flat_map(|group| group["rules"].as_vec().unwrap());
    let mut rules = rules.filter(|rule| rule.as_mapping_get("alert").and_then(Yaml::as_str) == Some(name));
    let expr = rules.next().unwrap()["expr"].as_str().unwrap();
    expr.rsplit_once(" > ").unwrap().0.to_owned()
}

/// The files, with everything where it is in this test.
fn configure(scratch: &Scratch, victoria: &str, listener: &str) -> String {
    write_house_with_secrets(scratch);
    let secrets = scratch.path("secrets").display().to_string();
    let authority = format!("    tls_config: {{ca_file: {secrets}/ca.crt}}\n");
    change(
        scratch,
        "prometheus/prometheus.yml",
        &[
            (&format!("  {authority}"), ""),
            (&authority, ""),
            ("scheme: https", "scheme: http"),
            ("victoria-metrics:8428", victoria),
            ("scrape_interval: 15s", "scrape_interval: 1s"),
            ("scrape_timeout: 5s", "scrape_timeout: 1s"),
            ("evaluation_interval: 30s", "evaluation_interval: 1s"),
        ],
    );
    let key = "pagerduty-key\n";
    change(
        scratch,
        "alertmanager/alertmanager.yml",
        &[
            ("group_wait: 30s", "group_wait: 1s"),
            ("group_interval: 5m", "group_interval: 1s"),
            ("group_interval: 30s", "group_interval: 1s"),
            ("https://watchdog.example.com/ping", &format!("http://{listener}/watchdog")),
            (key, &format!("{key}        url: http://{listener}/pagerduty\n")),
        ],
    );
    scratch.write("slack-url", &format!("http://{listener}/slack"));
    let rules = fs::read_to_string(scratch.path("prometheus/rules.yml")).unwrap();
    scratch.write("prometheus/rules.yml", &faster(&rules, SPEED));
    rules
}

fn firing((name, labels): &(&str, &str)) -> String {
    format!("count(ALERTS{{alertname=\"{name}\",alertstate=\"firing\",{labels}}}) or vector(0)")
}

/// Waits until a receiver is told something with these words in it.
async fn told(hears: &mut mpsc::UnboundedReceiver<(String, Value)>, receiver: &str, words: &[&str]) {
    let mut heard = Vec::new();
    let hearing = async {
        loop {
            let (who, what) = hears.recv().await.unwrap();
            let what = what.to_string();
            if who == receiver && words.iter().all(|words| what.contains(words)) {
                return;
            }
            heard.push((who, what));
        }
    };
    let is_told = timeout(Duration::from_secs(60), hearing).await.is_ok();
    assert!(is_told, "{receiver} was not told of {words:?}: {heard:#?}");
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus, prometheus-alertmanager, prometheus-node-exporter and victoria-metrics"]
async fn the_machines_and_the_stack_are_told_of_when_they_break_and_when_they_are_mended() {
    let scratch = Scratch::new("house-alerts");
    let (listener, mut hears) = receivers().await;
    let (victoria, alertmanager, real) = (free_address(), free_address(), free_address());
    let rules = configure(&scratch, &victoria, &listener);
    fs::rename(scratch.path("slack-url"), scratch.path("secrets/slack-url")).unwrap();

    let is_at_its_limits = Arc::new(AtomicBool::new(false));
    let made_up = machine(is_at_its_limits.clone()).await;
    let _real = Running::start("prometheus-node-exporter", &[format!("--web.listen-address={real}")]);
    let running = victoria_metrics(&scratch, &victoria);
    let _alertmanager = Running::alertmanager(&scratch, "alertmanager/alertmanager.yml", &alertmanager);
    for file in fs::read_dir(scratch.path("prometheus/targets")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    targets(&scratch, "victoria-metrics", &[&victoria]);
    targets(&scratch, "alertmanager", &[&alertmanager]);
    scratch.write(
        "prometheus/targets/node.yml",
        &format!("- targets: [{real:?}]\n- targets: [{made_up:?}]\n  labels: {{instance: 'machine:9100'}}\n"),
    );
    let more = ["--web.enable-lifecycle", "--rules.alert.resend-delay=1s"];
    let prometheus = Server::prometheus_with(&scratch.path("prometheus/prometheus.yml"), &more);
    targets(&scratch, "prometheus", &[&prometheus.addr]);

    // It is well, for longer than any of them would wait.
    prometheus.becomes("count(count_over_time(up[25s]) > 20)", |jobs| jobs == 5.0).await;
    for alert in &ALERTS {
        assert_eq!(prometheus.query(&firing(alert)).await, Some(0.0), "{alert:?}");
    }
    // Of the real machine everything is there that the alerts compare.
    for name in ["HighCPUUsage", "HighMemoryUsage"] {
        let shares = prometheus.ask(&faster(&compared(&rules, name), SPEED), None).await.unwrap();
        assert_eq!(shares.len(), 2, "{name}: {shares:?}");
        for share in &shares {
            assert_eq!(share["metric"].as_object().unwrap().len(), 2, "{share}");
            let share: f64 = share["value"][1].as_str().unwrap().parse().unwrap();
            assert!((0.0..=1.0).contains(&share), "{name}: {share}");
        }
    }

    let good = fs::read_to_string(scratch.path("prometheus/rules.yml")).unwrap();
    let config = fs::read_to_string(scratch.path("prometheus/prometheus.yml")).unwrap();
    is_at_its_limits.store(true, Ordering::Relaxed);
    fs::rename(scratch.path("secrets/slack-url"), scratch.path("slack-url")).unwrap();
    drop(running);
    let gone = free_address();
    targets(&scratch, "alertmanager", &[&alertmanager, &gone]);
    scratch.write("prometheus/rules.yml", &format!("{good}{BROKEN}"));
    assert!(reload(&prometheus).await);
    scratch.write("prometheus/prometheus.yml", "scrape_configs: everything\n");
    assert!(!reload(&prometheus).await);
    for alert in &ALERTS {
        prometheus.becomes(&firing(alert), |count| count > 0.0).await;
    }
    told(&mut hears, "pagerduty", &["Rules of", "cannot be evaluated"]).await;

    is_at_its_limits.store(false, Ordering::Relaxed);
    fs::rename(scratch.path("slack-url"), scratch.path("secrets/slack-url")).unwrap();
    let _running = victoria_metrics(&scratch, &victoria);
    targets(&scratch, "alertmanager", &[&alertmanager]);
    scratch.write("prometheus/rules.yml", &good);
    scratch.write("prometheus/prometheus.yml", &config);
    assert!(reload(&prometheus).await);
    // Who could not be told before is told now, of its end at the latest.
    told(&mut hears, "slack", &["#ops-team", "HighMemoryUsage (warning): 86% of the memory of machine:9100"])
        .await;
    for alert in &ALERTS {
        prometheus.becomes(&firing(alert), |count| count == 0.0).await;
    }
}
