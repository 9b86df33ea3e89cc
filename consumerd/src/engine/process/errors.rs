//! Errors of a process's files in one session.

use super::ring_file::RingFile;
use crate::engine::drain::StreamError;
use crate::limits::MAX_ERRORS;

/// Errors of a session's files, as the log and the summary show them.
#[derive(Debug, Default)]
pub struct Errors(Vec<String>);

impl Errors {
    /// Notes an error: once, however many streams have it, and however often the process causes it.
    pub fn note(&mut self, error: String) {
        if self.0.len() < MAX_ERRORS && !self.0.contains(&error) {
            tracing::error!("{error}");
            self.0.push(error);
        }
    }

    /// Notes that a stream of process `pid` could not be drained. That the file cannot be written is not about one
    /// process. It goes into the log each time that it begins: with the first stream, before which none `is_stuck`.
    pub fn note_stream(&mut self, pid: u32, error: StreamError, is_stuck: &mut bool) {
        if !matches!(error, StreamError::File(_)) {
            return self.note(format!("process {pid}: {error}"));
        }
        let error = error.to_string();
        if !std::mem::replace(is_stuck, true) {
            tracing::error!("{error}");
        }
        if self.0.len() < MAX_ERRORS && !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    /// Notes that a part of a ring file of process `pid` is gone, if that is new, and ends its streams.
    pub fn note_damage(&mut self, pid: u32, file: &mut RingFile) {
        if file.end_if_damaged() {
            self.note(format!(
                "process {pid}: a ring file was truncated or damaged while it was recorded: what it held is lost"
            ));
        }
    }

    /// All of them.
    pub fn all(&self) -> &[String] {
        &self.0
    }
}
