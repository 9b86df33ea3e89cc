//! A traced program whose threads write to the streams of CPUs in restartable sequences, stopped at the same instruction of
//! each attempt. Interrupted there, an event tries again, and in the end takes the locked way; stopped behind its store, it
//! says which way it took, and to which stream.

use nix::sys::signal::Signal::{self, SIGUSR1};
use ust_core::abi::Mode;
use ust_proofs::journal::{Journal, Phase};
use ust_proofs::of_cpus::{Cpus, everything};
use ust_proofs::recording::Recording;
use ust_proofs::registers::{set_breakpoint, store, were_equal};
use ust_proofs::scenario::{Drained, Op, Scenario};
use ust_proofs::sequence::name;
use ust_proofs::tracer::Tracer;

/// Interrupted at the beginning of the sequence in each of its first attempts, by handlers that interrupt each other, by
/// moves to and fro, and by both in turn.
#[test]
fn a_thread_may_be_interrupted_in_attempt_after_attempt() {
    let Some(cpus) = Cpus::find() else { return };
    for (mode, scenario) in everything().filter(|it| !it.1.before.contains(&Op::Pause)) {
        let mut recording = recording(cpus, mode);
        let Some(run) = recording.free_run(scenario) else { return };
        // The fewest events of a scenario try nine times.
        let cases = (1..=8).flat_map(|times| [(times, 1), (times, 2), (times, 3)]);
        for (times, kind) in cases {
            let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
            let mut signals = 0;
            let hits =
                at_each_time(run.sequence().start, times, &tracer, recording.journal(), |nth| {
                    let is_signal = kind == 1 || kind == 3 && nth % 2 == 0;
                    if !is_signal {
                        tracer.move_to([cpus.away, cpus.home][nth % 2]);
                    }
                    signals += u32::from(is_signal);
                    is_signal.then_some(SIGUSR1)
                });
            let context = format!("{}, {times} times, kind {kind}", scenario.name);
            assert_eq!(hits, times, "{context}: there were not so many attempts");
            assert_eq!(name(&tracer, recording.journal()), 0, "{context}: the area has a name");
            let have_run = recording.journal().deepest() > 0;
            assert_eq!(have_run, signals > 0, "{context}: handlers did not run");
            tracer.kill();
            recording.judge().unwrap_or_else(|error| panic!("{context}: {error}"));
        }
    }
}

/// A thread that is stopped in all of its attempts, as a debugger does, gives them up: its events take the locked way.
#[test]
fn an_event_whose_every_attempt_is_interrupted_takes_the_locked_way() {
    /// Of one event, in all functions that try.
    const MAX_ATTEMPTS: usize = 6;
    let Some(cpus) = Cpus::find() else { return };
    for (mode, scenario) in everything() {
        let mut recording = recording(cpus, mode);
        let Some(run) = recording.free_run(scenario) else { return };
        let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
        let events = scenario.region.len();
        let most = events * MAX_ATTEMPTS + 1;
        let hits = at_each_time(run.sequence().start, most, &tracer, recording.journal(), |_| None);
        let name = scenario.name;
        eprintln!("{name}: {events} events, {hits} attempts");
        assert!(hits < most, "{name}: {hits} attempts, and more, for {events} events");
        tracer.kill();
        let sums = recording.judge().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(sums.recorded > 0, "{name}: all were lost");
    }
}

/// Stops a tracee that stands at marker B at an address, at most so many times, and runs it to marker A. `there` may choose
/// a signal. Returns how often it was stopped.
fn at_each_time(
    address: u64,
    most: usize,
    tracer: &Tracer,
    journal: &Journal,
    mut there: impl FnMut(usize) -> Option<Signal>,
) -> usize {
    set_breakpoint(tracer, Some(address));
    tracer.run(None);
    let mut times = 0;
    while journal.phase() != Phase::Behind {
        let signal = there(times);
        times += 1;
        if times == most {
            set_breakpoint(tracer, None);
        }
        tracer.run(signal);
    }
    set_breakpoint(tracer, None);
    times
}

/// What all of these proofs rest on: a thread that nobody stops writes its records in sequences, and no system call, over
/// which a sequence might last, comes between an attempt's beginning and its store.
#[test]
fn a_free_thread_writes_in_sequences_without_system_calls() {
    let Some(cpus) = Cpus::find() else { return };
    for (mode, scenario) in everything() {
        let mut recording = recording(cpus, mode);
        let Some(run) = recording.free_run(scenario) else { return };
        let name = scenario.name;
        assert_eq!(run.system_calls(), 0, "{name}: system calls in attempts");
        let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
        // Behind the store a stop does no harm.
        let mut stores = 0;
        at_each_time(run.sequence().end, usize::MAX, &tracer, recording.journal(), |_| {
            stores += usize::from(were_equal(&tracer));
            None
        });
        tracer.kill();
        let sums = recording.judge().unwrap_or_else(|error| panic!("{name}: {error}"));
        let before = scenario.before.iter().filter(|op| **op != Op::Pause).count();
        let written = (sums.recorded + sums.overwritten) as usize - before;
        eprintln!("{name}: {stores} stores, {written} records in the region");
        assert_eq!(stores, written, "{name}: another way was taken");
        assert_eq!(sums.overwritten > 0, mode.overwrites(), "{name}: {sums:?}");
        let waits = matches!(mode, Mode::Block { .. });
        assert!(!waits || sums.lost == 0, "{name}: {sums:?}");
    }
}

/// The kernel need not take the name away within a system call. A handler that it calls at the end of one may leave the
/// tracepoint for good.
#[test]
fn the_kernel_is_called_without_the_name_of_a_sequence() {
    let Some(cpus) = Cpus::find() else { return };
    for (mode, scenario) in everything() {
        let mut recording = recording(cpus, mode);
        let Some(run) = recording.free_run(scenario) else { return };
        let mut calls = 0;
        for place in run.system_call_places() {
            let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
            if run.go_to(place, &tracer, recording.journal()) {
                calls += 1;
                let name = name(&tracer, recording.journal());
                assert_eq!(name, 0, "{}, instruction {place}: the area has a name", scenario.name);
            }
            tracer.kill();
            recording.judge().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        }
        eprintln!("{}: {calls} system calls", scenario.name);
        // A switch in the first lap asks for memory.
        assert!(calls > 0 || !scenario.name.contains("switch"), "{}: no calls", scenario.name);
    }
}

/// A thread that moves with every record writes each into the stream of the CPU where it is.
#[test]
fn a_stream_is_written_on_its_cpu_only() {
    const MOVES: Scenario = Scenario {
        name: "moves",
        before: &[Op::Fixed],
        drained: Drained::Not,
        region: &[Op::Fixed; 6],
        handler: Op::Fixed,
    };
    let Some(cpus) = Cpus::find() else { return };
    let mut recording = recording(cpus, Mode::Discard);
    let Some(run) = recording.free_run(&MOVES) else { return };
    let tracer = recording.begin(&MOVES).expect("it could be traced a moment ago");
    let mut words: [Vec<u64>; 2] = Default::default();
    at_each_time(run.sequence().end, usize::MAX, &tracer, recording.journal(), |_| {
        if were_equal(&tracer) {
            let here = (words[0].len() + words[1].len()) % 2;
            words[here].push(store(&tracer).1);
            tracer.move_to([cpus.away, cpus.home][here]);
        }
        None
    });
    tracer.kill();
    recording.judge().unwrap_or_else(|error| panic!("{error}"));
    let [home, away] = words;
    assert_eq!((home.len(), away.len()), (3, 3), "other records were written in another way");
    let is_one = |words: &[u64]| words.iter().all(|it| *it == words[0]);
    assert!(is_one(&home) && is_one(&away) && home[0] != away[0], "{home:x?}, {away:x?}");
}

fn recording(cpus: Cpus, mode: Mode) -> Recording {
    Recording::in_sequences(env!("CARGO_BIN_EXE_stepped_tracepoints"), cpus.home, mode)
}
