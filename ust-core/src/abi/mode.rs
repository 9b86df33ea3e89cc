//! Properties of a channel's streams besides their size: who shares a stream, and what happens when it is full.

/// Who writes to one stream: a thread, or all threads on a CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
#[repr(u32)]
pub enum Buffers {
    /// One thread, and the signal handlers that interrupt it. The cheapest; memory grows with the number of
    /// live threads.
    #[default]
    PerThread = 0,
    /// The threads that run on one CPU. The number of CPUs bounds the memory.
    PerCpu = 1,
}

/// What a writer does when there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
pub enum Mode {
    /// The new record is lost, and counted.
    #[default]
    Discard,
    /// The oldest sub-buffer is recycled, its records counted as overwritten: a flight recorder.
    Overwrite,
    /// The writer waits until the reader gives room, for a bounded time. After that the record is lost, and
    /// counted.
    Block {
        /// The longest wait, in milliseconds.
        timeout_ms: u32,
    },
}

/// When the memory of a stream is made resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(any(test, feature = "serde"), derive(serde::Serialize, serde::Deserialize))]
pub enum Residency {
    /// Each sub-buffer when it is first entered: only touched pages use memory.
    #[default]
    OnEntry,
    /// All of it when the stream gets its first owner: no page faults afterwards.
    Prefault,
    /// Like `Prefault`, and locked: it is never swapped out either.
    Lock,
}

impl Mode {
    /// Whether writers recycle sub-buffers that the reader has not read.
    #[inline]
    pub const fn overwrites(self) -> bool {
        matches!(self, Mode::Overwrite)
    }

    /// As a word of the ring file: the timeout of [`Mode::Block`] is in the upper half.
    pub const fn to_word(self) -> u64 {
        match self {
            Mode::Discard => 0,
            Mode::Overwrite => 1,
            Mode::Block { timeout_ms } => 2 | (timeout_ms as u64) << 32,
        }
    }

    /// Reads a word that may hold anything.
    pub const fn from_word(word: u64) -> Option<Self> {
        match word & 0xffff_ffff {
            0 => Some(Mode::Discard),
            1 => Some(Mode::Overwrite),
            2 => Some(Mode::Block { timeout_ms: (word >> 32) as u32 }),
            _ => None,
        }
    }
}

impl Buffers {
    /// Reads a word that may hold anything.
    pub const fn from_word(word: u32) -> Option<Self> {
        match word {
            0 => Some(Buffers::PerThread),
            1 => Some(Buffers::PerCpu),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_read_back() {
        for mode in [Mode::Discard, Mode::Overwrite, Mode::Block { timeout_ms: u32::MAX }] {
            assert_eq!(Mode::from_word(mode.to_word()), Some(mode));
        }
        assert_eq!(Mode::from_word(3), None);
        for buffers in [Buffers::PerThread, Buffers::PerCpu] {
            assert_eq!(Buffers::from_word(buffers as u32), Some(buffers));
        }
    }
}
