//! A traced program whose threads write to the streams of CPUs in restartable sequences, stopped at every instruction that a
//! freely running thread comes by. There it is killed, or goes on: at once, behind a handler that emits into the same
//! stream, on another CPU, or behind a reader. And the same at attempt after attempt, until an event takes the locked way.

use nix::sched::{CpuSet, sched_getaffinity};
use nix::sys::signal::Signal::{self, SIGUSR1};
use nix::unistd::Pid;
use std::cell::RefCell;
use ust_proofs::free_run::FreeRun;
use ust_proofs::journal::{Journal, Phase};
use ust_proofs::recording::Recording;
use ust_proofs::registers::{set_breakpoint, store, were_equal};
use ust_proofs::scenario::{Drained, Op, Scenario};
use ust_proofs::sequence::name;
use ust_proofs::stage::visit;
use ust_proofs::tracer::Tracer;

const HOT_PATH: Scenario = Scenario {
    name: "hot path of a CPU's stream",
    before: &[Op::Fixed],
    drained: Drained::Not,
    region: &[Op::Fixed, Op::Body(60), Op::Fixed],
    handler: Op::Body(3),
};

const SCENARIOS: &[Scenario] = &[
    HOT_PATH,
    Scenario {
        name: "first event on a CPU",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "a switch with a pad, then a full ring",
        before: &[Op::Body(3800)],
        drained: Drained::Not,
        region: &[Op::Body(300), Op::Body(3700), Op::Body(200), Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "a switch with every record",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Body(2100), Op::Body(2100), Op::Body(1000), Op::Body(2100)],
        handler: Op::Body(300),
    },
    Scenario {
        name: "after a long silence",
        before: &[Op::Fixed, Op::Pause],
        drained: Drained::Not,
        region: &[Op::Fixed],
        handler: Op::Fixed,
    },
];

/// Places of each scenario beside those of the sequences; all of them in a full run.
const LIMIT: usize = 60;

/// The same of scenarios that take long.
const LIMIT_OF_LONG: usize = 12;

/// The CPU that the program runs on, and another.
#[derive(Debug, Clone, Copy)]
struct Cpus {
    home: usize,
    away: usize,
}

impl Cpus {
    /// `None`, with a line that says so, if there is only one.
    fn find() -> Option<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).expect("the own thread");
        let mut cpus = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        let found = cpus.next().zip(cpus.next()).map(|(home, away)| Cpus { home, away });
        if found.is_none() {
            eprintln!("SKIPPED: there is no second CPU");
        }
        found
    }
}

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

/// Stops the program at each place, does `there`, lets it run to the end of the region, and kills it. The trace must be right,
/// and the sequences' instructions must have been reached.
fn at_each_place(there: impl Fn(&mut Stopped<'_>) -> Result<(), String>) {
    let Some(cpus) = Cpus::find() else { return };
    for scenario in SCENARIOS {
        let recording = RefCell::new(recording(cpus));
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

fn recording(cpus: Cpus) -> Recording {
    Recording::in_sequences(env!("CARGO_BIN_EXE_stepped_tracepoints"), cpus.home)
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
        if stopped.run.sequence().instructions().contains(&stopped.address) {
            stopped.run.sequence().step_to_abort(stopped.tracer)?;
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

/// Interrupted at the beginning of the sequence in each of its first attempts, by handlers that interrupt each other, by moves
/// to and fro, and by both in turn.
#[test]
fn a_thread_may_be_interrupted_in_attempt_after_attempt() {
    let Some(cpus) = Cpus::find() else { return };
    for scenario in SCENARIOS.iter().filter(|it| !it.before.contains(&Op::Pause)) {
        let mut recording = recording(cpus);
        let Some(run) = recording.free_run(scenario) else { return };
        // The fewest events of a scenario try nine times.
        let cases = (1..=8).flat_map(|times| [(times, 1), (times, 2), (times, 3)]);
        for (times, kind) in cases {
            let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
            let mut deepest = 0;
            let hits =
                at_each_time(run.sequence().start, times, &tracer, recording.journal(), |nth| {
                    let is_signal = kind == 1 || kind == 3 && nth % 2 == 0;
                    if !is_signal {
                        tracer.move_to([cpus.away, cpus.home][nth % 2]);
                    }
                    deepest += u32::from(is_signal);
                    is_signal.then_some(SIGUSR1)
                });
            let context = format!("{}, {times} times, kind {kind}", scenario.name);
            assert_eq!(hits, times, "{context}: there were not so many attempts");
            assert_eq!(name(&tracer, recording.journal()), 0, "{context}: the area has a name");
            assert!(recording.journal().deepest() <= deepest, "{context}");
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
    for scenario in SCENARIOS {
        let mut recording = recording(cpus);
        let Some(run) = recording.free_run(scenario) else { return };
        let tracer = recording.begin(scenario).expect("it could be traced a moment ago");
        let events = scenario.region.len();
        let most = events * MAX_ATTEMPTS + 1;
        let hits = at_each_time(run.sequence().start, most, &tracer, recording.journal(), |_| None);
        let name = scenario.name;
        eprintln!("{name}: {events} events, {hits} attempts");
        assert!(hits < most, "{name}: {hits} attempts, and more, for {events} events");
        tracer.kill();
        let records = recording.judge().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(records > 0, "{name}: all were lost");
    }
}

/// Stops a tracee that stands at marker B at an address, at most so many times, and runs it to marker A. `there` may choose a
/// signal. Returns how often it was stopped.
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

/// What all of these proofs rest on: a thread that nobody stops writes its records in sequences, and no system call, over which
/// a sequence might last, comes between an attempt's beginning and its store.
#[test]
fn a_free_thread_writes_in_sequences_without_system_calls() {
    let Some(cpus) = Cpus::find() else { return };
    for scenario in SCENARIOS {
        let mut recording = recording(cpus);
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
        let records = recording.judge().unwrap_or_else(|error| panic!("{name}: {error}"));
        let before = scenario.before.iter().filter(|op| **op != Op::Pause).count();
        eprintln!("{name}: {stores} stores, {} records in the region", records - before);
        assert_eq!(stores, records - before, "{name}: another way was taken");
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
    let mut recording = recording(cpus);
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
