//! The path: which instructions the region has, and how to get to one of them quickly.
//!
//! ```text
//!   marker B --- 0 --- 1 --- 2 --- ... --- i --- ... --- marker A
//!                          ^ landmark: a hardware breakpoint at its address, hit for the nth time
//!                           \----------> i             the rest by single steps
//! ```
//!
//! The first time, each instruction is stepped and its address noted. From then on the processor runs to an address by
//! itself: a step costs tens of microseconds on a virtual machine, and a test visits each instruction of the region from
//! the start. The next run may take another path, because the clock calls for another header. Then [`Path::go_to`] says
//! that it missed the place.

use crate::effort::{Places, sample};
use crate::journal::{Journal, Phase};
use crate::registers::{address, set_breakpoint};
use crate::tracer::Tracer;
use std::collections::HashMap;

/// `None`, with a line that says so, if paths cannot be recorded on this kind of machine.
pub fn require_support() -> Option<()> {
    let is_supported = cfg!(target_arch = "x86_64");
    if !is_supported {
        eprintln!("SKIPPED: single steps are taken on x86-64 only");
    }
    is_supported.then_some(())
}

/// Hits that cost about as much as this many steps.
const STEPS_A_HIT: usize = 3;

/// Steps that setting a breakpoint costs.
const STEPS_A_BREAKPOINT: usize = 5;

/// The most steps of a region. After them it counts as endless.
pub(crate) const MAX_STEPS: usize = 2_000_000;

/// See the module page.
#[derive(Debug)]
pub struct Path {
    /// Address of the instruction that comes next after so many steps from marker B.
    addresses: Vec<u64>,
    /// How often it had come before. A repeated string instruction counts once.
    visits: Vec<usize>,
    /// Whether it is the same instruction as before: the next turn of a repeated string instruction.
    is_repeat: Vec<bool>,
    region: std::ops::Range<usize>,
}

impl Path {
    /// Steps a tracee from marker B through the region, and lets it run to marker A.
    pub fn record(tracer: &Tracer, journal: &Journal) -> Self {
        let mut path =
            Path { addresses: Vec::new(), visits: Vec::new(), is_repeat: Vec::new(), region: 0..0 };
        let mut seen = HashMap::new();
        let (mut start, mut end) = (None, None);
        while end.is_none() {
            let address = address(tracer);
            let steps = path.addresses.len();
            let is_repeat = path.addresses.last() == Some(&address);
            let visits: &mut usize = seen.entry(address).or_default();
            path.visits.push(if is_repeat { *visits - 1 } else { *visits });
            *visits += usize::from(!is_repeat);
            path.addresses.push(address);
            path.is_repeat.push(is_repeat);
            match journal.phase() {
                Phase::Before => {}
                Phase::Region => start = start.or(Some(steps)),
                Phase::Behind => end = Some(steps),
            }
            assert!(steps < MAX_STEPS, "the region does not end");
            tracer.step();
        }
        tracer.run(None);
        path.region = start.expect("there is a region")..end.expect("it ends");
        path
    }

    /// Runs a tracee that stands at marker B to a place. `false` if its path was another one.
    pub fn go_to(&self, place: usize, tracer: &Tracer, journal: &Journal) -> bool {
        let landmark = self
            .landmark(place)
            // Without breakpoints it takes longer.
            .filter(|at| set_breakpoint(tracer, Some(self.addresses[*at])));
        if let Some(at) = landmark {
            for _ in 0..=self.visits_behind_marker(at) {
                tracer.run(None);
                if journal.phase() == Phase::Behind {
                    break;
                }
            }
            set_breakpoint(tracer, None);
        }
        for _ in landmark.unwrap_or(0)..place {
            if journal.phase() == Phase::Behind {
                return false;
            }
            tracer.step();
        }
        journal.phase() == Phase::Region && address(tracer) == self.addresses[place]
    }

    /// The place from which it is cheapest to step on; none if that is marker B itself.
    fn landmark(&self, place: usize) -> Option<usize> {
        let cost =
            |at: usize| STEPS_A_BREAKPOINT + STEPS_A_HIT * (self.visits[at] + 1) + place - at;
        (1..=place)
            .rev()
            .take_while(|at| place - at < 10_000)
            .filter(|at| !self.is_repeat[*at])
            .min_by_key(|at| cost(*at))
            .filter(|at| cost(*at) < place)
    }

    /// A breakpoint is not hit where the tracee already stands.
    fn visits_behind_marker(&self, at: usize) -> usize {
        self.visits[at] - usize::from(self.addresses[at] == self.addresses[0])
    }
}

impl Places for Path {
    /// Every instruction of the region, and of a repeated string instruction a few turns.
    fn places(&self, limit: usize) -> Vec<usize> {
        let mut turns = 0;
        let mut places = Vec::new();
        for place in self.region.clone() {
            turns = if self.is_repeat[place] { turns + 1 } else { 0 };
            // The first turns, and some of the later ones.
            if turns < 2 || turns % 509 == 0 {
                places.push(place);
            }
        }
        sample(&places, limit)
    }
}
