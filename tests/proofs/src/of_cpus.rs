//! What the proofs of CPUs' streams share: two CPUs, and the scenarios.

use crate::scenario::{AFTER_SILENCE, Drained, Op, SWITCHES_THEN_FULL, Scenario};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use ust_core::abi::Mode;

/// The CPU that the program runs on, and another.
#[derive(Debug, Clone, Copy)]
pub struct Cpus {
    /// Where it begins.
    pub home: usize,
    /// Where it is moved.
    pub away: usize,
}

impl Cpus {
    /// `None`, with a line that says so, if there is only one.
    pub fn find() -> Option<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).expect("the own thread");
        let mut cpus = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        let found = cpus.next().zip(cpus.next()).map(|(home, away)| Cpus { home, away });
        if found.is_none() {
            eprintln!("SKIPPED: there is no second CPU");
        }
        found
    }
}

/// Longer than any test's round.
const PATIENCE: Mode = Mode::Block { timeout_ms: 60_000 };

/// What its program emits, by what a writer does that finds no room.
const SCENARIOS: &[(Mode, &[Scenario])] =
    &[(Mode::Discard, DISCARDING), (Mode::Overwrite, OVERWRITING), (PATIENCE, WAITING)];

/// Each scenario.
pub fn everything() -> impl Iterator<Item = (Mode, &'static Scenario)> {
    let of_mode = |(mode, scenarios): &'static (Mode, &'static [Scenario])| {
        scenarios.iter().map(move |scenario| (*mode, scenario))
    };
    SCENARIOS.iter().flat_map(of_mode)
}

const DISCARDING: &[Scenario] = &[
    Scenario {
        name: "hot path of a CPU's stream",
        before: &[Op::Fixed],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Body(60), Op::Fixed],
        handler: Op::Body(3),
    },
    Scenario {
        name: "first event on a CPU",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Fixed, Op::Fixed],
        handler: Op::Fixed,
    },
    SWITCHES_THEN_FULL,
    Scenario {
        name: "a switch with every record",
        before: &[],
        drained: Drained::Not,
        region: &[Op::Body(2100), Op::Body(2100), Op::Body(1000), Op::Body(2100)],
        handler: Op::Body(300),
    },
    AFTER_SILENCE,
];

const OVERWRITING: &[Scenario] = &[
    Scenario {
        name: "the oldest sub-buffer is recycled, for the first time and again",
        before: &[Op::Body(3800), Op::Body(3800)],
        drained: Drained::Not,
        region: &[Op::Body(300), Op::Fixed, Op::Body(3700), Op::Fixed],
        handler: Op::Fixed,
    },
    Scenario {
        name: "every record recycles, and so do those that interrupt it",
        before: &[Op::Body(2100), Op::Body(2500), Op::Body(2080)],
        drained: Drained::Not,
        region: &[Op::Body(2700), Op::Body(2060), Op::Body(2300)],
        handler: Op::Body(2200),
    },
];

const WAITING: &[Scenario] = &[Scenario {
    name: "waits for room twice",
    before: &[Op::Body(3800), Op::Body(3800)],
    drained: Drained::Not,
    region: &[Op::Body(300), Op::Fixed, Op::Body(3700), Op::Body(3700), Op::Fixed],
    handler: Op::Fixed,
}];
