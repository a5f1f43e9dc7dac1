//! Where the dashboard of an alert is.

use super::Group;
use crate::sla::{Merged, Scope, Slo};

/// The longest `uid` that Grafana takes.
const LONGEST_UID: usize = 40;

/// What is said of where dashboards are.
#[derive(Clone, Debug)]
pub(super) enum Dashboards {
    /// The same address for every alert.
    Everywhere(String),
    /// Those that are made from the same promises, in the Grafana at this address.
    #[cfg_attr(not(feature = "dashboard"), expect(dead_code, reason = "only `Rules::grafana_url` says it"))]
    Grafana(String),
}

/// What a dashboard of a service is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Http,
    Grpc,
    Operations,
}

// ===== impl Dashboards =====

impl Dashboards {
    /// Puts the address of its dashboard on every alert of the group: by what the alert is about.
    pub(super) fn link(&self, group: &mut Group, uid: impl Fn(Option<Part>) -> String) {
        for rule in group.rules.iter_mut().filter(|rule| rule.is_alert) {
            let url = match self {
                Self::Everywhere(url) => url.clone(),
                Self::Grafana(base) => format!("{base}/d/{}", uid(rule.part)),
            };
            rule.annotations.push(("dashboard_url".into(), url));
        }
    }
}

// ===== impl Part =====

impl Part {
    pub(crate) fn of(slo: &Slo<'_>) -> Self {
        match slo.scope {
            Scope::Http | Scope::Endpoint(_) => Self::Http,
            Scope::Grpc(_) => Self::Grpc,
            Scope::Operation(_) => Self::Operations,
        }
    }

    /// What is for whatever is about the service as a whole.
    pub(super) fn first_of(service: &Merged) -> Self {
        Self::all_of(service).first().copied().unwrap_or(Self::Http)
    }

    /// What there are dashboards of.
    pub(crate) fn all_of(service: &Merged) -> Vec<Self> {
        let is_there = |part: &Self| match part {
            Self::Http => service.is_http(),
            Self::Grpc => !service.sla.grpc.is_empty(),
            Self::Operations => !service.sla.operations.is_empty(),
        };
        [Self::Http, Self::Grpc, Self::Operations].into_iter().filter(is_there).collect()
    }

    /// What tells the dashboard of this part of a service from every other.
    pub(crate) fn uid(self, house: &str, service: &Merged) -> String {
        let part = match self {
            Self::Http => "http",
            Self::Grpc => "grpc",
            Self::Operations => "operations",
        };
        uid(house, &format!("{}-{part}", service.sla.name()))
    }
}

/// What tells a dashboard of a house from every other, in this Grafana and the next.
pub(crate) fn uid(house: &str, what: &str) -> String {
    let uid = format!("{house}-{what}");
    // What would be cut off is told apart by a number.
    if uid.len() <= LONGEST_UID {
        return uid;
    }
    format!("{}-{:08x}", &uid[..LONGEST_UID - 9], fnv_1a(&uid))
}

/// FNV-1a, of which the number is the same for ever.
pub(crate) fn fnv_1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
