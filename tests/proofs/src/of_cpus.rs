//! What the proofs of CPUs' streams share: two CPUs, and the scenarios.

use crate::scenario::{AFTER_SILENCE, Drained, Op, Scenario};
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;

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

/// What its program emits.
pub const SCENARIOS: &[Scenario] = &[
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
    AFTER_SILENCE,
];
