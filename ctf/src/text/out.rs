//! Where lines are put together.
//!
//! A line is many short pieces. Copying one by a call, with its length unknown to the compiler, costs more than the copy.
//! So a short piece is kept with room behind it and copied with that room: two instructions, of which the next piece
//! overwrites what was too much.

use std::io::{self, Write};

/// A short piece is copied as so many bytes.
const SHORT_BYTES: usize = 32;
/// What a line of short pieces needs at most before the room is looked at again.
const ROOM_BYTES: usize = 256;

/// Bytes that grow. All of `bytes` may be written to; what is behind `len` means nothing.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
    len: usize,
}

/// A text that is written often.
#[derive(Debug)]
pub(super) struct Piece {
    short: [u8; SHORT_BYTES],
    len: usize,
    /// All of it, if it is longer.
    long: Box<[u8]>,
}

impl Piece {
    pub(super) fn new(text: &[u8]) -> Piece {
        let (mut short, mut long) = ([0; SHORT_BYTES], Box::default());
        match short.get_mut(..text.len()) {
            Some(start) => start.copy_from_slice(text),
            None => long = text.into(),
        }
        Piece { short, len: text.len(), long }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.short.get(..self.len).unwrap_or(&self.long)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Out {
    /// What was written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// How many bytes were written.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets what was written behind the first `len` bytes.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets the last bytes.
    #[inline]
    pub(super) fn take_back(&mut self, bytes: usize) {
        self.len -= bytes;
    }

    #[inline(always)]
    pub(super) fn piece(&mut self, piece: &Piece) {
        if piece.len > SHORT_BYTES {
            self.all(&piece.long);
            return;
        }
        self.array(&piece.short);
        self.take_back(SHORT_BYTES - piece.len);
    }

    /// Writes bytes whose number the compiler knows.
    #[inline(always)]
    pub(super) fn array<const N: usize>(&mut self, bytes: &[u8; N]) {
        if self.bytes.len() - self.len < N {
            self.grow(N);
        }
        self.bytes[self.len..self.len + N].copy_from_slice(bytes);
        self.len += N;
    }

    #[inline]
    pub(super) fn all(&mut self, bytes: &[u8]) {
        if self.bytes.len() - self.len < bytes.len() {
            self.grow(bytes.len());
        }
        self.bytes[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    #[inline]
    pub(super) fn byte(&mut self, byte: u8) {
        self.array(&[byte]);
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let len = (self.len + more + ROOM_BYTES).max(2 * self.bytes.len());
        self.bytes.resize(len, 0);
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_one_behind_the_other_whatever_their_length() {
        let (mut out, mut expected) = (Out::default(), Vec::new());
        for round in 0..200_usize {
            let text: Vec<u8> = (0..round % 70).map(|at| (at + round) as u8).collect();
            out.piece(&Piece::new(&text));
            out.byte(b'|');
            out.all(&text);
            expected.extend_from_slice(&[&text[..], b"|", &text[..]].concat());
        }
        assert_eq!(out.as_bytes(), expected);
        out.truncate(3);
        out.array(b"abc");
        assert_eq!(out.as_bytes(), [&expected[..3], b"abc"].concat());
    }
}
