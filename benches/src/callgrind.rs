//! How many instructions an event takes: counted by callgrind, while the event is being recorded.
//!
//! ```text
//!   valgrind --tool=callgrind --toggle-collect='*::emit_small' --dump-before='*::emit_small'   contestant small
//!      1 event       dump 2      first event: ring, hand-over
//!      N events      dump 3      within a sub-buffer      |  inside of emit_small: the loop, the calls, the records
//!    2 N events      dump 4      once more                |  the difference, over N, is one event
//! ```
//!
//! The count does not depend on the machine's speed or load, with one exception: the first event after a pause of 50 ms
//! has the long header. That is a few instructions in N events, so the quotient is rounded.
//!
//! Valgrind executes the program's own instructions one by one, so the same instructions run natively. All events are in
//! the trace afterwards, so the counted instructions did record.

use crate::Result;
use crate::contestant::OwnProgram;
use crate::recorder::{Emitted, Recorder, Shape};
use crate::worker::Worker;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Events of the first of the two runs.
const EVENTS: u64 = 1_000;

/// One sub-buffer holds all events, so that no other is entered while they are counted.
const SHAPE: Shape = Shape { subbuf_size_bytes: 1 << 20, subbuf_count: 2, ..Shape::ROOMY };

/// Whether callgrind is there; if not, why not.
pub fn missing() -> Option<String> {
    let mut valgrind = Command::new("valgrind");
    let found = valgrind.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    match found {
        Ok(status) if status.success() => None,
        _ => Some("valgrind is not installed: no instructions counted".into()),
    }
}

/// Instructions of one event. `function` (its name may begin with `*`) emits the events, and what it calls counts too.
/// `records_each` says how many records each event must have in the trace.
///
/// # Errors
/// The program cannot run under callgrind, or events are missing from the trace.
pub fn instructions_per_event(
    program: &OwnProgram,
    function: &str,
    records_each: u64,
) -> Result<u64> {
    let counted = count(program, function, records_each);
    let [once, twice] =
        counted.map_err(|error| format!("{} in callgrind: {error}", program.body))?;
    let difference = twice.saturating_sub(once);
    // The rest is due to a pause or two.
    let rounded = (difference + EVENTS / 2) / EVENTS;
    if difference == 0 || difference.abs_diff(rounded * EVENTS) > EVENTS / 10 {
        let what = format!("{EVENTS} events took {once} instructions and twice as many {twice}");
        return Err(format!("{}: {what}: not the same for each", program.body).into());
    }
    Ok(rounded)
}

/// Instructions of so many events, and of twice as many.
fn count(program: &OwnProgram, function: &str, records_each: u64) -> Result<[u64; 2]> {
    let scratch = tempfile::Builder::new().prefix("ust-bench-callgrind-").tempdir()?;
    let expected = Emitted { records_each, ..Emitted::BY_TRACEPOINTS };
    let mut recorder = Recorder::start(SHAPE, scratch.path(), expected)?;
    let out = scratch.path().join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--quiet", "--tool=callgrind"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(format!("--toggle-collect={function}"))
        .arg(format!("--dump-before={function}"));
    program.command_under(&mut valgrind, recorder.runtime_dir());
    let mut worker = Worker::start(&mut valgrind, |fd| recorder.record_until_readable(fd))?;
    // The last event makes callgrind dump what came before it.
    for events in [1, EVENTS, 2 * EVENTS, 1] {
        worker.measure(events, |fd| recorder.record_until_readable(fd))?;
        recorder.settle(events)?;
    }
    drop(worker);
    Ok([total(&out.with_extension("out.3"))?, total(&out.with_extension("out.4"))?])
}

/// The total in callgrind's output.
fn total(path: &Path) -> Result<u64> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals:"));
    let total = total.ok_or_else(|| format!("{} has no total", path.display()))?;
    Ok(total.trim().parse()?)
}
