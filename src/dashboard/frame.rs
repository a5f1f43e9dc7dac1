//! What stands around the panels: the variables, what is marked in every panel, and the way to the other dashboards.

use super::model::{Annotation, Color, DataSource, Link, List, Model, Panel, Time, Timepicker, Variable};
use crate::{
    promql::{Selector, embedded},
    sla::Sla,
};

/// A dashboard without its panels.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) uid: String,
    pub(super) title: String,
    pub(super) description: String,
    pub(super) home: Home,
    /// Whose series it shows.
    pub(super) scope: Scope,
    pub(super) variables: Vec<Variable>,
}

/// The house of a dashboard.
#[derive(Clone, Debug)]
pub(super) struct Home {
    /// The tag of all dashboards of the house.
    pub(super) tag: String,
    /// Their overview.
    pub(super) uid: String,
}

/// The services that a dashboard is about, by what their targets are labelled with.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    jobs: Vec<String>,
    /// Where services are selected in different ways, each with its job; else how all are.
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    job: Option<String>,
    selectors: Vec<(String, String)>,
}

// ===== impl Frame =====

impl Frame {
    pub(super) fn around(self, panels: Vec<Panel>) -> Model {
        let annotations = vec![self.alerts(), self.began()];
        let to_home = (self.uid != self.home.uid).then(|| Link::to("Overview", &self.home.uid));
        let variables = [Variable::datasource()].into_iter().chain(self.scope.variables());
        Model {
            links: to_home.into_iter().chain([Link::to_tagged(&self.home.tag)]).collect(),
            annotations: List { list: annotations },
            description: self.description,
            editable: false,
            fiscal_year_start_month: 0,
            graph_tooltip: 1,
            panels,
            refresh: "30s",
            schema_version: 39,
            tags: vec![self.home.tag],
            templating: List { list: variables.chain(self.variables).collect() },
            time: Time { from: "now-6h", to: "now" },
            timepicker: Timepicker {},
            timezone: "browser",
            title: self.title,
            uid: self.uid,
            version: 1,
        }
    }

    fn alerts(&self) -> Annotation {
        let firing = self.scope.recorded("ALERTS").into_iter();
        let firing =
            firing.map(|all| all.equal("alertstate", "firing").matched("severity", "critical|warning"));
        Annotation {
            expr: union(firing),
            // What an alert does not have is left out of its tags, and would be there by its name in a text.
            tag_keys: "severity,slo,instance,limiter,reason,metric".into(),
            text_format: "{{job}}".into(),
            title_format: "{{alertname}}".into(),
            ..annotation("Alerts", Color::Red)
        }
    }

    /// An instance that was not there in the quarter of an hour before: a deploy. A gap in the scrapes is shorter.
    ///
    /// Grafana asks at intervals that grow with the time range. What began between two of them is seen at the second.
    fn began(&self) -> Annotation {
        let infos = self.scope.series("tower_metrics_build_info").into_iter();
        let began =
            infos.map(|info| format!("({info} unless last_over_time({info}[15m] offset $__interval))"));
        Annotation {
            expr: union(began),
            tag_keys: "job".into(),
            text_format: "{{instance}}".into(),
            title_format: "{{job}} began".into(),
            ..annotation("Deploys", Color::Blue)
        }
    }
}

/// All of these series.
pub(super) fn union<T: ToString>(of: impl IntoIterator<Item = T>) -> String {
    of.into_iter().map(|it| it.to_string()).collect::<Vec<_>>().join("\nor ")
}

fn annotation(name: &'static str, icon_color: Color) -> Annotation {
    Annotation {
        datasource: DataSource::chosen(),
        enable: true,
        expr: String::new(),
        hide: false,
        icon_color,
        name,
        step: "60s",
        tag_keys: String::new(),
        text_format: String::new(),
        title_format: String::new(),
        use_value_for_time: false,
    }
}

// ===== impl Scope =====

impl Scope {
    pub(super) fn of<'a>(slas: impl IntoIterator<Item = &'a Sla>) -> Self {
        let slas: Vec<_> = slas.into_iter().collect();
        let mut jobs: Vec<String> = Vec::new();
        for sla in &slas {
            if !jobs.iter().any(|job| job == sla.job_name()) {
                jobs.push(sla.job_name().into());
            }
        }
        let first = slas.first().map(|sla| sla.selectors.clone()).unwrap_or_default();
        let parts = if slas.iter().all(|sla| sla.selectors == first) {
            vec![Part { job: None, selectors: first }]
        } else {
            let part =
                |sla: &&Sla| Part { job: Some(sla.job_name().into()), selectors: sla.selectors.clone() };
            slas.iter().map(part).collect()
        };
        Self { jobs, parts }
    }

    /// The labels by which the services are selected, beside their jobs.
    pub(super) fn labels(&self) -> Vec<&str> {
        let mut labels: Vec<&str> = Vec::new();
        for (label, _) in self.parts.iter().flat_map(|part| &part.selectors) {
            if !labels.contains(&&**label) {
                labels.push(label);
            }
        }
        labels
    }

    /// Series of services as a whole, as rules record them.
    pub(super) fn recorded(&self, name: &str) -> Vec<Selector> {
        let selector = |part: &Part| {
            let all = Selector::new(name);
            let all = part.job.iter().fold(all, |all, job| all.equal("job", job));
            let all = all.matched("job", "$job");
            part.selectors.iter().fold(all, |all, (label, value)| all.equal(label, value))
        };
        self.parts.iter().map(selector).collect()
    }

    /// Series of the instances that are looked at.
    pub(super) fn series(&self, name: &str) -> Vec<Selector> {
        let all = self.recorded(name).into_iter();
        all.map(|selector| selector.matched("instance", "$instance")).collect()
    }

    /// The variables of the services and instances that are looked at, by what Prometheus scrapes.
    ///
    /// All jobs are all of these, there or not: that a job is gone has to be seen.
    fn variables(&self) -> [Variable; 2] {
        let up = Selector::new("up").one_of("job", &self.jobs);
        let selected = match &*self.parts {
            [Part { selectors, .. }] => &**selectors,
            _ => &[],
        };
        let up = selected.iter().fold(up, |up, (label, value)| up.equal(label, value));
        let of_job = up.clone().rematched("job", "$job").to_string();
        let jobs = embedded(&self.jobs);
        [
            Variable::values("job", "job", &up.to_string(), &jobs, "The services, as Prometheus calls them."),
            Variable::values("instance", "instance", &of_job, ".+", "The instances that are looked at."),
        ]
    }
}
