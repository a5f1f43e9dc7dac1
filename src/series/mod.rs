//! The handles of one label set, resolved once, and the cache that finds them.
//!
//! A [`Cache`] has a scope for each recorder that it has met, a scope has a [`Series`] for each label set of a
//! request, and a series has handles, with a slot for each way in which its calls have ended. Each is made once and read
//! without a lock from then on. Two things can be replaced, where the Layer was told that its exporter forgets: the
//! handles of a series, and what users' labels have made, of which the unused part is given up.

mod answered;
mod cache;
mod cap;
mod end;
mod family;
mod handles;
mod hasher;
mod label_set;
mod lease;
mod open;
mod recorder;
mod sample;
mod spec;
mod table;
mod unproven;

pub(crate) use self::{
    cache::{At, Birth, Cache},
    end::End,
    family::{Family, Setup},
    hasher::Hasher,
    label_set::{Place, Series},
    open::OpenLabel,
    recorder::{RecorderId, Source, contained},
    sample::one_in,
    spec::{Answers, Instrument, MAX_LABEL_SETS, Spec},
};
