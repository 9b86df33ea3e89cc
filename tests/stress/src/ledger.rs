//! The ledger: in a file that outlives the traced program, how far each source has come.
//!
//! ```text
//!   source = 4 * block + depth        block: one of a thread's own; depth: the thread itself, or a signal's handler
//!   ledger[source] = begun, returned  a call is begun before it is made, and noted when it has returned
//! ```
//!
//! After a kill, each source has at most one call that was begun and has not returned.

use std::io;
use std::path::Path;
use ust_core::sync::{AtomicU64, Ordering};
use ust_test_support::words::Words;

/// Depths of nesting that have numbers of their own: the thread, SIGUSR1, SIGUSR2, SIGALRM.
pub const DEPTHS: u32 = 4;

/// The most blocks of sources.
pub const BLOCKS: u32 = 256;

const SOURCES: usize = (BLOCKS * DEPTHS) as usize;

/// See the module page.
#[derive(Debug)]
pub struct Ledger(Words);

/// How far one source has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// Calls made.
    pub begun: u64,
    /// Calls that have returned.
    pub returned: u64,
}

impl Ledger {
    /// An empty one in a new file.
    ///
    /// # Errors
    /// No room.
    pub fn create(path: &Path) -> io::Result<Self> {
        Words::create(path, 2 * SOURCES).map(Self)
    }

    /// The one in this file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        Words::open(path).map(Self)
    }

    fn begun(&self, source: u32) -> &AtomicU64 {
        &self.0.get()[2 * source as usize]
    }

    fn returned(&self, source: u32) -> &AtomicU64 {
        &self.0.get()[2 * source as usize + 1]
    }

    /// Begins a call of `source`, and returns the call's number. One thread at a time makes the calls of a source.
    pub fn begin(&self, source: u32) -> u64 {
        let begun = self.begun(source);
        // Relaxed: read after the writer's death or end.
        let sequence = begun.load(Ordering::Relaxed);
        begun.store(sequence + 1, Ordering::Relaxed);
        // A kill finds the stores in program order, if the compiler leaves them in that order.
        ust_core::sync::compiler_fence(Ordering::SeqCst);
        sequence
    }

    /// Notes that the call has returned.
    pub fn end(&self, source: u32, sequence: u64) {
        ust_core::sync::compiler_fence(Ordering::SeqCst);
        self.returned(source).store(sequence + 1, Ordering::Relaxed);
    }

    /// How far a source has come.
    pub fn account(&self, source: u32) -> Account {
        Account {
            begun: self.begun(source).load(Ordering::Relaxed),
            returned: self.returned(source).load(Ordering::Relaxed),
        }
    }

    /// All sources that have begun anything.
    pub fn accounts(&self) -> impl Iterator<Item = (u32, Account)> {
        (0..SOURCES as u32)
            .map(|source| (source, self.account(source)))
            .filter(|(_, account)| account.begun > 0)
    }
}
