//! Why metadata cannot be said in another language.

use crate::printable::printable;

/// What of a trace's metadata cannot be said in CTF 2, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {}", printable(place), printable(reason))]
pub struct Unsayable {
    /// Where it is: a part of packets or records, and a field in it.
    pub place: String,
    /// What CTF 2 does not have.
    pub reason: String,
}
