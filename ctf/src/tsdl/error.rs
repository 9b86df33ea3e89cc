//! What can be wrong with metadata.

/// Where metadata is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("metadata, line {line}, column {column}: {message}")]
pub struct TsdlError {
    /// From 1; 0 if the file is wrong before there is a text.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was expected, or cannot be.
    pub message: String,
}
