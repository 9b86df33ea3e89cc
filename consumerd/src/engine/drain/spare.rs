//! The spare sub-buffer of a stream, which full ones are exchanged for: whether there is memory for it, and why not.
//!
//! ```text
//!   Untried --+--> Ready
//!             '--> Lacking(why) --said--> LackIsTold      asked for again each time; Ready when it can be had
//! ```
//!
//! It is populated before the first exchange: a writer has it then, and must not take a fault. Once it is, it stays so.

use rustix::io::Errno;
use ust_core::ring::Reader;
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// See the module page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spare {
    /// Nothing was full yet.
    Untried,
    /// It cannot be had, for that reason, and that is still to be said.
    Lacking(Errno),
    /// That has been said.
    LackIsTold,
    /// There is memory for it.
    Ready,
}

impl Spare {
    /// Whether there is something to exchange full sub-buffers for; has the kernel provide it if need be.
    pub fn prepare(&mut self, reader: &Reader<StreamWords<ReadOnly>>) -> bool {
        if *self != Spare::Ready {
            let populate = |memory| reader.ring().populate(memory);
            match reader.spare().map_or(Ok(()), populate) {
                Ok(()) => *self = Spare::Ready,
                Err(errno) if *self == Spare::Untried => *self = Spare::Lacking(errno),
                Err(_) => {}
            }
        }
        *self == Spare::Ready
    }

    /// Whether it was wanted and cannot be had.
    pub fn is_lacking(self) -> bool {
        matches!(self, Spare::Lacking(_) | Spare::LackIsTold)
    }

    /// Why it cannot be had: once.
    pub fn take_lack(&mut self) -> Option<Errno> {
        let Spare::Lacking(errno) = *self else { return None };
        *self = Spare::LackIsTold;
        Some(errno)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ust_core::abi::{Geometry, Mode, PAGE_BYTES};
    use ust_core::shm::Mapping;

    /// A file that is too short stands for a file system without room: populating fails alike.
    #[test]
    #[allow(unsafe_code)]
    fn why_it_cannot_be_had_is_said_once_and_it_is_asked_for_again() {
        let geometry = Geometry::new(4096, 2).unwrap();
        let file = tempfile::tempfile().unwrap();
        file.set_len(PAGE_BYTES as u64).unwrap();
        let ring = Mapping::new(&file, geometry.stream_bytes()).unwrap();
        // SAFETY: mapped as long as the words are used, and only the first page is touched.
        let words = unsafe { StreamWords::new(ring.base(), geometry, Mode::Discard) };
        let (reader, mut spare) = (Reader::new(words), Spare::Untried);
        assert!(!spare.prepare(&reader) && spare.is_lacking());
        assert_eq!(spare.take_lack(), Some(Errno::NOSPC));
        assert!(!spare.prepare(&reader) && spare.is_lacking());
        assert_eq!(spare.take_lack(), None);
        file.set_len(geometry.stream_bytes() as u64).unwrap();
        assert!(spare.prepare(&reader) && !spare.is_lacking());
    }
}
