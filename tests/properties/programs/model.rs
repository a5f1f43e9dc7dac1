//! What has to come of a call, told from its plan alone.

use http_body::SizeHint;
use tower_metrics::Outcome;

use crate::support::{Script, Step};

/// What the service does with one call.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// How often the future is pending before it answers.
    pub(super) pending: usize,
    pub(super) answer: Answer,
    /// Which path is asked for.
    pub(super) path: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Answer {
    PanicInCall,
    PanicInPoll,
    Error,
    Head { status: u16, pieces: Vec<Piece>, is_exact: bool, tells_end: bool },
}

/// One step of a body.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Piece {
    Data,
    Pending,
    Trailers,
    Fail,
    Panic,
}

/// The bytes of each [`Piece::Data`].
const DATA: &str = "12345";

/// How far a call has come.
#[derive(Clone, Debug)]
pub(super) struct Model {
    plan: Plan,
    /// The pieces of the body that were polled; none before the head.
    polled: Option<usize>,
}

// ===== impl Model =====

impl Model {
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, polled: None }
    }

    /// What a poll of the future, or of the body, makes of the call; none while it goes on.
    pub(super) fn polled(&mut self) -> Option<Outcome> {
        match self.polled {
            None => self.polled_future(),
            Some(polled) => self.polled_body(polled),
        }
    }

    /// What a drop makes of it.
    pub(super) fn dropped(&self) -> Outcome {
        if self.polled.is_some() { Outcome::BodyDropped } else { Outcome::Cancelled }
    }

    fn polled_future(&mut self) -> Option<Outcome> {
        if self.plan.pending > 0 {
            self.plan.pending -= 1;
            return None;
        }
        match &self.plan.answer {
            Answer::PanicInCall | Answer::PanicInPoll => Some(Outcome::Panicked),
            Answer::Error => Some(Outcome::Error),
            Answer::Head { status, pieces, is_exact, tells_end } => {
                self.polled = Some(0);
                let is_empty = (*tells_end && pieces.is_empty()) || (*is_exact && bytes(pieces) == 0);
                (is_empty || matches!(status, 204 | 304)).then_some(Outcome::Completed)
            }
        }
    }

    fn polled_body(&mut self, polled: usize) -> Option<Outcome> {
        let Answer::Head { pieces, is_exact, tells_end, .. } = &self.plan.answer else {
            panic!("only a head has a body")
        };
        self.polled = Some(polled + 1);
        let is_last = *tells_end && polled + 1 == pieces.len();
        match pieces.get(polled) {
            None | Some(Piece::Trailers) => Some(Outcome::Completed),
            Some(Piece::Fail) => Some(Outcome::BodyError),
            Some(Piece::Panic) => Some(Outcome::Panicked),
            Some(Piece::Pending) => None,
            Some(Piece::Data) => {
                let is_whole = *is_exact && bytes(&pieces[polled + 1..]) == 0;
                (is_last || is_whole).then_some(Outcome::Completed)
            }
        }
    }
}

fn bytes(pieces: &[Piece]) -> usize {
    pieces.iter().filter(|piece| **piece == Piece::Data).count() * DATA.len()
}

/// The body that goes the way of the pieces.
pub(super) fn body(pieces: &[Piece], is_exact: bool, tells_end: bool) -> Script {
    let script = Script::new(pieces.iter().map(|piece| match piece {
        Piece::Data => Step::Data(DATA),
        Piece::Pending => Step::Pending,
        Piece::Trailers => Step::Trailers,
        Piece::Fail => Step::Fail,
        Piece::Panic => Step::Panic,
    }));
    let script = if tells_end { script.tells_end() } else { script };
    if is_exact { script.hint(SizeHint::with_exact(bytes(pieces) as u64)) } else { script }
}
