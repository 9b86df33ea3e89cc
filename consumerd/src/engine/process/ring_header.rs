//! Parses what the first page of a ring file claims.

use super::ring_kind::RingKind;
use crate::engine::header_bytes::HeaderBytes;
use std::mem::offset_of;
use ust_core::abi::{ABI, Buffers, Mode, RING_FILE_MAGIC, RingFileHeader, RingFileShape};
use ust_core::version::Version;

/// The claims of the first page, if they make sense.
#[derive(Debug)]
pub struct RingHeader {
    /// Identity of the process.
    pub process_uid: [u8; 16],
    /// Identity of the channel.
    pub channel_uid: u64,
    /// Number among the process's files of that channel.
    pub index: u32,
    /// Streams that have been claimed, a bit each.
    pub untrusted_claimed: u64,
    /// The kind that it claims to be.
    pub kind: RingKind,
}

impl RingHeader {
    /// Checks the first bytes of a file of `size_bytes`.
    ///
    /// # Errors
    /// What is wrong with it, as a phrase.
    pub fn parse(untrusted: &[u8], size_bytes: usize) -> Result<Self, String> {
        let header =
            HeaderBytes::of::<RingFileHeader>(untrusted).ok_or("a ring file is too short")?;
        macro_rules! at {
            ($field:ident) => {
                offset_of!(RingFileHeader, $field)
            };
        }
        if header.long(at!(magic)) != RING_FILE_MAGIC {
            return Err("what should be a ring file has a wrong magic number".into());
        }
        ABI.check(Version::from_word(header.word(at!(abi_version))))
            .map_err(|mismatch| format!("a ring file is of {mismatch}"))?;
        let size = header.long(at!(subbuf_size_bytes));
        let shape = RingFileShape::check(
            size,
            header.word(at!(subbuf_count)),
            header.word(at!(stream_count)),
        )
        .map_err(|error| format!("a ring file claims {error}"))?;
        let buffers = Buffers::from_word(header.word(at!(buffers)))
            .ok_or("a ring file claims unknown buffers")?;
        let mode =
            Mode::from_word(header.long(at!(mode))).ok_or("a ring file claims an unknown mode")?;
        if shape.file_bytes() != size_bytes {
            return Err("a ring file has not the size that it claims".into());
        }
        Ok(Self {
            process_uid: header.bytes(at!(process_uid)),
            channel_uid: header.long(at!(channel_uid)),
            index: header.word(at!(file_index)),
            untrusted_claimed: header.long(at!(streams_claimed)),
            kind: RingKind { shape, buffers, mode },
        })
    }
}
