//! The error of wrong CTF 2 metadata.

use std::fmt::{self, Display};

use crate::printable::printable;

/// Where CTF 2 metadata is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// The fragment, from 1; 0 if the error is before the first one, or in what fragments are missing.
    pub fragment: usize,
    /// The line in the text, from 1: of the place if it is no JSON, of the fragment's beginning otherwise. 0 if the error
    /// is before there is a text.
    pub line: usize,
    /// In bytes, from 1.
    pub column: usize,
    /// The place in the fragment, such as `payload-field-class.member-classes[2].name`; empty for all of it.
    pub path: String,
    /// What was expected and what is there, or what is impossible.
    pub message: String,
}

impl Display for JsonError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JsonError { fragment, line, column, path, message } = self;
        write!(out, "metadata, line {line}, column {column}")?;
        if *fragment > 0 {
            write!(out, ", fragment {fragment}")?;
        }
        if !path.is_empty() {
            write!(out, ", {}", printable(path))?;
        }
        write!(out, ": {}", printable(message))
    }
}

impl std::error::Error for JsonError {}
