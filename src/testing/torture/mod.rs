//! TODO-manual

mod aborted;
mod call;
mod dice;
mod faults;
mod faulty;
mod faulty_http;
mod patience;
mod report;
mod rest;
mod run;
mod way;
mod witness;

pub use self::{
    aborted::Task,
    faults::{Faults, HttpFaults},
    faulty::{Faulty, FaultyFuture},
    faulty_http::{FaultyBody, FaultyHttp, FaultyHttpFuture},
    report::Report,
    run::Torture,
    way::Way,
};
