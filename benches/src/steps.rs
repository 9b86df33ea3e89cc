//! How many instructions an event takes into a stream of the CPU: counted natively, step by step.
//!
//! Under valgrind glibc has no restartable sequences, so the CPU's number is not at hand. There
//! [`callgrind`](crate::callgrind) would count the other path, which calls `getcpu`. So the contestant steps through itself
//! (`contestant/steps.rs`). Here too the difference between N events and twice as many is the cost of N events.
//!
//! A step takes microseconds, so pauses are common on a busy machine, and an event after a pause has the long header. Such
//! an event always takes more instructions, so the least of a few turns is one without a pause.

use crate::Result;
use crate::contestant::{OwnProgram, STEPPED};
use crate::recorder::{Emitted, Recorder, Shape};
use crate::worker::Worker;
use ust_core::cpu;

/// Events of the first of the two runs: few, so that a run without a pause is likely.
const EVENTS: u64 = 10;

/// How often each run is taken.
const TURNS: usize = 10;

/// Whether programs have the number of their CPU at hand; if not, why instructions are not counted.
pub fn missing() -> Option<String> {
    cpu::initialise();
    (cpu::area() == 0).then(|| {
        "glibc has no restartable sequences here: events go another way to a CPU's stream".into()
    })
}

/// Instructions of one event. `is_recorded` says whether they must be in the trace.
///
/// # Errors
/// The program cannot be stepped, or events are missing from the trace.
pub fn instructions_per_event(program: &OwnProgram, is_recorded: bool) -> Result<u64> {
    let mut recorder =
        Recorder::start(Shape::PER_CPU, &std::env::temp_dir(), Emitted::BY_TRACEPOINTS)?;
    let mut command = program.command(recorder.runtime_dir());
    let mut worker = Worker::start(command.arg(STEPPED), |fd| recorder.record_until_readable(fd))?;
    let mut least = |events| -> Result<u64> {
        let mut least = u64::MAX;
        for _ in 0..TURNS {
            least = least.min(worker.ask(events, |fd| recorder.record_until_readable(fd))?);
            // One event comes first, and its steps are not counted.
            recorder.settle(if is_recorded { 1 + events } else { 0 })?;
        }
        Ok(least)
    };
    let (once, twice) = (least(EVENTS)?, least(2 * EVENTS)?);
    let difference = twice.saturating_sub(once);
    if difference == 0 || difference % EVENTS != 0 {
        let what = format!("{EVENTS} events took {once} steps and twice as many {twice}");
        return Err(format!("{}: {what}: not the same for each", program.body).into());
    }
    Ok(difference / EVENTS)
}
