//! What an HTTP Layer can be told, by what it is about.

mod endpoints;
mod instruments;
mod labels;
