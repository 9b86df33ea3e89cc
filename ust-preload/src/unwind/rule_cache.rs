//! The rules of addresses that were met before, for all threads.
//!
//! ```text
//!   hash(address) --> | check | rule |      check = spread(address, generation) ^ rule
//! ```
//!
//! An entry is two words, which two threads may write at a time, and a handler between them. So it says by itself whether its
//! words belong together, and to which address: the two, taken together, must give back the address. An entry that does not is
//! none. (Hyatt's lock-free hash table of chess programs.)
//!
//! Where an object was unloaded, another one may lie later. So all rules are forgotten then: a new generation begins.

use super::rule::Rule;
use crate::mixed::mixed;
use ust_core::sync::{AtomicU64, Ordering};

/// A power of two. Python has some thousand places that lead to `malloc`.
const ENTRIES: usize = 1 << 13;

struct Entry {
    check: AtomicU64,
    rule: AtomicU64,
}

static TABLE: [Entry; ENTRIES] =
    [const { Entry { check: AtomicU64::new(0), rule: AtomicU64::new(0) } }; ENTRIES];

static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Forgets all rules: an object may have gone.
pub fn forget() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// The generation in which rules are looked for now.
#[inline(always)]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// The rule of an address, if it is here.
#[inline(always)]
pub fn find(address: usize, generation: u64) -> Option<Rule> {
    let key = key(address, generation);
    let entry = &TABLE[key as usize % ENTRIES];
    let rule = entry.rule.load(Ordering::Relaxed);
    // No rule is 0.
    (entry.check.load(Ordering::Relaxed) ^ rule == key && rule != 0).then(|| Rule::of_word(rule))
}

/// Keeps a rule, in the place of another one.
pub fn keep(address: usize, generation: u64, rule: Rule) {
    let key = key(address, generation);
    let entry = &TABLE[key as usize % ENTRIES];
    let rule = rule.to_word();
    entry.rule.store(rule, Ordering::Relaxed);
    entry.check.store(key ^ rule, Ordering::Relaxed);
}

/// Addresses have 48 bits.
#[inline(always)]
fn key(address: usize, generation: u64) -> u64 {
    mixed(address as u64 ^ generation << 48)
}
