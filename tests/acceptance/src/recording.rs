//! One `ust record` of one program: how it is called, and its outcome.

use crate::report;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running};

/// What `--summary` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Summary {
    /// Event records written.
    pub recorded: u64,
    /// Event records overwritten before they were read.
    pub overwritten: u64,
    /// Event records lost, by cause.
    pub lost: BTreeMap<String, u64>,
    /// Processes that recorded anything.
    pub processes: u64,
    /// Streams of CPUs.
    pub cpu_streams: CpuStreams,
    /// Where the trace is.
    pub trace: PathBuf,
}

/// How many streams of CPUs there are, by how threads write to them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CpuStreams {
    /// In restartable sequences.
    pub sequenced: u64,
    /// By locked instructions.
    pub locked: u64,
}

impl Summary {
    /// Losses of all causes together.
    pub fn lost_in_all(&self) -> u64 {
        self.lost.values().sum()
    }
}

/// A recording to be made, in a temporary directory of its own.
#[derive(Debug)]
pub struct Recording {
    dir: TempDir,
    trace: PathBuf,
    options: Vec<String>,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Recording {
    /// A recording of everything that one of this package's programs emits.
    pub fn of(program: &str) -> Self {
        Self::of_path(binaries::program(program))
    }

    /// A recording of any program.
    pub fn of_path(program: PathBuf) -> Self {
        Self::below(&std::env::temp_dir(), program)
    }

    /// A recording whose directory lies below `parent`.
    pub fn below(parent: &Path, program: PathBuf) -> Self {
        let dir = tempfile::Builder::new().prefix("ust-acceptance-").tempdir_in(parent);
        let dir = dir.unwrap_or_else(|error| panic!("{}: {error}", parent.display()));
        let trace = dir.path().join("trace");
        Self { dir, trace, options: Vec::new(), program, arguments: Vec::new() }
    }

    /// Options of `ust record`.
    pub fn options<const N: usize>(mut self, options: [&str; N]) -> Self {
        self.options.extend(options.map(str::to_owned));
        self
    }

    /// With the rings in files, in a directory beside the trace.
    pub fn with_rings_in_files(mut self) -> Self {
        let rings = self.path("rings").display().to_string();
        self.options.extend(["--shm-path".to_owned(), rings]);
        self
    }

    /// An argument of the program.
    pub fn arg(mut self, argument: impl ToString) -> Self {
        self.arguments.push(argument.to_string());
        self
    }

    /// A path in the recording's own directory, for a file of the program.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// With the trace elsewhere.
    pub fn with_trace(mut self, trace: &Path) -> Self {
        self.trace = trace.to_owned();
        self
    }

    /// The trace's directory.
    pub fn trace(&self) -> PathBuf {
        self.trace.clone()
    }

    /// The command line.
    pub fn command(&self) -> Command {
        self.command_of(binaries::ust())
    }

    /// The command line with another `ust`.
    pub fn command_of(&self, ust: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(ust);
        command
            .arg("record")
            .arg("--output")
            .arg(self.trace())
            .arg("--summary")
            .arg(self.path("summary"))
            .args(&self.options)
            .arg("--")
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(self.dir.path())
            .env(report::VARIABLE, self.path("report"));
        command
    }

    /// Starts it.
    pub fn start(self) -> Started {
        let mut command = self.command();
        self.start_by(&mut command)
    }

    /// Starts it by its [command line](Self::command), with another environment.
    pub fn start_by(self, command: &mut Command) -> Started {
        Started { running: Running::start(command), recording: self }
    }

    /// Runs it to its end.
    pub fn run(self) -> Recorded {
        self.start().wait()
    }
}

/// A recording that runs.
#[derive(Debug)]
pub struct Started {
    /// `ust record`.
    pub running: Running,
    recording: Recording,
}

impl Started {
    /// A path in the recording's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.recording.path(name)
    }

    /// The trace's directory.
    pub fn trace(&self) -> PathBuf {
        self.recording.trace()
    }

    /// Waits for its end.
    pub fn wait(self) -> Recorded {
        Recorded { finished: self.running.wait(), recording: self.recording }
    }
}

/// A recording that was made. Its directory is removed with it.
#[derive(Debug)]
pub struct Recorded {
    /// How `ust record` ended.
    pub finished: Finished,
    recording: Recording,
}

impl Recorded {
    /// Itself, once it is certain that the program and `ust` succeeded.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert!(
            self.finished.status.success(),
            "{}: {}",
            self.finished.status,
            self.finished.stderr
        );
        self
    }

    /// A path in the recording's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.recording.path(name)
    }

    /// The trace's directory.
    pub fn trace(&self) -> PathBuf {
        self.recording.trace()
    }

    /// The summary.
    #[track_caller]
    pub fn summary(&self) -> Summary {
        let path = self.path("summary");
        let json = std::fs::read(&path).unwrap_or_else(|error| {
            panic!("no summary: {error}; {} {}", self.finished.status, self.finished.stderr)
        });
        serde_json::from_slice(&json).expect("a summary is JSON")
    }

    /// The program's report.
    #[track_caller]
    pub fn report<T: DeserializeOwned>(&self) -> T {
        report::read(&self.path("report"))
    }

    /// The closing line: the last on standard error.
    pub fn closing_line(&self) -> &str {
        self.finished.stderr.lines().last().unwrap_or_default()
    }

    /// The folders of the traced processes.
    pub fn folders(&self) -> Vec<PathBuf> {
        folders(&self.trace())
    }
}

/// The folders in a trace's directory, one a process.
pub fn folders(trace: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = std::fs::read_dir(trace)
        .unwrap_or_else(|error| panic!("{}: {error}", trace.display()))
        .map(|entry| entry.expect("directories can be listed").path())
        .collect();
    folders.sort();
    folders
}

/// The stream files in a process's folder. A file whose name begins with a dot is none, as for all readers: it is metadata
/// that is being written.
pub fn stream_files(folder: &Path) -> Vec<PathBuf> {
    let is_stream = |name: &str| name != "metadata" && !name.starts_with('.');
    let mut files = folders(folder);
    files.retain(|path| {
        path.is_file() && path.file_name().and_then(OsStr::to_str).is_some_and(is_stream)
    });
    files
}
