//! What a team writes that wants the same numbers for the least work, and knows its own service: nothing is checked, a call
//! that is dropped is lost, and what is learnt of a route is never freed.
//!
//! There are as many metrics and labels as the crate has, by other names. The handles of a label set are found in a hash table that is read without a
//! lock.

mod body;
mod call;
mod head;
mod routes;
mod rpc;

pub(crate) use self::{body::BodyFloor, call::Gauges, head::Floor, rpc::RpcFloor};
