//! The rules of addresses that were met before, for all threads.
//!
//! ```text
//!   spread(address) = key
//!     '--upper bits--> | check | rule | next |      check = key ^ rule
//!                                        '--> the entry of the caller that was met last
//! ```
//!
//! An entry is two words, which two threads may write at a time, and a handler between them. So it says by itself whether its
//! words belong together, and to which address: the two, taken together, must give back the key. An entry that does not is
//! none. (Hyatt's lock-free hash table of chess programs.)
//!
//! **A walk would be as slow as its memory is late**: a frame's rule says where the return address is, and only that says which
//! rule is next. So an entry has a guess of the caller's entry, which is mostly right, and goes to the caller's address only to be
//! checked. The processor does not wait for that.
//!
//! Where an object was unloaded, another one may lie later. So all rules are forgotten then.

use super::rule::Rule;
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

/// Python has some thousand places that lead to `malloc`.
const ENTRIES: usize = 1 << ENTRIES_BITS;
const ENTRIES_BITS: u32 = 13;

/// An odd number: what is multiplied by it keeps apart, and the upper bits of the product depend on all others.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[repr(C, align(32))]
struct Entry {
    check: AtomicU64,
    rule: AtomicU64,
    next: AtomicU32,
}

static TABLE: [Entry; ENTRIES] = [const {
    Entry { check: AtomicU64::new(0), rule: AtomicU64::new(0), next: AtomicU32::new(0) }
}; ENTRIES];

/// Forgets all rules: an object has gone.
pub fn forget() {
    for entry in &TABLE {
        // Entries that were never used are memory that was never touched.
        if entry.rule.load(Ordering::Relaxed) != 0 {
            entry.rule.store(0, Ordering::Relaxed);
        }
    }
}

/// The entry in which a walk is.
#[derive(Clone, Copy)]
pub struct Place(usize);

impl Place {
    /// At the beginning of a walk.
    pub const START: Self = Self(0);

    /// The rule of an address and its place, if it is where it was last.
    #[inline(always)]
    pub fn guessed(self, address: usize) -> Option<(Rule, Self)> {
        let next = TABLE[self.0 % ENTRIES].next.load(Ordering::Relaxed) as usize % ENTRIES;
        Some((TABLE[next].rule_of(key(address))?, Self(next)))
    }

    /// The rule of an address, if it is here. It is guessed the next time.
    pub fn find(&mut self, address: usize) -> Option<Rule> {
        let key = key(address);
        let at = index(key);
        TABLE[self.0 % ENTRIES].next.store(at as u32, Ordering::Relaxed);
        self.0 = at;
        TABLE[at].rule_of(key)
    }
}

/// Keeps the rule of an address, in the place of another one.
pub fn keep(address: usize, rule: Rule) {
    let key = key(address);
    let entry = &TABLE[index(key)];
    let rule = rule.to_word();
    entry.rule.store(rule, Ordering::Relaxed);
    entry.check.store(key ^ rule, Ordering::Relaxed);
}

impl Entry {
    /// The rule in it, if it is of this key.
    #[inline(always)]
    fn rule_of(&self, key: u64) -> Option<Rule> {
        let rule = self.rule.load(Ordering::Relaxed);
        let is_whole = self.check.load(Ordering::Relaxed) ^ rule == key;
        Rule::of_word(if is_whole { rule } else { 0 })
    }
}

#[inline(always)]
fn index(key: u64) -> usize {
    (key >> (u64::BITS - ENTRIES_BITS)) as usize
}

#[inline(always)]
fn key(address: usize) -> u64 {
    (address as u64).wrapping_mul(SPREAD)
}
