//! Dashboards as Grafana reads them: their variables, and what their panels ask.

#![allow(dead_code, reason = "no test binary needs all of it")]

use std::{fs, path::Path};

use serde_json::Value;

use super::Server;

/// A dashboard as it was written, and what its variables stand for.
pub(crate) struct Board {
    pub(crate) json: Value,
    pub(crate) chosen: Vec<(String, String)>,
    /// What a rate is of, in seconds.
    window: f64,
}

/// A query of a panel.
pub(crate) struct Asked<'a> {
    pub(crate) board: &'a str,
    /// The row that it stands in.
    pub(crate) row: &'a str,
    pub(crate) panel: &'a str,
    /// The letter of the query.
    pub(crate) query: &'a str,
    pub(crate) legend: &'a str,
}

// ===== impl Board =====

impl Board {
    /// Those of the files of a folder, with every variable at `All`, and with rates of so many seconds.
    pub(crate) async fn all(folder: &Path, window: f64, prometheus: &Server) -> Vec<Self> {
        let mut boards = Vec::new();
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|it| it == "json"));
        files.sort();
        for file in files {
            let json: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
            let mut board = Self { json, chosen: Vec::new(), window };
            board.choose_all(prometheus).await;
            boards.push(board);
        }
        boards
    }

    pub(crate) fn title(&self) -> &str {
        self.json["title"].as_str().unwrap()
    }

    /// As Grafana does: `All` is the variable's own word for it, or else every value that there is.
    async fn choose_all(&mut self, prometheus: &Server) {
        for variable in self.json["templating"]["list"].as_array().unwrap().clone() {
            let Some(query) = variable["query"]["query"].as_str() else { continue };
            let inner = query.strip_prefix("label_values(").unwrap().strip_suffix(')').unwrap();
            let (selector, label) = inner.rsplit_once(", ").unwrap();
            let series = prometheus.ask(&self.substituted(selector), None).await.unwrap();
            let mut values: Vec<_> =
                series.iter().map(|series| series["metric"][label].as_str().unwrap().to_owned()).collect();
            values.sort();
            values.dedup();
            assert!(!values.is_empty(), "{}: {query} has no value", self.title());
            let all = variable["allValue"].as_str().map_or_else(|| values.join("|"), str::to_owned);
            self.chosen.push((format!("${}", variable["name"].as_str().unwrap()), all));
        }
    }

    pub(crate) fn substituted(&self, query: &str) -> String {
        let query =
            query.replace("$__rate_interval", &format!("{}s", self.window)).replace("$__interval", "60s");
        self.chosen.iter().fold(query, |query, (name, value)| query.replace(name, value))
    }

    /// Every query, with the row and the panel that it stands in.
    pub(crate) fn asked(&self) -> Vec<(Asked<'_>, String)> {
        let mut asked = Vec::new();
        let mut row = "";
        for panel in self.json["panels"].as_array().unwrap() {
            if panel["type"] == "row" {
                row = panel["title"].as_str().unwrap();
            }
            let inner = panel["panels"].as_array().into_iter().flatten();
            for panel in [panel].into_iter().chain(inner) {
                for target in panel["targets"].as_array().into_iter().flatten() {
                    let text = |key: &str| target[key].as_str().unwrap();
                    let it = Asked {
                        board: self.title(),
                        row,
                        panel: panel["title"].as_str().unwrap(),
                        query: text("refId"),
                        legend: text("legendFormat"),
                    };
                    asked.push((it, self.substituted(text("expr"))));
                }
            }
        }
        asked
    }

    /// The queries whose answers are empty, or lack what the legend shows.
    pub(crate) async fn silent(&self, prometheus: &Server) -> Vec<String> {
        let mut silent = Vec::new();
        for (it, query) in self.asked() {
            let series = prometheus.ask(&query, None).await;
            let series =
                series.unwrap_or_else(|error| panic!("{} / {}: {error}: {query}", it.board, it.panel));
            let shown: Vec<_> =
                it.legend.split("{{").skip(1).map(|rest| rest.split_once("}}").unwrap().0).collect();
            let has_all = |series: &Value| shown.iter().all(|label| series["metric"][label].is_string());
            if series.is_empty() || !series.iter().all(has_all) {
                silent.push(format!("{} / {} / {}: {query}", it.board, it.row, it.panel));
            }
        }
        silent
    }
}
