//! The hot path's length in instructions: the same on every run, so tested against an upper bound.
//!
//! Each bound includes the caller's loop and call, twelve instructions; `docs/what-an-event-costs.md` says what the others
//! are for. A change that makes a path shorter lowers its bound; a change that makes one longer says what for. Counted with
//! rustc 1.95: if another compiler needs more, that is a reason.

use ust_benches::Result;
use ust_benches::callgrind;
use ust_benches::contestant::OwnProgram;
use ust_benches::steps;
use ust_benches::typical::{MAX_MORE_PERCENT, TYPICAL};

/// What a body takes; the function that callgrind looks into.
const RECORDED: &[(&str, &str, u64)] = &[
    ("small", "*::emit_small", 69),
    ("plugin", "ust_bench_plugin_emit", 68),
    ("large", "*::emit_large", 120),
];

/// What `small` takes into a stream of the CPU, in a restartable sequence.
const PER_CPU: u64 = 96;

fn program(body: &'static str) -> OwnProgram {
    OwnProgram { path: env!("CARGO_BIN_EXE_ust-bench-contestant").into(), body, threads: 1 }
}

/// `None`, with the reason printed, where instructions cannot be counted.
fn instructions(body: &'static str, function: &str, is_recorded: bool) -> Option<u64> {
    counted(callgrind::missing, || {
        callgrind::instructions_per_event(&program(body), function, is_recorded.into())
    })
}

/// The same, counted step by step, for events that go to the stream of the CPU.
fn stepped(body: &'static str, is_recorded: bool) -> Option<u64> {
    counted(steps::missing, || steps::instructions_per_event(&program(body), is_recorded))
}

/// `missing` says why it cannot be done, if it cannot.
fn counted<T>(
    missing: impl FnOnce() -> Option<String>,
    count: impl FnOnce() -> Result<T>,
) -> Option<T> {
    if cfg!(debug_assertions) || cfg!(not(target_arch = "x86_64")) {
        eprintln!("SKIPPED: the bounds are those of x86-64's optimised code: cargo test --release");
        return None;
    }
    if let Some(why) = missing() {
        eprintln!("SKIPPED: {why}");
        return None;
    }
    Some(count().unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn recording_an_event_takes_no_more_instructions_than_it_did() {
    for (body, function, bound) in RECORDED {
        let Some(counted) = instructions(body, function, true) else { return };
        println!("{body}: {counted} instructions an event");
        assert!(counted <= *bound, "{body}: {counted} instructions an event, more than {bound}");
    }
}

#[test]
fn typical_tracepoints_take_about_as_much_as_encodings_by_hand() {
    for typical in TYPICAL {
        let name = typical.name;
        let count = || typical.count(env!("CARGO_BIN_EXE_ust-bench-contestant"));
        let Some(counted) = counted(callgrind::missing, count) else { return };
        println!("{name}: {} instructions, by hand {}", counted.typical, counted.by_hand);
        assert!(counted.typical <= typical.bound, "{name}: more than {}", typical.bound);
        assert!(counted.is_near(), "{name}: more than {MAX_MORE_PERCENT} % beyond {counted:?}");
    }
}

#[test]
fn recording_into_the_stream_of_a_cpu_takes_no_more_instructions_than_it_did() {
    let Some(counted) = stepped("small", true) else { return };
    println!("small, per CPU: {counted} instructions an event");
    assert!(counted <= PER_CPU, "{counted} instructions an event, more than {PER_CPU}");
}

#[test]
fn an_event_that_is_switched_off_costs_a_load_and_a_branch() {
    let Some(counted) = instructions("switched_off", "*::emit_switched_off", false) else { return };
    println!("switched_off: {counted} instructions an event");
    assert!(counted <= 8, "{counted} instructions, the loop and `black_box` included");
}

#[test]
fn the_count_is_that_of_the_instructions() {
    // Written in assembly, so that its length is known: the floor's six, and a loop of five around them.
    let Some(counted) = instructions("floor", "*floor::floor", false) else { return };
    assert_eq!(counted, 10);
}

#[test]
fn the_steps_are_those_of_the_instructions() {
    let Some(counted) = stepped("floor", false) else { return };
    assert_eq!(counted, 10);
}
