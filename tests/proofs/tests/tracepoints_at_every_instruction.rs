//! The same of a whole traced program: `#[tracepoint]`, thread cache, first event (the ring is made and
//! handed over), the engine, and the trace that it writes. Killed, and interrupted by a handler that emits;
//! where signals are blocked, the handler runs as soon as they are not.

use nix::sys::signal::Signal::SIGUSR1;
use std::cell::RefCell;
use ust_core::abi::Buffers;
use ust_proofs::recording::Recording;
use ust_proofs::scenario::{Drained, Op, SWITCHES_THEN_FULL, Scenario};
use ust_proofs::stage::visit;
use ust_proofs::tracer::Tracer;

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "first event of a process",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "hot path of a tracepoint",
        before: &[Op::Fixed],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Body(60)],
        handler: Op::Body(3),
    },
    SWITCHES_THEN_FULL,
];

/// Places of each scenario; all of them in a full run.
const LIMIT: usize = 100;

#[test]
fn the_trace_has_every_event_whose_call_had_returned_when_the_program_was_killed() {
    assert_the_trace_is_right(|_, _| ());
}

#[test]
fn a_handler_that_emits_may_interrupt_any_instruction_of_a_tracepoint() {
    assert_the_trace_is_right(|tracer, recording| {
        tracer.run(Some(SIGUSR1));
        assert_eq!(recording.journal().deepest(), 1, "the handler did not run");
    });
}

/// Stops the program at each place, lets it go on as `go_on` says, and kills it.
fn assert_the_trace_is_right(go_on: impl Fn(&Tracer, &Recording)) {
    for (buffers, scenario) in everything() {
        let recording = recording(buffers);
        visit(
            scenario,
            LIMIT,
            || recording.borrow_mut().path(scenario),
            |path, place| {
                let mut recording = recording.borrow_mut();
                let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
                let is_there = path.go_to(place, &tracer, recording.journal());
                go_on(&tracer, &recording);
                tracer.kill();
                recording.judge()?;
                Ok(is_there)
            },
        );
    }
}

fn everything() -> impl Iterator<Item = (Buffers, &'static Scenario)> {
    let both = [Buffers::PerThread, Buffers::PerCpu];
    both.into_iter().flat_map(|buffers| SCENARIOS.iter().map(move |it| (buffers, it)))
}

fn recording(buffers: Buffers) -> RefCell<Recording> {
    RefCell::new(Recording::new(env!("CARGO_BIN_EXE_stepped_tracepoints"), buffers))
}
