//! A program's progress, which outlives the program: words in a file that it has mapped. The test reads the file as any
//! other.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use ust_core::sync::Ordering;
use ust_test_support::words::Words;

/// Words that are noted.
pub const WORDS: usize = 32;

/// The word that a test sets to have an endless program end.
pub const END: usize = WORDS - 2;

/// The words, in the program.
#[derive(Debug, Clone, Copy)]
pub struct Progress(&'static Words);

impl Progress {
    /// Makes the file, all words 0.
    pub fn create(path: &Path) -> Self {
        let words = Words::create(path, WORDS).expect("the progress file can be made");
        Self(Box::leak(Box::new(words)))
    }

    /// Notes a word.
    #[inline(always)]
    pub fn note(self, word: usize, value: u64) {
        // Release: what was done before is not noted late.
        self.0.get()[word].store(value, Ordering::Release);
    }

    /// A word, which a test may have [`set`].
    pub fn word(self, word: usize) -> u64 {
        self.0.get()[word].load(Ordering::Acquire)
    }
}

/// An endless program ends after that, because its test may have been killed. Longer than any test takes.
const LONG_ENOUGH: Duration = Duration::from_secs(1800);

/// In an endless program: tells when its test is gone, and cannot end it any more.
#[derive(Debug)]
pub struct Lease {
    progress: PathBuf,
    since: Instant,
}

impl Lease {
    /// Goes on for as long as the progress file is there: a test that ends or fails removes its directory.
    pub fn begin(progress: &Path) -> Self {
        Self { progress: progress.to_owned(), since: Instant::now() }
    }

    /// Whether the program is to end. Costs a system call.
    pub fn is_over(&self) -> bool {
        !self.progress.exists() || self.since.elapsed() > LONG_ENOUGH
    }
}

/// In the test: sets a word.
pub fn set(path: &Path, word: usize, value: u64) {
    let file = OpenOptions::new().write(true).open(path).expect("the program has made it");
    file.write_all_at(&value.to_ne_bytes(), (word * size_of::<u64>()) as u64)
        .expect("it can be written");
}

/// In the test: the words, if the file is there.
pub fn read(path: &Path) -> Option<[u64; WORDS]> {
    let bytes = std::fs::read(path).ok().filter(|bytes| bytes.len() == WORDS * size_of::<u64>())?;
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(size_of::<u64>())) {
        *word = u64::from_ne_bytes(bytes.try_into().ok()?);
    }
    Some(words)
}
