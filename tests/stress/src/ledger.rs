//! The ledger: in a file that outlives the traced program, how far each source has come.
//!
//! ```text
//!   source = 4 * block + depth        block: one of a thread's own; depth: the thread itself, or a signal's handler
//!   ledger[source] = begun, returned  a call is begun before it is made, and noted when it has returned
//! ```
//!
//! Whatever is killed, of each source at most one call is begun and not returned.

use memmap2::{MmapOptions, MmapRaw};
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use ust_core::sync::{AtomicU64, Ordering};

/// Depths of nesting that have numbers of their own: the thread, SIGUSR1, SIGUSR2, SIGALRM.
pub const DEPTHS: u32 = 4;

/// The most blocks of sources.
pub const BLOCKS: u32 = 128;

const SOURCES: usize = (BLOCKS * DEPTHS) as usize;

/// See the module page.
#[derive(Debug)]
pub struct Ledger(MmapRaw);

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
    /// No room, or the file is there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        file.set_len((SOURCES * size_of::<[AtomicU64; 2]>()) as u64)?;
        Ok(Self(MmapOptions::new().map_raw(&file)?))
    }

    /// The one in this file.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Self(MmapOptions::new().map_raw(&file)?))
    }

    fn words(&self) -> &[[AtomicU64; 2]; SOURCES] {
        // SAFETY: the file has that many bytes, and both sides touch them by atomics only.
        unsafe { &*self.0.as_ptr().cast() }
    }

    /// Begins a call of `source`, which is made by one thread at a time: its number.
    pub fn begin(&self, source: u32) -> u64 {
        let begun = &self.words()[source as usize][0];
        // Relaxed: read after the writer's death or end.
        let sequence = begun.load(Ordering::Relaxed);
        begun.store(sequence + 1, Ordering::Relaxed);
        // A kill finds the stores in program order; the compiler is to leave them so.
        ust_core::sync::compiler_fence(Ordering::SeqCst);
        sequence
    }

    /// Notes that the call has returned.
    pub fn end(&self, source: u32, sequence: u64) {
        ust_core::sync::compiler_fence(Ordering::SeqCst);
        self.words()[source as usize][1].store(sequence + 1, Ordering::Relaxed);
    }

    /// How far a source has come.
    pub fn account(&self, source: u32) -> Account {
        let [begun, returned] = &self.words()[source as usize];
        Account { begun: begun.load(Ordering::Relaxed), returned: returned.load(Ordering::Relaxed) }
    }

    /// All sources that have begun anything.
    pub fn accounts(&self) -> impl Iterator<Item = (u32, Account)> {
        (0..SOURCES as u32)
            .map(|source| (source, self.account(source)))
            .filter(|(_, account)| account.begun > 0)
    }
}
