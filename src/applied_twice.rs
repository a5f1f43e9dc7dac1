//! Notices a Layer that is applied twice.

use std::sync::Arc;

use http::Extensions;
use metrics::KeyName;

use crate::{
    hints::Hints,
    series::{Cache, RecorderId, Spec},
};

/// What Layers of this crate further out record of the request: left in its extensions while a label set is new.
#[derive(Clone, Debug, Default)]
struct RecordedOutside(Vec<(RecorderId, KeyName)>);

/// Notices what a Layer further out records too, counts that and hints at it, and leaves word for those further in.
#[cold]
pub(crate) fn notice(cache: &Cache, spec: &Arc<Spec>, hints: &Hints, extensions: &mut Extensions) {
    let Some(at) = cache.at(spec) else { return };
    let mut recorded = extensions.remove::<RecordedOutside>().unwrap_or_default();
    let mine = || spec.instruments().map(|instrument| (at.recorder_id(), instrument.name()));
    let is_recorded =
        |(id, name): &(RecorderId, &KeyName)| recorded.0.iter().any(|it| (it.0, &it.1) == (*id, *name));
    if let Some((_, name)) = mine().find(is_recorded) {
        at.count_applied_twice();
        hints.applied_twice(name.as_str());
    }
    recorded.0.extend(mine().map(|(id, name)| (id, name.clone())));
    extensions.insert(recorded);
}
