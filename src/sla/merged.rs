//! Promises of one service, taken together.

use super::{Sla, Slo};
#[cfg(feature = "page")]
use crate::names::Naming;

/// What runs as one job: the promises of the same job and selectors, taken together.
#[derive(Debug)]
pub(crate) struct Merged {
    /// What all of them say.
    pub(crate) sla: Sla,
    /// Each.
    all: Vec<Sla>,
}

/// Takes the promises of the same job and selectors together.
///
/// Refuses promises of one job of which one selects a part of what the other does: what is recorded of both would be
/// mixed.
pub(crate) fn merged(slas: &[Sla]) -> Vec<Merged> {
    let mut services: Vec<Merged> = Vec::new();
    for sla in slas {
        if let Some(service) = services.iter_mut().find(|service| service.is_of(sla)) {
            service.sla.take_in(sla);
            service.all.push(sla.clone());
            continue;
        }
        if let Some(other) = services.iter().find(|service| service.sla.overlaps(sla)) {
            panic!(
                "the SLAs {} and {} are of the job {:?}, and one selects a part of the other: give both the same selector \
                 labels, such as .selector(\"env\", …)",
                other.sla.name(),
                sla.name(),
                sla.job_name()
            );
        }
        services.push(Merged { sla: sla.clone(), all: vec![sla.clone()] });
    }
    services
}

/// Takes the promises of one naming scheme together: what one process records so, whichever jobs they are of.
#[cfg(feature = "page")]
pub(crate) fn of_naming(slas: &[Sla], naming: &Naming) -> Option<Merged> {
    let all: Vec<_> = slas.iter().filter(|sla| sla.naming == *naming).cloned().collect();
    let (first, others) = all.split_first()?;
    let mut sla = first.clone();
    others.iter().for_each(|other| sla.take_in(other));
    Some(Merged { sla, all })
}

// ===== impl Merged =====

impl Merged {
    /// Whether the promise is of this job with these selectors.
    pub(crate) fn is_of(&self, sla: &Sla) -> bool {
        self.sla.job_name() == sla.job_name() && self.sla.selectors == sla.selectors
    }

    pub(crate) fn is_http(&self) -> bool {
        self.all.iter().any(Sla::is_http)
    }

    /// The objectives of all promises, each judged as all of them say.
    pub(crate) fn slos(&self) -> impl Iterator<Item = Slo<'_>> {
        self.all.iter().flat_map(Sla::slos).map(|slo| Slo { service: &self.sla, ..slo })
    }
}
