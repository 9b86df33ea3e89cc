//! A traced program whose threads write to the streams of CPUs in restartable sequences, stopped at every instruction that a
//! freely running thread comes by. There it is killed, or goes on: at once, behind a handler that emits into the same
//! stream, on another CPU, behind a reader, or behind another thread of its CPU that emits into the same stream.

use nix::sys::signal::Signal::{self, SIGUSR1};
use std::cell::RefCell;
use ust_proofs::free_run::FreeRun;
use ust_proofs::journal::Phase;
use ust_proofs::of_cpus::{Cpus, everything};
use ust_proofs::recording::Recording;
use ust_proofs::registers::{set_breakpoint, store};
use ust_proofs::scenario::Op;
use ust_proofs::sequence::name;
use ust_proofs::stage::visit;
use ust_proofs::tracer::Tracer;

/// Places of each scenario beside those of the sequences; all of them in a full run.
const LIMIT: usize = 60;

/// The same of scenarios that take long.
const LIMIT_OF_LONG: usize = 12;

/// A program that was stopped somewhere.
struct Stopped<'a> {
    tracer: &'a Tracer,
    recording: &'a mut Recording,
    run: &'a FreeRun,
    /// Where.
    address: u64,
    /// How many were stopped before.
    nth: usize,
    cpus: Cpus,
}

/// Stops the program at each place, does `there`, lets it run to the end of the region, and kills it. The trace must be
/// right, and the sequences' instructions must have been reached.
fn at_each_place(there: impl Fn(&mut Stopped<'_>) -> Result<(), String>) {
    at_each_place_of(|recording| recording, there);
}

/// The same, of a changed recording.
fn at_each_place_of(
    changed: impl Fn(Recording) -> Recording,
    there: impl Fn(&mut Stopped<'_>) -> Result<(), String>,
) {
    let Some(cpus) = Cpus::find() else { return };
    for (mode, scenario) in everything() {
        let program = env!("CARGO_BIN_EXE_stepped_tracepoints");
        let recording = changed(Recording::in_sequences(program, cpus.home, mode));
        let recording = RefCell::new(recording);
        // Start, jump, store, behind it, and elsewhere in an attempt.
        let mut reached = [0; 5];
        let mut nth = 0;
        let takes_long = scenario.before.contains(&Op::Pause);
        let is_done = visit(
            scenario,
            if takes_long { LIMIT_OF_LONG } else { LIMIT },
            || recording.borrow_mut().free_run(scenario),
            |run: &FreeRun, place| {
                let mut recording = recording.borrow_mut();
                let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
                let is_there = run.go_to(place, &tracer, recording.journal());
                if is_there {
                    count(&mut reached, run, place);
                    let (tracer, recording) = (&tracer, &mut *recording);
                    let address = run.address(place);
                    there(&mut Stopped { tracer, recording, run, address, nth, cpus })?;
                    nth += 1;
                }
                tracer.kill();
                recording.judge()?;
                Ok(is_there)
            },
        );
        if is_done.is_none() {
            return;
        }
        let name = scenario.name;
        eprintln!("{name}: start, jump, store, behind it, elsewhere in an attempt: {reached:?}");
        assert!(reached.iter().all(|times| *times > 0), "{name}: not reached: {reached:?}");
    }
}

fn count(reached: &mut [usize; 5], run: &FreeRun, place: usize) {
    let sequence = run.sequence();
    let its = [sequence.start, sequence.jump, sequence.store, sequence.end];
    match its.iter().position(|it| *it == run.address(place)) {
        Some(kind) => reached[kind] += 1,
        None => reached[4] += usize::from(run.is_in_attempt(place)),
    }
}

impl Stopped<'_> {
    /// Lets it run to marker A. There its thread's area has no name any more: code that is unloaded then must not be looked
    /// for.
    fn run_to_marker(&self, signal: Option<Signal>) -> Result<(), String> {
        self.tracer.run(signal);
        let journal = self.recording.journal();
        match name(self.tracer, journal) {
            _ if journal.phase() != Phase::Behind => Err("it is not at marker A".into()),
            0 => Ok(()),
            name => Err(format!("behind the tracepoints the area still has the name {name:#x}")),
        }
    }

    /// Has a handler emit, and stops again where the interrupted code goes on: at once, or as soon as signals are no longer
    /// blocked. `false` if it came to marker A meanwhile.
    fn emit_in_handler(&self) -> bool {
        let (tracer, journal) = (self.tracer, self.recording.journal());
        let resumed_at = self.run.sequence().resumed_at(self.address);
        tracer.step_into_handler(SIGUSR1);
        set_breakpoint(tracer, Some(resumed_at));
        loop {
            tracer.run(None);
            // The handler's own event may come by.
            if journal.phase() == Phase::Behind || !journal.is_in_handler() {
                break;
            }
        }
        set_breakpoint(tracer, None);
        journal.phase() != Phase::Behind
    }
}

#[test]
fn the_trace_has_every_event_whose_call_had_returned_when_the_program_was_killed() {
    at_each_place(|_| Ok(()));
}

#[test]
fn a_thread_that_was_stopped_in_an_attempt_has_not_stored_and_tries_again() {
    at_each_place(|stopped| {
        let sequence = stopped.run.sequence();
        if sequence.instructions().contains(&stopped.address) {
            sequence.assert_not_stored(stopped.tracer)?;
            sequence.step_to_abort(stopped.tracer)?;
        }
        stopped.run_to_marker(None)
    });
}

#[test]
fn a_handler_that_emits_may_interrupt_any_instruction_of_an_attempt() {
    at_each_place(|stopped| {
        stopped.run_to_marker(Some(SIGUSR1))?;
        assert_eq!(stopped.recording.journal().deepest(), 1, "the handler did not run");
        Ok(())
    });
}

#[test]
fn a_thread_may_move_to_another_cpu_at_any_instruction_of_an_attempt() {
    at_each_place(|stopped| {
        stopped.tracer.move_to(stopped.cpus.away);
        stopped.run_to_marker(None)
    });
}

/// Before it leaves, or while it is away, a handler emits.
#[test]
fn a_thread_may_leave_its_cpu_in_an_attempt_and_come_back() {
    at_each_place(|stopped| {
        let Cpus { home, away } = stopped.cpus;
        let (first, then) = if stopped.nth % 2 == 0 { (away, home) } else { (home, away) };
        stopped.tracer.move_to(first);
        if stopped.emit_in_handler() {
            stopped.tracer.move_to(then);
            stopped.run_to_marker(None)?;
        }
        assert_eq!(stopped.recording.journal().deepest(), 1, "the handler did not run");
        Ok(())
    });
}

#[test]
fn a_reader_may_drain_at_any_instruction_of_an_attempt() {
    at_each_place(|stopped| {
        stopped.recording.read();
        stopped.run_to_marker(None)
    });
}

/// The kernel switches the thread out for it. The records are then in the order of their stores, and so are their clocks.
#[test]
fn another_thread_of_the_cpu_may_emit_at_any_instruction_of_an_attempt() {
    at_each_place_of(Recording::with_second_thread, |stopped| {
        let sequence = stopped.run.sequence();
        let is_in_sequence = sequence.instructions().contains(&stopped.address);
        let position = || stopped.tracer.peek(store(stopped.tracer).1);
        let before = is_in_sequence.then(position);
        // The second event comes by the hot path.
        stopped.recording.emit_in_second_thread()?;
        stopped.recording.emit_in_second_thread()?;
        if let Some(before) = before {
            if position() == before {
                return Err("the second thread has not moved the stream's position".into());
            }
            sequence.step_to_abort(stopped.tracer)?;
        }
        stopped.run_to_marker(None)
    });
}
