//! tortured
