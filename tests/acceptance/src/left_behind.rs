//! Rings that outlive recorder and program: both are killed, and `ust recover` reads what they left.

use crate::judge::{self, Line};
use crate::progress;
use crate::recording::{Recorded, Recording, Started, Summary, folders};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_test_support::binaries;
use ust_test_support::command::{Finished, run, send_signal};
use ust_test_support::wait::wait_until;

/// Threads of the program `steps`, as it is called here.
pub const THREADS: usize = 2;

/// Records the program `steps` with its rings in files; returns once each of its threads has taken a step.
pub fn start_steps<const N: usize>(options: [&str; N]) -> Started {
    let recording = Recording::of("steps").options(options).with_rings_in_files();
    let path = recording.path("progress");
    let started = recording.arg(path.display()).arg(THREADS).arg(0).start();
    wait_until("the program's first steps", || {
        let words = progress::read(&path)?;
        words[1..=THREADS].iter().all(|steps| *steps > 0).then_some(())
    });
    started
}

/// Process id of the program, which notes it.
pub fn pid(started: &Started) -> u32 {
    progress::read(&started.path("progress")).expect("the program has noted it")[0] as u32
}

/// Kills program and recorder. The recorder may notice the program's end first, and end by itself. Returns when neither has
/// any mapping left.
pub fn kill_both(started: Started) -> Recorded {
    let pid = pid(&started);
    send_signal(pid, libc::SIGKILL);
    started.running.signal(libc::SIGKILL);
    let recorded = started.wait();
    wait_until_gone(pid);
    recorded
}

/// The same with the recorder stopped first, so that neither notices the other's end, and the rings are left.
pub fn stop_and_kill_both(started: Started) -> Recorded {
    started.running.stop();
    kill_both(started)
}

/// Waits until a process has no mappings: it is dead, but may not be reaped.
pub fn wait_until_gone(pid: u32) {
    wait_until("a killed process's end", || {
        let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"));
        maps.map_or(true, |maps| maps.is_empty()).then_some(())
    });
}

/// The directory of a recording's rings.
pub fn rings(recorded: &Recorded) -> PathBuf {
    recorded.path("rings")
}

/// Runs `ust recover` on a directory; returns how it ended, and where the traces are.
pub fn recover(dir: &Path, scratch: &Path) -> (Finished, PathBuf) {
    let output = scratch.join("recovered");
    let mut command = Command::new(binaries::ust());
    command.arg("recover").arg(dir).arg("-o").arg(&output);
    command.arg("--summary").arg(scratch.join("recovered.json"));
    (run(&mut command), output)
}

/// The summary of that.
pub fn summary(scratch: &Path) -> Summary {
    let json = std::fs::read(scratch.join("recovered.json")).expect("it was asked for");
    serde_json::from_slice(&json).expect("a summary is JSON")
}

/// The steps in a finished trace, by thread: each once, in order, and whole.
pub fn steps(trace: &Path) -> Vec<BTreeSet<u64>> {
    steps_in(trace, |trace, look| match trace.exists() && !folders(trace).is_empty() {
        true => judge::babeltrace2(trace, look),
        // Nothing was left to recover.
        false => 0,
    })
}

/// The same of a trace whose recorder was killed.
pub fn steps_unfinished(trace: &Path) -> Vec<BTreeSet<u64>> {
    steps_in(trace, |trace, look| judge::babeltrace2_unfinished(trace, look))
}

fn steps_in(
    trace: &Path,
    read: impl FnOnce(&Path, &mut dyn FnMut(Line<'_>)) -> u64,
) -> Vec<BTreeSet<u64>> {
    let mut steps = vec![BTreeSet::new(); THREADS + 1];
    read(trace, &mut |line: Line<'_>| {
        let of_thread = &mut steps[line.number("thread") as usize];
        let sequence = line.number("sequence");
        assert!(of_thread.last() < Some(&sequence), "twice or out of order: {}", line.text);
        of_thread.insert(sequence);
    });
    steps
}
