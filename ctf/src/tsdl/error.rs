//! The error of wrong metadata.

use crate::printable::printable;

/// Where metadata is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("metadata, line {line}, column {column}: {}", printable(message))]
pub struct TsdlError {
    /// From 1; 0 if the error is before there is a text.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was expected, or what is impossible.
    pub message: String,
}
