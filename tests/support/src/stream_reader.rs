//! Reads a stream by the same calls as the consumer, and hands on each record as bytes.

use std::ops::{Deref, DerefMut};
use ust_core::ring::{Corruption, Found, Holes, Image, Reader, Records, RingMemory, Take};
use ust_core::shm::StreamWords;
use ust_core::sync::ReadOnly;

/// The shipped reader, and room for what it copies.
#[derive(Debug)]
pub struct StreamReader {
    reader: Reader<StreamWords<ReadOnly>>,
    image: Image,
    bytes: Vec<u8>,
}

/// What is done with each record and note: where it was found, and its bytes without the frame word.
pub type Each<'a> = dyn FnMut(Found, &[u8]) -> Result<(), String> + 'a;

impl StreamReader {
    /// Continues where this reader is.
    pub fn new(reader: Reader<StreamWords<ReadOnly>>) -> Self {
        Self { reader, image: Image::default(), bytes: Vec::new() }
    }

    /// Exchanges full sub-buffers and reads them.
    ///
    /// # Errors
    /// The ring is corrupt, or `each` fails.
    pub fn drain_full(&mut self, each: &mut Each<'_>) -> Result<(), String> {
        while self.reader.is_left_behind() {
            match self.reader.take().map_err(corrupt)? {
                Take::Taken => {
                    self.reader.ring().wake_waiting();
                    self.read_in_place(each)?;
                    if !self.reader.is_at_end() {
                        let cursor = self.reader.cursor();
                        return Err(format!("a full sub-buffer was read to {cursor} only"));
                    }
                    self.reader.set_consumed();
                    self.reader.give_back();
                }
                Take::Overwritten => self.reader.catch_up().map_err(corrupt)?,
                Take::NotYet => break,
            }
        }
        Ok(())
    }

    /// Reads what is committed of the sub-buffer that is being written, and leaves the sub-buffer in its place. Where
    /// writers could recycle it, a copy is read.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn drain_prefix(&mut self, each: &mut Each<'_>) -> Result<(), String> {
        if self.reader.ring().mode().overwrites() {
            self.reader.catch_up().map_err(corrupt)?;
            let until = self.reader.untrusted_write_position();
            self.reader.copy(&mut self.image, until, Holes::Await).map_err(corrupt)?;
            for found in self.image.found() {
                copy(&self.image, *found, &mut self.bytes, each)?;
            }
        } else {
            self.read_in_place(each)?;
        }
        self.reader.set_consumed();
        Ok(())
    }

    /// No writer is left: reads the rest.
    ///
    /// # Errors
    /// As for [`drain_full`](Self::drain_full).
    pub fn drain_rest(&mut self, each: &mut Each<'_>) -> Result<(), String> {
        while let Some(found) = self.reader.next_after_death().map_err(corrupt)? {
            copy(self.reader.ring(), found, &mut self.bytes, each)?;
        }
        Ok(())
    }

    fn read_in_place(&mut self, each: &mut Each<'_>) -> Result<(), String> {
        while let Some(found) = self.reader.next().map_err(corrupt)? {
            copy(self.reader.ring(), found, &mut self.bytes, each)?;
        }
        Ok(())
    }
}

impl Deref for StreamReader {
    type Target = Reader<StreamWords<ReadOnly>>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl DerefMut for StreamReader {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.reader
    }
}

fn copy(
    from: &impl Records,
    found: Found,
    bytes: &mut Vec<u8>,
    each: &mut Each<'_>,
) -> Result<(), String> {
    bytes.resize(found.length_bytes, 0);
    from.copy_out(found, bytes);
    each(found, bytes)
}

fn corrupt(corruption: Corruption) -> String {
    format!("the ring is corrupt: {corruption}")
}
