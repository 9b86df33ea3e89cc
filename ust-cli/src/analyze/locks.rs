//! `ust analyze locks`: for which locks threads waited, how long, and who held them.
//!
//! A call that takes a lock has waited if somebody held the lock before (`held_by`). A rwlock that is read, and a spin lock,
//! do not say who holds them: of these, a call of [`WAIT_NS_MIN`] or more has waited. Only waits are counted as waiting time,
//! for an uncontended call takes some time as well. How long a lock was held is in the event of its release.

use super::feed::{Call, Figures};
use super::sites::{Site, Sites};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// What is shorter was no wait.
const WAIT_NS_MIN: u64 = 10_000;

/// Who takes a robust mutex from a thread that has died, has it.
const OWNER_DIED: i64 = libc::EOWNERDEAD as i64;

/// See the module page.
#[derive(Debug, Default)]
pub struct Locks {
    locks: HashMap<u64, Lock>,
}

#[derive(Debug, Default)]
struct Lock {
    kind: &'static str,
    acquisitions: u64,
    failed: u64,
    waits: u64,
    wait_ns: u64,
    longest_wait_ns: u64,
    holds: u64,
    held_ns: u64,
    longest_hold: (u64, Option<u64>),
    /// By the thread that made others wait.
    holders: HashMap<u64, (u64, u64)>,
    waiters: HashMap<u32, (u64, u64)>,
}

impl Figures for Locks {
    const PROVIDER: &'static str = "pthread";

    fn call(&mut self, call: &Call<'_>, sites: &mut Sites) {
        let kinds = ["mutex", "rwlock", "spinlock"];
        let lock = kinds.into_iter().find_map(|kind| Some((kind, call.number(kind)?)));
        let Some((kind, address)) = lock else { return };
        let held = call.signed("held");
        let takes = call.number("held_by").is_some();
        if !takes && held.is_none() {
            return;
        }
        let lock = self.locks.entry(address).or_default();
        lock.kind = kind;
        // A hold of unknown length is negative.
        if let Some(held_ns) = held.and_then(|ns| u64::try_from(ns).ok()) {
            lock.holds += 1;
            lock.held_ns = lock.held_ns.saturating_add(held_ns);
            if held_ns > lock.longest_hold.0 {
                lock.longest_hold = (held_ns, call.tid());
            }
        }
        if takes {
            lock.taken(call, sites);
        }
    }
}

impl Lock {
    fn taken(&mut self, call: &Call<'_>, sites: &mut Sites) {
        match call.signed("result") {
            Some(OWNER_DIED | 0) | None => self.acquisitions += 1,
            Some(_) => self.failed += 1,
        }
        let holder = call.number("held_by").unwrap_or_default();
        // A call that only tries has no duration.
        let Some(wait_ns) = call.number("duration") else { return };
        let is_mutex = self.kind == "mutex";
        // A recursive mutex is taken again by its holder.
        let is_own = holder != 0 && call.tid() == Some(holder);
        if is_own || holder == 0 && (is_mutex || wait_ns < WAIT_NS_MIN) {
            return;
        }
        self.waits += 1;
        self.wait_ns = self.wait_ns.saturating_add(wait_ns);
        self.longest_wait_ns = self.longest_wait_ns.max(wait_ns);
        if holder != 0 {
            add(self.holders.entry(holder).or_default(), wait_ns);
        }
        let site = sites.number(call.number("call_site").unwrap_or_default());
        add(self.waiters.entry(site).or_default(), wait_ns);
    }
}

fn add((count, sum_ns): &mut (u64, u64), ns: u64) {
    *count += 1;
    *sum_ns = sum_ns.saturating_add(ns);
}

/// What is reported of a process.
#[derive(Debug, Serialize)]
pub struct LocksReport {
    /// How many locks there were.
    pub locks: u64,
    /// Waits for all of them.
    pub waits: u64,
    /// Their time.
    pub wait_ns: u64,
    /// Those that threads waited for longest.
    pub most_contended: Vec<LockReport>,
}

/// A lock.
#[derive(Debug, Serialize)]
pub struct LockReport {
    /// Its address, in hexadecimal digits.
    pub address: String,
    /// `mutex`, `rwlock`, `spinlock`.
    pub kind: &'static str,
    /// Times it was taken.
    pub acquisitions: u64,
    /// Attempts to take it that failed.
    pub failed: u64,
    /// Calls that waited.
    pub waits: u64,
    /// Their time.
    pub wait_ns: u64,
    /// The longest.
    pub longest_wait_ns: u64,
    /// Releases that say how long it was held.
    pub holds: u64,
    /// Their time.
    pub held_ns: u64,
    /// The longest.
    pub longest_hold_ns: u64,
    /// Whose that was.
    pub longest_held_by: Option<u64>,
    /// Threads for which others waited.
    pub held_by: Vec<Holder>,
    /// Where threads waited.
    pub waiters: Vec<Waiters>,
}

/// A thread that made others wait.
#[derive(Debug, Serialize)]
pub struct Holder {
    /// Its thread id.
    pub tid: u64,
    /// Its name, if the trace has it: the main thread's is the process's.
    pub name: Option<String>,
    /// Waits that found it holding the lock.
    pub waits: u64,
    /// Their time.
    pub wait_ns: u64,
}

/// A call site that waited.
#[derive(Debug, Serialize)]
pub struct Waiters {
    /// Waits.
    pub waits: u64,
    /// Their time.
    pub wait_ns: u64,
    /// Where.
    pub site: Site,
}

impl Locks {
    /// The figures, with at most so many locks, and of each so many threads and call sites.
    pub fn report(self, sites: &Sites, pid: Option<u64>, name: &str, top: usize) -> LocksReport {
        let (waits, wait_ns) = self.locks.values().fold((0_u64, 0_u64), |(waits, ns), lock| {
            (waits.saturating_add(lock.waits), ns.saturating_add(lock.wait_ns))
        });
        let count = self.locks.len() as u64;
        let mut all: Vec<_> = self.locks.into_iter().collect();
        all.sort_by_key(|(address, lock)| (Reverse((lock.wait_ns, lock.acquisitions)), *address));
        all.truncate(top);
        let of_lock = |(address, lock): (u64, Lock)| {
            let holders = longest(lock.holders, top).into_iter();
            let holder = |(tid, (waits, wait_ns))| {
                let name = (Some(tid) == pid).then(|| name.to_owned());
                Holder { tid, name, waits, wait_ns }
            };
            let waiters = longest(lock.waiters, top).into_iter();
            let waiter =
                |(site, (waits, wait_ns))| Waiters { waits, wait_ns, site: sites.site(site) };
            LockReport {
                address: format!("{address:#x}"),
                kind: lock.kind,
                acquisitions: lock.acquisitions,
                failed: lock.failed,
                waits: lock.waits,
                wait_ns: lock.wait_ns,
                longest_wait_ns: lock.longest_wait_ns,
                holds: lock.holds,
                held_ns: lock.held_ns,
                longest_hold_ns: lock.longest_hold.0,
                longest_held_by: lock.longest_hold.1,
                held_by: holders.map(holder).collect(),
                waiters: waiters.map(waiter).collect(),
            }
        };
        LocksReport {
            locks: count,
            waits,
            wait_ns,
            most_contended: all.into_iter().map(of_lock).collect(),
        }
    }
}

/// Those with the longest time.
fn longest<K: Ord + Copy>(of: HashMap<K, (u64, u64)>, top: usize) -> Vec<(K, (u64, u64))> {
    let mut all: Vec<_> = of.into_iter().collect();
    all.sort_by_key(|(key, (_, ns))| (Reverse(*ns), *key));
    all.truncate(top);
    all
}
