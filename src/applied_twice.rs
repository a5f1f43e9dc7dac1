//! Notices a Layer that is applied twice.

use std::sync::Arc;

use http::Extensions;
use metrics::KeyName;

use crate::series::{Cache, RecorderId, Spec};

/// What Layers of this crate further out record of the request: left in its extensions while a label set is new.
#[derive(Clone, Debug, Default)]
struct RecordedOutside(Vec<(RecorderId, KeyName)>);

/// Tells what a Layer further out records too, which is then counted, and leaves word for those further in.
pub(crate) fn notice<'a>(
    cache: &Cache,
    spec: &'a Arc<Spec>,
    extensions: &mut Extensions,
) -> Option<&'a KeyName> {
    let at = cache.at(spec)?;
    let mut recorded = extensions.remove::<RecordedOutside>().unwrap_or_default();
    let mine = || spec.instruments().map(|instrument| (at.recorder_id(), instrument.name()));
    let is_recorded =
        |(id, name): &(RecorderId, &KeyName)| recorded.0.iter().any(|it| (it.0, &it.1) == (*id, *name));
    let twice = mine().find(is_recorded).map(|(_, name)| name);
    if twice.is_some() {
        at.count_applied_twice();
    }
    recorded.0.extend(mine().map(|(id, name)| (id, name.clone())));
    extensions.insert(recorded);
    twice
}
