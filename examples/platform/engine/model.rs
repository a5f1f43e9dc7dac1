//! The model: a logistic regression that tells whether there is an incident, and learns when it is told to.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tower_metrics::{
    Operation,
    metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram},
};

/// Errors, saturation, CPU and memory.
pub(super) const FEATURES: usize = 4;

/// How sure the model was, of each prediction: the gauge tells of the last ones as they are when it is scraped, this of all.
pub(super) const CONFIDENCE: &str = "ai_prediction_confidence_ratio";

/// One of two answers is never less sure than a half.
pub(super) const CONFIDENCE_BOUNDS: [f64; 7] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0];

/// Predictions that wait for feedback, and examples to learn from, at most.
const KEPT: usize = 1_000;

/// Predictions and verdicts that the gauges are about.
const RECENT: usize = 100;

/// From fewer examples nothing is learnt.
const ENOUGH: usize = 20;

pub(super) struct Model {
    pub(super) inference: Operation,
    retraining: Operation,
    state: Mutex<State>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Prediction {
    id: u64,
    incident: bool,
    confidence: f64,
}

struct State {
    line: Line,
    next: u64,
    /// By their ids: of what, and what was said.
    waiting: BTreeMap<u64, ([f64; FEATURES], bool)>,
    examples: VecDeque<([f64; FEATURES], bool)>,
    confidences: VecDeque<f64>,
    verdicts: VecDeque<bool>,
}

/// What was learnt: on which side of it an incident is.
#[derive(Clone, Copy)]
struct Line {
    weights: [f64; FEATURES],
    bias: f64,
}

// ===== impl Model =====

impl Model {
    pub(super) fn new() -> Self {
        describe_histogram!(CONFIDENCE, "How sure the model was of each prediction.");
        describe_gauge!(
            "ai_model_confidence_ratio",
            "How sure the model was of its last hundred predictions."
        );
        describe_gauge!(
            "ai_model_accuracy_ratio",
            "The share of right ones among the last hundred verdicts."
        );
        describe_counter!("ai_feedback_total", "Predictions that were right or wrong, as the feedback says.");
        ["right", "wrong"].into_iter().for_each(|verdict| judged(verdict, 0));
        let inference = Operation::new("ai_inference")
            .count_as("ai_predictions_total")
            .in_flight_limit(64)
            .oldest_start_timestamp();
        let retraining = Operation::new("ai_model_retraining");
        inference.initialize();
        retraining.initialize();
        let state = State {
            line: Line { weights: [8.0, 2.0, 3.0, 2.0], bias: -4.0 },
            next: 1,
            waiting: BTreeMap::new(),
            examples: VecDeque::new(),
            confidences: VecDeque::new(),
            verdicts: VecDeque::new(),
        };
        Self { inference, retraining, state: Mutex::new(state) }
    }

    pub(super) fn predict(&self, features: [f64; FEATURES]) -> Prediction {
        let mut state = self.state();
        let probability = state.line.probability(&features);
        let confidence = probability.max(1.0 - probability);
        let prediction = Prediction { id: state.next, incident: probability > 0.5, confidence };
        state.next += 1;
        state.waiting.insert(prediction.id, (features, prediction.incident));
        if state.waiting.len() > KEPT {
            state.waiting.pop_first();
        }
        push(&mut state.confidences, confidence, RECENT);
        let mean = state.confidences.iter().sum::<f64>() / state.confidences.len() as f64;
        gauge!("ai_model_confidence_ratio").set(mean);
        histogram!(CONFIDENCE).record(confidence);
        prediction
    }

    /// Takes what came of a prediction, and tells whether it was right; nothing if none waits under this id.
    pub(super) fn learn(&self, id: u64, was_incident: bool) -> Option<bool> {
        let mut state = self.state();
        let (features, said) = state.waiting.remove(&id)?;
        let is_right = said == was_incident;
        push(&mut state.examples, (features, was_incident), KEPT);
        push(&mut state.verdicts, is_right, RECENT);
        let right = state.verdicts.iter().filter(|it| **it).count();
        gauge!("ai_model_accuracy_ratio").set(right as f64 / state.verdicts.len() as f64);
        judged(if is_right { "right" } else { "wrong" }, 1);
        Some(is_right)
    }

    /// Learns from the examples that are kept, and tells how many they were. It takes a while, and nobody who wants a
    /// prediction waits for it.
    pub(super) fn retrain(&self) -> Result<usize, String> {
        self.retraining.try_run(|| {
            let (mut line, examples) = {
                let state = self.state();
                (state.line, Vec::from(state.examples.clone()))
            };
            let count = examples.len();
            if count < ENOUGH {
                return Err(format!("there is feedback on {count} predictions, and {ENOUGH} are needed\n"));
            }
            line.descend(&examples);
            self.state().line = line;
            Ok(count)
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn judged(verdict: &'static str, times: u64) {
    counter!("ai_feedback_total", "verdict" => verdict).increment(times);
}

fn push<T>(queue: &mut VecDeque<T>, new: T, most: usize) {
    queue.push_back(new);
    if queue.len() > most {
        queue.pop_front();
    }
}

// ===== impl Line =====

impl Line {
    fn probability(&self, features: &[f64; FEATURES]) -> f64 {
        let sum: f64 = self.weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum();
        1.0 / (1.0 + (-(sum + self.bias)).exp())
    }

    /// Two hundred rounds of gradient descent.
    fn descend(&mut self, examples: &[([f64; FEATURES], bool)]) {
        for _ in 0..200 {
            for (features, was_incident) in examples {
                let wrong = f64::from(u8::from(*was_incident)) - self.probability(features);
                self.bias += 0.1 * wrong;
                for (weight, feature) in self.weights.iter_mut().zip(features) {
                    *weight += 0.1 * wrong * feature;
                }
            }
        }
    }
}
