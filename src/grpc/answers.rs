//! How the end of a gRPC call becomes a code.

use metrics::{Label, SharedString};

use super::status::Code;
use crate::{
    outcome::Outcome,
    series::{Answers, End},
};

#[derive(Clone, Debug)]
pub(super) struct GrpcAnswers {
    pub(super) is_client: bool,
    pub(super) code: SharedString,
}

// ===== impl GrpcAnswers =====

impl GrpcAnswers {
    /// The code of the answer, or of the want of one. What an error was is its caller's to know: this Layer does not look
    /// into it.
    fn code(&self, end: End) -> Code {
        let broken = if self.is_client { Code::UNAVAILABLE } else { Code::INTERNAL };
        match end.outcome {
            Outcome::BodyError | Outcome::Panicked => broken,
            Outcome::Error => Code::of_end(end.code).unwrap_or(broken),
            outcome => Code::of_end(end.code).unwrap_or(match outcome {
                Outcome::Cancelled | Outcome::BodyDropped => Code::CANCELED,
                _ => Code::UNKNOWN,
            }),
        }
    }
}

impl Answers for GrpcAnswers {
    fn counter_labels(&self, end: End) -> Vec<Label> {
        vec![Label::new(self.code.clone(), self.code(end).as_str())]
    }

    fn histogram_labels(&self, _: End) -> Vec<Label> {
        Vec::new()
    }

    fn zero_counters(&self, _: bool) -> Vec<End> {
        Code::all().map(|code| End::new(code.to_end(), Outcome::Completed)).collect()
    }

    /// The codes by which availability is judged, unless others are declared: all of them would be many histograms.
    fn zero_samples(&self, _: bool) -> Vec<End> {
        let codes =
            [Code::UNKNOWN, Code::DEADLINE_EXCEEDED, Code::INTERNAL, Code::UNAVAILABLE, Code::DATA_LOSS];
        codes.map(|code| End::new(code.to_end(), Outcome::Completed)).into()
    }

    fn is_client(&self) -> bool {
        self.is_client
    }

    fn zero_histograms(&self) -> Vec<End> {
        vec![End::new(Code::UNKNOWN.to_end(), Outcome::Completed)]
    }
}
