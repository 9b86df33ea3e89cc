//! How many instructions an event takes into a stream of the CPU: counted natively, step by step.
//!
//! Valgrind has no restartable sequences for glibc, so there is no CPU's number at hand under it: what
//! [`callgrind`](crate::callgrind) would count is the way around, by `getcpu`. So the contestant steps through itself
//! (`contestant/steps.rs`), and here too the difference between so many events and twice as many is theirs.
//!
//! A step takes microseconds, so that an event after a pause, which has the long header, is nothing rare on a busy
//! machine. It is always longer: the least of a few turns is without.

use crate::Result;
use crate::contestant::{OwnProgram, STEPPED};
use crate::recorder::{Emitted, Recorder, Shape};
use crate::worker::Worker;
use ust_core::cpu;

/// Events of the first of the two runs: few, for they must be had without a pause.
const EVENTS: u64 = 10;

/// How often each run is taken.
const TURNS: usize = 10;

/// Whether programs have the number of their CPU at hand; if not, why they are not counted.
pub fn missing() -> Option<String> {
    cpu::initialise();
    cpu::at_hand().is_none().then(|| {
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
            // The one before them is not counted.
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
