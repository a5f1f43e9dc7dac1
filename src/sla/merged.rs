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
    let services = together(slas, Merged::is_of);
    for (index, service) in services.iter().enumerate() {
        if let Some(other) = services[..index].iter().find(|other| other.sla.overlaps(&service.sla)) {
            panic!(
                "the SLAs {} and {} are of the job {:?}, and one selects a part of the other: give both the same selector \
                 labels, such as .selector(\"env\", …)",
                other.sla.name(),
                service.sla.name(),
                service.sla.job_name()
            );
        }
    }
    services
}

/// Takes the promises of one naming scheme together: what one process records so, whichever jobs they are of.
#[cfg(feature = "page")]
pub(crate) fn of_naming(slas: &[Sla], naming: &Naming) -> Option<Merged> {
    let slas: Vec<_> = slas.iter().filter(|sla| sla.naming == *naming).cloned().collect();
    together(&slas, |_, _| true).pop()
}

/// Takes the promises of each service together, and refuses none: what a rule cannot tell apart, one process can.
#[cfg(feature = "page")]
pub(crate) fn by_service(slas: &[Sla]) -> Vec<Merged> {
    together(slas, |service, sla| service.is_of(sla) && service.sla.naming == sla.naming)
}

fn together(slas: &[Sla], is_one: impl Fn(&Merged, &Sla) -> bool) -> Vec<Merged> {
    let mut services: Vec<Merged> = Vec::new();
    for sla in slas {
        match services.iter_mut().find(|service| is_one(service, sla)) {
            Some(service) => {
                service.sla.take_in(sla);
                service.all.push(sla.clone());
            }
            None => services.push(Merged { sla: sla.clone(), all: vec![sla.clone()] }),
        }
    }
    services
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
