//! `--summary FILE`: what a command says when it closes, as JSON, for programs.
//!
//! Opened before anything is done, so that a name that cannot be written to is found in time.

use crate::failure::Failure;
use crate::tell;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use ctf::printable;
use serde::Serialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// The file. Dropped without [`write`](Self::write), it was never there.
#[derive(Debug)]
pub struct SummaryFile {
    path: PathBuf,
    file: File,
    is_to_be_removed: bool,
}

impl SummaryFile {
    /// Opens it. What it held stays until there is a summary; it may be a pipe.
    pub fn open(path: PathBuf) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true);
        let opened = match options.clone().create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                options.open(&path).map(|file| (file, false))
            }
            made => made.map(|file| (file, true)),
        };
        match opened {
            Ok((file, is_to_be_removed)) => Ok(Self { path, file, is_to_be_removed }),
            Err(error) => {
                let path = path.display();
                let text =
                    format!("summary {path} cannot be written: {}", why(Attempt::File, &error));
                Err(Failure::new(Cause::Failed, text))
            }
        }
    }

    /// Writes it. A failure is told and changes nothing else: the exit status is that of what it is the summary of.
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

    fn try_write(&mut self, summary: &impl Serialize) -> io::Result<()> {
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        let json = printable::json(&serde_json::to_string_pretty(summary)?);
        writeln!(self.file, "{json}")
    }
}

impl Drop for SummaryFile {
    fn drop(&mut self) {
        if self.is_to_be_removed {
            // It is empty and ours; one that stays harms nobody.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
