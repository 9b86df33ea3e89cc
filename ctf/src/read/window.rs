//! The part of a packet that is in memory.
//!
//! ```text
//!   packet    | header, context | record record record record record ... record | padding |
//!   window                        '---- read at once ----'                content end
//!                                        '---- slides -----'     to the first record that was cut
//! ```
//!
//! Invariants:
//!
//! - A window begins at a multiple of [`BLOCK_BYTES`] from the packet's beginning, so what is aligned in the packet is
//!   aligned in the window.
//! - [`PADDING_BYTES`] zeros stand behind the bytes, so a number may be loaded whole wherever it begins.

use std::io;

/// Where windows may begin.
const BLOCK_BYTES: u64 = 4096;
/// Bytes behind the window that may be loaded, and mean nothing.
pub(super) const PADDING_BYTES: usize = 8;
/// A larger record is refused, because a record must be in memory.
const RECORD_BYTES_MAX: usize = 256 << 20;

/// The greatest alignment that is the same in a window as in its packet, in bits.
pub(super) const ALIGN_MAX: u32 = BLOCK_BYTES as u32 * 8;

/// A part of a packet's content.
#[derive(Debug)]
pub(super) struct Window {
    /// The part, and the padding.
    bytes: Vec<u8>,
    /// Where in the packet it begins.
    from: u64,
    content_bits: u64,
    /// How much is read at once, unless a record is larger.
    size_bytes: usize,
}

impl Window {
    /// The packet's first bytes, of which no more are kept than the window holds. There may be some behind the content.
    pub(super) fn new(mut bytes: Vec<u8>, content_bits: u64, size_bytes: usize) -> Window {
        let kept = bytes.len().min(size_bytes);
        bytes.truncate(kept);
        bytes.resize(kept + PADDING_BYTES, 0);
        bytes.shrink_to_fit();
        Window { bytes, from: 0, content_bits, size_bytes }
    }

    /// All bytes, with the padding.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes of the packet that are in memory.
    pub(super) fn in_memory(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - PADDING_BYTES]
    }

    /// Where in the packet the window begins, in bits.
    pub(super) fn base(&self) -> u64 {
        self.from * 8
    }

    /// Where in the packet the content ends, in bits.
    pub(super) fn content_bits(&self) -> u64 {
        self.content_bits
    }

    /// The bit of the window at which what is known of the content ends.
    pub(super) fn end(&self) -> usize {
        (self.content_bits - self.base()).min(self.in_memory().len() as u64 * 8) as usize
    }

    /// Reads on, from the record that begins at bit `at` of the packet. `read` fills a buffer from a place in the packet.
    /// Returns whether there is more in memory than before.
    pub(super) fn slide(
        &mut self,
        at: u64,
        read: impl FnOnce(u64, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<bool> {
        let content_bytes = self.content_bits.div_ceil(8);
        let here = self.in_memory().len();
        if self.from + here as u64 >= content_bytes {
            return Ok(false);
        }
        let from = at / 8 / BLOCK_BYTES * BLOCK_BYTES;
        // The record is larger than the window.
        let size =
            if from == self.from { here.max(BLOCK_BYTES as usize) * 2 } else { self.size_bytes };
        if size > RECORD_BYTES_MAX {
            return Err(io::Error::other(format!(
                "a record of more than {RECORD_BYTES_MAX} bytes is not read"
            )));
        }
        let size = (content_bytes - from).min(size as u64) as usize;
        self.bytes.resize(size + PADDING_BYTES, 0);
        self.bytes[size..].fill(0);
        self.from = from;
        read(from, &mut self.bytes[..size])?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_whole_in_some_window() {
        let packet: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        let content_bits = 99_990 * 8 + 3;
        let mut window = Window::new(packet[..5000].to_vec(), content_bits, 8192);
        let read = |from: u64, into: &mut [u8]| {
            into.copy_from_slice(&packet[from as usize..][..into.len()]);
            Ok(())
        };
        let (mut at, mut longest) = (0_u64, 0);
        while at < 99_990 {
            let len = (at % 20_000 + 1).min(99_990 - at);
            while window.base() / 8 + window.end() as u64 / 8 < at + len {
                assert!(window.slide(at * 8, read).unwrap());
            }
            longest = longest.max(window.in_memory().len());
            let first = (at - window.base() / 8) as usize;
            assert_eq!(
                window.bytes()[first..][..len as usize],
                packet[at as usize..][..len as usize]
            );
            at += len;
        }
        assert_eq!(window.base() + window.end() as u64, content_bits);
        assert!(!window.slide(at * 8, read).unwrap(), "there is no more");
        assert!(longest <= 65_536, "{longest}: no more than a record needs");
    }
}
