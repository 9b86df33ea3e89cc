//! What was found, and how it is told.

use std::fmt;
use std::iter::Sum;
use std::ops::AddAssign;

/// Numbers of one worker, or of all.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// Directories listed, to their end.
    pub directories: u64,
    /// Files read, to their end.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Words read: what white space separates.
    pub words: u64,
    /// Files and directories that could not be read, or not to their end.
    pub unreadable: u64,
    /// Symbolic links, which are not followed.
    pub symlinks: u64,
    /// Sockets, pipes, devices: they are not opened.
    pub others: u64,
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Totals) {
        let Totals { directories, files, bytes, words, unreadable, symlinks, others } = other;
        self.directories += directories;
        self.files += files;
        self.bytes += bytes;
        self.words += words;
        self.unreadable += unreadable;
        self.symlinks += symlinks;
        self.others += others;
    }
}

impl Sum for Totals {
    fn sum<I: Iterator<Item = Totals>>(all: I) -> Totals {
        all.fold(Totals::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { directories, files, bytes, words, unreadable, symlinks, others } = self;
        writeln!(f, "{directories} directories, {files} files, {bytes} bytes, {words} words")?;
        write!(f, "{unreadable} unreadable, {symlinks} symbolic links, {others} others")
    }
}
