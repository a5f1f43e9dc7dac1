//! What no schema says of a dashboard: rules of this crate ([`structure`], [`labels`]) and those of grafana's
//! dashboard-linter ([`linter`]).

mod board;
mod exclusions;
mod labels;
mod linter;
mod promql;
mod queries;
mod structure;

use std::fmt;

use serde_json::Value;

use board::{Board, Panel, Target};

pub(crate) use exclusions::excused;

/// One break of one rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    pub(crate) rule: &'static str,
    pub(crate) dashboard: String,
    pub(crate) panel: Option<String>,
    pub(crate) target: Option<usize>,
    pub(crate) message: String,
}

/// The faults of one dashboard, as they are found.
struct Report<'a> {
    dashboard: &'a str,
    faults: Vec<Fault>,
}

/// Every fault of a dashboard.
pub(crate) fn faults(dashboard: &Value) -> Vec<Fault> {
    let board = Board::new(dashboard);
    let mut report = Report { dashboard: board.title, faults: Vec::new() };
    structure::check(&board, &mut report);
    queries::check(&board, &mut report);
    linter::check(&board, &mut report);
    report.faults
}

// ===== impl Fault =====

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.dashboard)?;
        if let Some(panel) = &self.panel {
            write!(f, " / {panel}")?;
        }
        if let Some(target) = self.target {
            write!(f, " / target {target}")?;
        }
        write!(f, ": {}", self.message)
    }
}

// ===== impl Report =====

impl Report<'_> {
    fn dashboard(&mut self, rule: &'static str, message: impl Into<String>) {
        self.add(rule, None, None, message.into());
    }

    fn panel(&mut self, rule: &'static str, panel: &Panel<'_>, message: impl Into<String>) {
        self.add(rule, Some(panel.title.to_owned()), None, message.into());
    }

    fn target(
        &mut self,
        rule: &'static str,
        panel: &Panel<'_>,
        target: &Target<'_>,
        message: impl Into<String>,
    ) {
        self.add(rule, Some(panel.title.to_owned()), Some(target.index), message.into());
    }

    fn add(&mut self, rule: &'static str, panel: Option<String>, target: Option<usize>, message: String) {
        let dashboard = self.dashboard.to_owned();
        self.faults.push(Fault { rule, dashboard, panel, target, message });
    }
}
