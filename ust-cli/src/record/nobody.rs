//! Says why no process of a program that has ended connected, as far as is known, and what to check.
//!
//! A process with another environment cannot be recognised as ours from outside. The kernel tells which user the
//! program ended as, and which processes still have our variable in their environment.

use super::child::Ended;
use super::instrumented::{Images, why_unheard};
use super::program::Program;
use consumerd::engine::Running;
use ctf::printable;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir};

/// What became of the shim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shim {
    /// Nobody wanted it.
    NotWanted,
    /// The program was started with it.
    Loaded,
    /// The program could not have it, which has been said.
    Refused,
}

/// Why no process may have connected.
pub fn nobody_connected(
    program: &Program<'_>,
    images: &Images,
    ended: Ended,
    shim: Shim,
) -> String {
    let given = printable::os(program.given);
    if let Some(user) = ended.changed_user {
        return format!(
            "no instrumented process has connected: {given} ended as user {user}, who may not enter the recorder's \
             runtime directory: run `ust record` as that user"
        );
    }
    if let Some(instrumented) = images.instrumented(&program.file) {
        let file = printable::path(&instrumented.file);
        let why = why_unheard(&instrumented);
        let needed_by = instrumented.needed_by.as_deref();
        let needed_by = needed_by.map(|it| format!(", which {} needs,", printable::path(it)));
        let needed_by = needed_by.unwrap_or_default();
        return format!(
            "no instrumented process has connected, although {file}{needed_by} has tracepoints: {why}"
        );
    }
    if let Some(file) = images.with_c_tracepoints(&program.file).filter(|_| shim == Shim::NotWanted)
    {
        return format!(
            "no instrumented process has connected: {} has tracepoints in C, which need the shim: `ust record --preload \
             tracepoints` loads it",
            printable::path(&file)
        );
    }
    if shim == Shim::Refused {
        return format!("no instrumented process has connected: {given} ran without the shim");
    }
    let shell = images.shell(&program.file);
    let only = shell.map(|it| format!(" (only {} was looked at)", printable::path(&it)));
    let only = only.unwrap_or_default();
    format!(
        "no instrumented process has connected: check that {given}, or what it starts{only}, is linked with ust and \
         the crate of its tracepoints, or has tracepoints of ust.h and the shim (`--preload tracepoints`), and that {RUNTIME_DIR_VARIABLE} reaches it (env -i, sudo and containers \
         remove it)"
    )
}

/// The processes that were started with `dir` in their environment and still run, instrumented or not.
pub fn left_running(dir: &RuntimeDir) -> Vec<Running> {
    let prefix = format!("{RUNTIME_DIR_VARIABLE}=");
    let entry = [prefix.as_bytes(), dir.path().as_os_str().as_bytes()].concat();
    let running = |pid: u32| {
        // The environment of other users' processes cannot be read, and a process that has ended has none.
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        environment.split(|byte| *byte == 0).find(|found| *found == entry)?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Some(Running { pid, procname: name.trim_end().to_owned() })
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut all: Vec<Running> = pids.filter_map(running).collect();
    all.sort_by_key(|process| process.pid);
    all
}
