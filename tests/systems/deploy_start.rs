//! `deploy/start` as a program: the whole stack from Debian's packages, at work until it is told to end.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::programs::{Scratch, body, client, free_address, run};

const DEPLOY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy");

const PORTS: [&str; 4] =
    ["PROMETHEUS_PORT", "ALERTMANAGER_PORT", "VICTORIA_METRICS_PORT", "NODE_EXPORTER_PORT"];

/// The script at work, and where its programs listen: in the order of [`PORTS`].
struct Started {
    script: Child,
    addresses: [String; 4],
    printed: Vec<String>,
}

// ===== impl Started =====

impl Started {
    /// Starts what watches, on free ports, and waits until it is ready.
    fn new(scratch: &Scratch, flags: &[&str]) -> Self {
        let addresses = PORTS.map(|_| free_address());
        let mut command = Command::new(format!("{DEPLOY}/start"));
        for (port, address) in PORTS.iter().zip(&addresses) {
            command.env(port, address.rsplit_once(':').unwrap().1);
        }
        let mut script = command
            .args(["--no-systems", "--data", scratch.path("data").to_str().unwrap()])
            .args(["--secrets", scratch.path("secrets").to_str().unwrap()])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(script.stdout.take().unwrap()).lines().map(Result::unwrap);
        let printed: Vec<_> = lines.by_ref().take_while(|line| !line.starts_with("ready")).collect();
        // A program that prints into a closed pipe ends.
        thread::spawn(move || lines.for_each(drop));
        Self { script, addresses, printed }
    }

    /// Interrupts it, as Ctrl-C does, and waits until nobody listens any more.
    async fn end(mut self) {
        run("kill", &["-INT", &self.script.id().to_string()]).unwrap();
        let ending = async {
            while self.script.try_wait().unwrap().is_none() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(Duration::from_secs(30), ending).await.expect("it ends");
        assert!(self.script.wait().unwrap().success());
        for address in &self.addresses {
            assert!(TcpStream::connect(address).is_err(), "somebody listens on {address} still");
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // Its own end ends its programs, of which a killed script would know no more.
        drop(run("kill", &["-TERM", &self.script.id().to_string()]));
        drop(self.script.wait());
    }
}

/// Asks until the answer is as it should be.
async fn until(uri: &str, is_it: impl Fn(&Value) -> bool) {
    let mut last = Value::Null;
    let asking = async {
        loop {
            if let Some(answer) = body(&client(), uri).await {
                last = serde_json::from_slice(&answer).unwrap_or_default();
                if is_it(&last) {
                    return;
                }
            }
            sleep(Duration::from_millis(250)).await;
        }
    };
    let is_there = timeout(Duration::from_secs(120), asking).await.is_ok();
    assert!(is_there, "{uri}: {}", last.to_string().chars().take(2_000).collect::<String>());
}

/// Waits until VictoriaMetrics has of all four that they are up; asked so, it tells of samples that are as good as new.
async fn until_all_are_written(victoria: &str) {
    let uri = format!("http://{victoria}/api/v1/export?match%5B%5D=up");
    let asking = async {
        loop {
            let lines = body(&client(), &uri).await.unwrap_or_default();
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            let series: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
            let is_up = |series: &Value| items(series, "values").last().is_some_and(|value| *value == 1);
            if series.len() == PORTS.len() && series.iter().all(is_up) {
                return;
            }
            sleep(Duration::from_millis(250)).await;
        }
    };
    timeout(Duration::from_secs(120), asking).await.expect("what is scraped is written");
}

fn items<'a>(value: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    value[of].as_array().into_iter().flatten()
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus, prometheus-alertmanager, prometheus-node-exporter and victoria-metrics"]
async fn start_begins_the_stack_and_ends_it() {
    let scratch = Scratch::new("start");
    let started = Started::new(&scratch, &[]);
    let [prometheus, alertmanager, victoria, _] = &started.addresses;
    for address in &started.addresses {
        assert!(started.printed.iter().any(|line| line.ends_with(&format!("http://{address}"))), "{address}");
    }
    assert!(started.printed.iter().any(|line| line.starts_with("grafana            not started")));
    assert!(started.printed.iter().any(|line| line.contains("slack-url, and")), "no secret, nobody is told");

    until(&format!("http://{prometheus}/api/v1/targets"), |answer| {
        let targets: Vec<_> = items(&answer["data"], "activeTargets").collect();
        targets.len() == PORTS.len() && targets.iter().all(|target| target["health"] == "up")
    })
    .await;
    until(&format!("http://{prometheus}/api/v1/rules"), |answer| {
        // Others are evaluated every five minutes, and not yet.
        let soon = items(&answer["data"], "groups").filter(|group| group["interval"] == 30);
        let rules: Vec<_> = soon.flat_map(|group| items(group, "rules")).collect();
        rules.len() > 200 && rules.iter().all(|rule| rule["health"] == "ok")
    })
    .await;
    until(&format!("http://{alertmanager}/api/v2/alerts"), |answer| {
        answer.as_array().is_some_and(|all| all.iter().any(|it| it["labels"]["alertname"] == "Watchdog"))
    })
    .await;
    until_all_are_written(victoria).await;
    started.end().await;
}

#[tokio::test]
#[ignore = "needs the Debian packages prometheus, prometheus-alertmanager, prometheus-node-exporter and victoria-metrics"]
async fn with_tls_the_stack_speaks_it_and_nothing_else() {
    let scratch = Scratch::new("tls");
    let started = Started::new(&scratch, &["--tls"]);
    let [prometheus, alertmanager, victoria, node] = &started.addresses;
    // Three of the four are scraped by TLS: without it, or by another authority, they are not up.
    until_all_are_written(victoria).await;
    for address in [prometheus, alertmanager, node] {
        let refused = body(&client(), &format!("http://{address}/metrics")).await.unwrap();
        assert_eq!(refused, "Client sent an HTTP request to an HTTPS server.\n", "{address}");
    }

    let trusting = |name: &str| {
        let authority = scratch.path(name).join("ca.crt");
        let config = format!("tls_config: {{ca_file: {}}}\n", authority.display());
        let config =
            format!("--http.config.file={}", scratch.write(&format!("{name}.yml"), &config).display());
        run(
            "amtool",
            &[&config, &format!("--alertmanager.url=https://{alertmanager}"), "alert", "query", "Watchdog"],
        )
    };
    let asking = async {
        while !trusting("secrets").is_ok_and(|said| said.contains("Watchdog")) {
            sleep(Duration::from_millis(250)).await;
        }
    };
    // Told before Alertmanager was found, it is told again a minute later.
    timeout(Duration::from_secs(120), asking).await.expect("Watchdog is at Alertmanager");
    run(&format!("{DEPLOY}/certificates"), &[scratch.path("others").to_str().unwrap()]).unwrap();
    let said = trusting("others").unwrap_err();
    assert!(said.contains("certificate"), "{said}");
    started.end().await;
}

#[test]
fn the_key_of_the_authority_is_thrown_away_and_the_folder_is_closed() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new("certificates");
    let folder = scratch.path("made");
    run(&format!("{DEPLOY}/certificates"), &[folder.to_str().unwrap()]).unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["ca.crt", "tls.crt", "tls.key"]);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let path = |name: &str| folder.join(name).display().to_string();
    for host in ["prometheus", "alertmanager", "grafana", "node-exporter", "localhost"] {
        run("openssl", &["verify", "-CAfile", &path("ca.crt"), "-verify_hostname", host, &path("tls.crt")])
            .unwrap();
    }
    let elsewhere = run(
        "openssl",
        &["verify", "-CAfile", &path("ca.crt"), "-verify_hostname", "elsewhere", &path("tls.crt")],
    );
    assert!(elsewhere.is_err());
}

#[test]
fn start_says_what_it_does_not_know_and_what_is_missing() {
    let start = format!("{DEPLOY}/start");
    for (args, says) in
        [(&["--sideways"][..], "--sideways is no flag"), (&["--data"], "--data wants a folder after it")]
    {
        let said = run(&start, args).unwrap_err();
        assert!(said.contains(says), "{said}");
    }
    // With nothing of the stack in the path, every package is named.
    let scratch = Scratch::new("missing");
    fs::create_dir_all(scratch.path("bin")).unwrap();
    for program in ["bash", "dirname"] {
        let which = run("sh", &["-c", &format!("command -v {program}")]).unwrap();
        std::os::unix::fs::symlink(which.trim(), scratch.path("bin").join(program)).unwrap();
    }
    let output = Command::new("/usr/bin/env").arg(&start).env("PATH", scratch.path("bin")).output().unwrap();
    let mut said = String::new();
    output.stderr.as_slice().read_to_string(&mut said).unwrap();
    let packages = "prometheus prometheus-alertmanager prometheus-node-exporter victoria-metrics";
    assert!(said.contains(&format!("apt-get install --no-install-recommends {packages}")), "{said}");
    assert!(!output.status.success());
}
