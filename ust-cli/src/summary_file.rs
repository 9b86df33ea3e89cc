//! `--summary FILE`: what a command says when it closes, as JSON, for programs.
//!
//! The file is opened before anything else is done, so that a bad name is reported in time.

use crate::failure::Failure;
use crate::tell::tell;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::given::GivenFile;
use ctf::printable;
use rustix::fs::{Mode, OFlags};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;

/// The file. If it is dropped without [`write`](Self::write), a file that was made here is removed.
#[derive(Debug)]
pub struct SummaryFile {
    path: PathBuf,
    given: GivenFile,
    is_to_be_removed: bool,
}

impl SummaryFile {
    /// Opens it. Its old content stays until there is a summary. It may be a pipe.
    pub fn open(path: PathBuf) -> Result<Self, Failure> {
        match GivenFile::open(&path, OFlags::empty(), Mode::from(0o666)) {
            Ok(given) => Ok(Self { path, given, is_to_be_removed: true }),
            Err(error) => {
                let text = format!("summary {} cannot be written: {error}", path.display());
                Err(Failure::new(Cause::Failed, text))
            }
        }
    }

    /// Writes it. A failure is a line for the user and changes nothing else: the exit status stays the command's.
    pub fn write(mut self, summary: &impl Serialize) {
        self.is_to_be_removed = false;
        if let Err(error) = self.try_write(summary) {
            tell(&format!(
                "summary {} is incomplete: {}",
                self.path.display(),
                why(Attempt::File, &error)
            ));
        }
    }

    fn try_write(&self, summary: &impl Serialize) -> io::Result<()> {
        let mut file = &self.given.file;
        if file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        let json = printable::json(&serde_json::to_string_pretty(summary)?);
        writeln!(file, "{json}")
    }
}

impl Drop for SummaryFile {
    fn drop(&mut self) {
        if self.is_to_be_removed {
            self.given.remove_if_made();
        }
    }
}
