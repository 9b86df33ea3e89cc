//! The path of a thread that runs freely and writes in restartable sequences, and how to stop it at any place of that path.
//!
//! ```text
//!   recorded by steps     begin --- ... --- [start, jump, store] --- ... --- end
//!                           |                 '- a step makes the thread fail here: the tracer stores for it
//!                           '- the name in the area says that an attempt begins
//!
//!   visited by running    from marker B to a breakpoint at the place: nothing interrupts the thread before
//! ```
//!
//! A thread that is stopped within an attempt, from its beginning to its store, must try again. So a step there leads to
//! another path than a breakpoint does ([`Path`](crate::path::Path)), and no breakpoint may be hit in an earlier attempt
//! ([`Routes`]).

use crate::effort::{Places, sample};
use crate::journal::{Journal, Phase};
use crate::path::MAX_STEPS;
use crate::registers::{address, set_breakpoint};
use crate::route::Routes;
use crate::sequence::{Sequence, is_end, is_system_call, name};
use crate::tracer::Tracer;
use std::collections::BTreeSet;
use std::ops::Range;

/// See the module page.
#[derive(Debug)]
pub struct FreeRun {
    /// Address of each instruction, from marker B. The turns of a repeated string instruction are one.
    addresses: Vec<u64>,
    is_in_attempt: Vec<bool>,
    is_system_call: Vec<bool>,
    region: Range<usize>,
    routes: Routes,
    sequence: Sequence,
    system_calls: usize,
}

impl FreeRun {
    /// Steps a tracee from marker B through the region, and lets it run to marker A.
    ///
    /// # Panics
    /// It does not write in sequences.
    pub fn record(tracer: &Tracer, journal: &Journal) -> Self {
        let (mut addresses, mut is_in_attempt) = (Vec::new(), Vec::new());
        let mut is_system_call_at = Vec::new();
        let (mut start, mut end) = (None, None);
        let mut sequence: Option<Sequence> = None;
        let mut attempts = false;
        // Those of the attempt, and those of all attempts that came to their store.
        let (mut calls, mut system_calls) = (0, 0);
        while end.is_none() {
            let address = address(tracer);
            let name = name(tracer, journal);
            if name != 0 {
                attempts = true;
                calls = 0;
                sequence.get_or_insert_with(|| Sequence::named(name, tracer));
            }
            match journal.phase() {
                Phase::Before => {}
                Phase::Region => start = start.or(Some(addresses.len())),
                Phase::Behind => end = Some(addresses.len()),
            }
            assert!(addresses.len() < MAX_STEPS, "the region does not end");
            if let Some(sequence) = sequence.filter(|it| it.start == address) {
                addresses.extend(sequence.instructions());
                sequence.carry_out(tracer);
                is_in_attempt.resize(addresses.len(), true);
                is_system_call_at.resize(addresses.len(), false);
                attempts = false;
                system_calls += calls;
                continue;
            }
            if addresses.last() != Some(&address) {
                addresses.push(address);
                is_in_attempt.push(attempts);
                is_system_call_at.push(is_system_call(tracer));
            }
            if attempts {
                attempts = !is_end(tracer);
                calls += usize::from(is_system_call(tracer));
            }
            tracer.step();
        }
        tracer.run(None);
        let may_stop: Vec<_> = is_in_attempt.iter().map(|it| !it).collect();
        Self {
            routes: Routes::new(&addresses, &may_stop),
            addresses,
            is_in_attempt,
            is_system_call: is_system_call_at,
            region: start.expect("there is a region")..end.expect("it ends"),
            sequence: sequence.expect("it writes in sequences"),
            system_calls,
        }
    }

    /// The sequence.
    pub fn sequence(&self) -> &Sequence {
        &self.sequence
    }

    /// The address of a place.
    pub fn address(&self, place: usize) -> u64 {
        self.addresses[place]
    }

    /// Whether a thread that is interrupted there must try again.
    pub fn is_in_attempt(&self, place: usize) -> bool {
        self.is_in_attempt[place]
    }

    /// Where in the region the kernel is called, as far as there are routes.
    pub fn system_call_places(&self) -> impl Iterator<Item = usize> {
        let places = self.region.clone();
        places.filter(|place| self.is_system_call[*place] && self.routes.to(*place).is_some())
    }

    /// System calls between the beginning of an attempt and its store. The kernel may let a sequence last over a call in
    /// which it switched threads.
    pub fn system_calls(&self) -> usize {
        self.system_calls
    }

    /// Runs a tracee that stands at marker B to a place. `false` if its path was another one.
    pub fn go_to(&self, place: usize, tracer: &Tracer, journal: &Journal) -> bool {
        let stops = self.routes.to(place).expect("a place with a route");
        stops.into_iter().all(|stop| {
            set_breakpoint(tracer, Some(self.addresses[stop]));
            tracer.run(None);
            set_breakpoint(tracer, None);
            journal.phase() != Phase::Behind && address(tracer) == self.addresses[stop]
        })
    }
}

impl Places for FreeRun {
    /// The instructions of each sequence and the one behind it; those shortly before an attempt; `limit` others in
    /// attempts; and fewer elsewhere.
    fn places(&self, limit: usize) -> Vec<usize> {
        const SHORTLY_BEFORE: usize = 4;
        let sequence = &self.sequence;
        let is_its = |place| (sequence.start..=sequence.end).contains(&self.addresses[place]);
        let leads_to_attempt = |place| {
            let mut from_here = self.is_in_attempt[place..].iter().take(SHORTLY_BEFORE + 1);
            from_here.next() == Some(&false) && from_here.any(|it| *it)
        };
        let is_always = |it: &usize| is_its(*it) || leads_to_attempt(*it);
        let region = self.region.clone().filter(|place| self.routes.to(*place).is_some());
        let (always, others): (Vec<_>, Vec<_>) = region.partition(is_always);
        let (attempts, others): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|it| self.is_in_attempt[*it]);
        let some = sample(&attempts, limit).into_iter().chain(sample(&others, limit / 4));
        always.into_iter().chain(some).collect::<BTreeSet<_>>().into_iter().collect()
    }
}
