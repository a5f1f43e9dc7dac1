//! Who refused, and why: refusals of a limiter, told from what came from further in.
mod inner;
mod layer;
mod limiter;
mod outer;
mod passed;
mod reason;

pub use self::{
    inner::{Inner, InnerFuture},
    layer::{Around, RejectionLayer},
    limiter::Limiter,
    outer::{Rejection, ResponseFuture},
    passed::{LimiterError, Opened, Passed},
    reason::{Answers, Errors, Judge, Locate, Refusal},
};
