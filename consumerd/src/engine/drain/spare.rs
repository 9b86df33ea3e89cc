//! The spare sub-buffer of a stream, for which full ones are exchanged: whether there is memory for it, and why not.
//!
//! ```text
//!   Untried --+--> Ready
//!             '--> Lacking(why) --said--> LackIsTold      asked for again each time; Ready when it can be had
//! ```
//!
//! The spare is populated before the first exchange: then a writer has it, and must not take a fault. It stays
//! populated.

use rustix::io::Errno;
use ust_core::ring::Reader;
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// See the module page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spare {
    /// Nothing was full yet.
    Untried,
    /// There is no memory for it, for this reason, which is still to be reported.
    Lacking(Errno),
    /// The reason has been reported.
    LackIsTold,
    /// There is memory for it.
    Ready,
}

impl Spare {
    /// Whether there is a spare to exchange full sub-buffers for. If need be, has the kernel provide its memory.
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

    /// Whether it was wanted and there is no memory for it.
    pub fn is_lacking(self) -> bool {
        matches!(self, Spare::Lacking(_) | Spare::LackIsTold)
    }

    /// Why there is no memory for it: returned once.
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

    /// A file that is too short stands for a file system without room: populating fails in the same way.
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
