//! Whole programs, alone and traced.

use serde::Deserialize;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use ust_benches::Result;

/// Files that are memory: no disk is measured.
pub const MEMORY: &str = "/dev/shm";

/// What `--summary` says.
#[derive(Debug, Deserialize)]
pub struct Summary {
    /// Event records written.
    pub recorded: u64,
    lost: std::collections::BTreeMap<String, u64>,
}

impl Summary {
    /// Reads it, and makes sure that nothing was lost.
    pub fn read(file: &Path) -> Result<Self> {
        let summary: Self = serde_json::from_slice(&fs::read(file)?)?;
        let lost: u64 = summary.lost.values().sum();
        if lost == 0 { Ok(summary) } else { Err(format!("{lost} records were lost").into()) }
    }
}

/// `ust record` with these sets, into `dir`; the program's words follow.
pub fn recorded(shim: &Path, sets: &str, dir: &Path) -> Result<Command> {
    let ust = shim.with_file_name("ust");
    if !ust.is_file() {
        return Err(format!("{} is not there: cargo build --release", ust.display()).into());
    }
    let trace = dir.join("trace");
    if trace.exists() {
        fs::remove_dir_all(&trace)?;
    }
    let mut command = Command::new(ust);
    command.args(["record", "--preload", sets, "--subbuf-size", "1M", "--subbufs", "64"]);
    command.args(["--mode", "block=600s", "-o"]).arg(trace);
    command.arg("--summary").arg(dir.join("summary")).arg("--");
    Ok(command)
}

/// Another tracer's command, which writes into a file of `dir`; `None`, and a line, if it is not installed.
pub fn other(tracer: &str, options: &[&str], dir: &Path) -> Option<Command> {
    if !is_here(tracer) {
        return None;
    }
    let mut command = Command::new(tracer);
    command.args(options).arg("-o").arg(dir.join("other"));
    Some(command)
}

/// Whether a program is installed; if not, says so.
pub fn is_here(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_here = std::env::split_paths(&paths).any(|dir: PathBuf| dir.join(program).is_file());
    if !is_here {
        println!("SKIPPED: {program} is not installed");
    }
    is_here
}

/// How long a command takes that must succeed; what it prints is of no interest.
pub fn time(command: &mut Command, input: Option<&Path>) -> Result<Duration> {
    let input = input.map(File::open).transpose()?.map_or_else(Stdio::null, Stdio::from);
    command.stdin(input).stdout(Stdio::null()).stderr(Stdio::piped());
    let start = Instant::now();
    let output = command.spawn()?.wait_with_output()?;
    let took = start.elapsed();
    if output.status.success() {
        return Ok(took);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{}: {}: {said}", command.get_program().display(), output.status).into())
}
