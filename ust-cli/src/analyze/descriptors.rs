//! What a process's descriptors stand for, and what was done with each.
//!
//! A number that is closed and given again is another descriptor. Of those that were closed, the busiest are kept; the
//! others are counted together, so that a program that opens files all day needs no more memory than one that does not.

use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;

/// How many closed descriptors are kept. Twice as many are held until the others are dropped.
const KEPT: usize = 1024;

/// A descriptor, from its opening to its closing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Descriptor {
    /// Its number.
    pub fd: i64,
    /// What it stands for: a path, an address, or how it was made.
    pub stands_for: String,
    /// Calls on it.
    pub calls: u64,
    /// Of these, those that failed.
    pub errors: u64,
    /// Bytes that were read from it.
    pub read_bytes: u64,
    /// Bytes that were written to it.
    pub written_bytes: u64,
    /// The time that calls took.
    pub duration_ns: u64,
}

/// See the module page.
#[derive(Debug, Default)]
pub struct Descriptors {
    open: HashMap<i64, Descriptor>,
    closed: Vec<Descriptor>,
    others: Others,
}

/// Descriptors that are not listed.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Others {
    /// How many.
    pub descriptors: u64,
    /// Calls on them.
    pub calls: u64,
    /// Bytes that were read from them.
    pub read_bytes: u64,
    /// Bytes that were written to them.
    pub written_bytes: u64,
    /// The time that calls took.
    pub duration_ns: u64,
}

impl Others {
    fn add(&mut self, one: &Descriptor) {
        self.descriptors += 1;
        self.calls = self.calls.saturating_add(one.calls);
        self.read_bytes = self.read_bytes.saturating_add(one.read_bytes);
        self.written_bytes = self.written_bytes.saturating_add(one.written_bytes);
        self.duration_ns = self.duration_ns.saturating_add(one.duration_ns);
    }
}

impl Descriptors {
    /// A new one, in place of any that had this number.
    pub fn open(&mut self, fd: i64, stands_for: String) {
        self.close(fd);
        self.open.insert(fd, Descriptor { fd, stands_for, ..Descriptor::default() });
    }

    /// Its number is free.
    pub fn close(&mut self, fd: i64) {
        let Some(closed) = self.open.remove(&fd).filter(|closed| closed.calls > 0) else { return };
        self.closed.push(closed);
        if self.closed.len() >= 2 * KEPT {
            self.closed.sort_by_key(busiest);
            let others = &mut self.others;
            self.closed.drain(KEPT..).for_each(|one| others.add(&one));
        }
    }

    /// One that calls are made on.
    pub fn of(&mut self, fd: i64) -> &mut Descriptor {
        self.open.entry(fd).or_insert_with(|| {
            let stands_for = unseen(fd).to_owned();
            Descriptor { fd, stands_for, ..Descriptor::default() }
        })
    }

    /// What it stands for.
    pub fn stands_for(&self, fd: i64) -> &str {
        self.open.get(&fd).map_or(unseen(fd), |one| &one.stands_for)
    }

    /// The busiest, at most so many, and what the others did.
    pub fn busiest(mut self, top: usize) -> (Vec<Descriptor>, Others) {
        let open = self.open.into_values().filter(|one| one.calls > 0);
        self.closed.extend(open);
        self.closed.sort_by_key(busiest);
        let mut others = self.others;
        self.closed.drain(top.min(self.closed.len())..).for_each(|one| others.add(&one));
        (self.closed, others)
    }
}

fn busiest(one: &Descriptor) -> impl Ord + use<> {
    let bytes = one.read_bytes.saturating_add(one.written_bytes);
    (Reverse(one.duration_ns), Reverse(bytes), Reverse(one.calls), one.fd)
}

/// What a descriptor stands for that nobody saw opened.
fn unseen(fd: i64) -> &'static str {
    match fd {
        0 => "standard input",
        1 => "standard output",
        2 => "standard error",
        _ => "opened unseen",
    }
}
