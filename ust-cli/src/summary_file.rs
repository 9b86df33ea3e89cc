//! `--summary FILE`: the closing line as JSON, for programs.
//!
//! Opened before anything is done, so that a name that cannot be written to is found in time.

use crate::failure::Failure;
use crate::tell;
use consumerd::advice::{Attempt, why};
use consumerd::cause::Cause;
use consumerd::engine::{ChannelSummary, Unmatched};
use ctf::printable;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file. Dropped without [`write`](Self::write), it was never there.
#[derive(Debug)]
pub struct SummaryFile {
    path: PathBuf,
    file: File,
    is_to_be_removed: bool,
}

/// What stands in it.
#[derive(Serialize)]
struct Summary<'a> {
    recorded: u64,
    overwritten: u64,
    lost: &'a BTreeMap<String, u64>,
    processes: u64,
    /// Of a flight recorder: how many there are. The figures are those of the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<u64>,
    /// Processes that connected, whether or not they recorded; and of those, how many still ran.
    connected: u64,
    still_run: u64,
    /// Rules that no event matched, each with the events that come closest.
    unmatched: &'a [Unmatched],
    /// What was said of the recording beside its figures.
    errors: &'a [String],
    notes: &'a [String],
    trace: String,
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

    /// Writes it. A failure is told and changes nothing else: the program's status is the exit status.
    pub fn write(
        mut self,
        summary: &ChannelSummary,
        notes: &[String],
        trace: &Path,
        snapshots: Option<u64>,
    ) {
        self.is_to_be_removed = false;
        let ChannelSummary { recorded, overwritten, lost, processes, errors, reach, gone: _ } =
            summary;
        let summary = Summary {
            recorded: *recorded,
            overwritten: *overwritten,
            lost,
            processes: *processes,
            snapshots,
            connected: reach.connected,
            still_run: reach.still_run,
            unmatched: &reach.unmatched,
            errors,
            notes,
            trace: trace.to_string_lossy().into_owned(),
        };
        let written = self.try_write(&summary);
        if let Err(error) = written {
            tell(&format!(
                "summary {} is incomplete: {}",
                self.path.display(),
                why(Attempt::File, &error)
            ));
        }
    }

    fn try_write(&mut self, summary: &Summary<'_>) -> io::Result<()> {
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
