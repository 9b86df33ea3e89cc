//! A stream as a writing thread has it: reserve, encode, commit.
//!
//! ```text
//!        frame word   header                 payload             to the next multiple of four
//!       +-----------+----------------------+-------------------+----+
//!       | 4 bytes   | 4 (short) or 13      | as measured       |    |
//!       +-----------+----------------------+-------------------+----+
//!        the ring's  CTF's, and so are the payload's: the daemon copies them as they are
//! ```
//!
//! The daemon strips the frame word. Arguments are measured before room is reserved, so that nothing of
//! the user's runs inside a reservation.
#![allow(unsafe_code)]

use crate::abi::{FrameKind, Geometry, LossCause, MAX_RECORD_BYTES, WORD_BYTES};
use crate::clock::ClockKind;
use crate::ring::{self, Request, Reservation, RingMemory};
use crate::shm::StreamWords;
use crate::sync::Local;
use crate::wire::{
    COMPACT_BYTES, COMPACT_CLOCK_BITS, EXTENDED_BYTES, MAX_COMPACT_ID, Payload, write_compact,
    write_extended,
};

// The ring decides which header a record has, the wire format how it looks: they mean the same one.
const _: () = assert!(COMPACT_CLOCK_BITS == ring::reserve::SHORT_CLOCK_BITS);

/// One thread's writing end of one stream.
#[derive(Debug)]
pub struct Stream {
    words: StreamWords<Local>,
    clock: ClockKind,
}

impl Stream {
    /// The stream that begins at `base`.
    ///
    /// # Safety
    /// As for [`StreamWords::new`].
    pub const unsafe fn new(base: *mut u8, geometry: Geometry, clock: ClockKind) -> Self {
        // SAFETY: the caller's promise.
        Self { words: unsafe { StreamWords::new(base, geometry) }, clock }
    }

    /// The shared words.
    pub fn words(&self) -> &StreamWords<Local> {
        &self.words
    }

    /// Writes one event record if its sub-buffer has room for it. `false`, with nothing counted, if not.
    #[inline(always)]
    pub fn try_record<P: Payload>(&self, class_id: u32, payload: &P) -> bool {
        let request = request_for(class_id, payload);
        // Copies: what lies behind a reference would be loaded again after each store into the ring.
        let Self { words, clock } = *self;
        match ring::try_reserve(&words, request, || clock.now()) {
            Some(reservation) => {
                write(&words, reservation, class_id, payload);
                true
            }
            None => false,
        }
    }

    /// Writes one event record, into the next sub-buffer if need be.
    ///
    /// # Errors
    /// It is lost, and has been counted.
    pub fn record<P: Payload>(&self, class_id: u32, payload: &P) -> Result<(), LossCause> {
        let request = request_for(class_id, payload);
        let reservation = ring::reserve(&self.words, request, &|| self.clock.now())?;
        write(&self.words, reservation, class_id, payload);
        Ok(())
    }

    /// Notes in the stream that its records are thread `tid`'s from here on.
    ///
    /// # Errors
    /// There is no room, and that has been counted.
    pub fn record_owner(&self, tid: u32) -> Result<(), LossCause> {
        let length_bytes = WORD_BYTES + size_of::<u32>();
        let request = Request {
            kind: FrameKind::Note,
            short_bytes: length_bytes,
            long_bytes: length_bytes,
            may_be_short: false,
        };
        let reservation = ring::reserve(&self.words, request, &|| 0)?;
        // SAFETY: room for a frame word and four bytes.
        unsafe { after_frame(&self.words, &reservation).cast::<u32>().write_unaligned(tid) };
        ring::commit(&self.words, reservation);
        Ok(())
    }

    /// Whether another owner's note would find room: a stream that is full cannot change hands.
    pub fn has_room(&self) -> bool {
        use crate::abi::Position;
        use crate::sync::Ordering::Acquire;
        let control = self.words.control();
        let position = Position::from_word(control.position.load(Acquire)).bytes();
        let geometry = self.words.geometry();
        let next_end = geometry.subbuf_start(position) + 2 * geometry.subbuf_size_bytes() as u64;
        next_end <= control.free_limit.load(Acquire)
    }
}

#[inline(always)]
fn request_for<P: Payload>(class_id: u32, payload: &P) -> Request {
    let payload_bytes = match P::FIXED_SIZE_BYTES {
        Some(bytes) => bytes,
        // Lengths that no record can have are all alike, and must not overflow the sums below.
        None => payload.size_bytes().min(MAX_RECORD_BYTES),
    };
    Request {
        kind: FrameKind::Event,
        short_bytes: WORD_BYTES + COMPACT_BYTES + payload_bytes,
        long_bytes: WORD_BYTES + EXTENDED_BYTES + payload_bytes,
        may_be_short: class_id <= MAX_COMPACT_ID,
    }
}

#[inline(always)]
fn write<P: Payload>(
    words: &StreamWords<Local>,
    reservation: Reservation,
    class_id: u32,
    payload: &P,
) {
    // SAFETY: the reservation is `length_bytes` long: the frame word, then the header that `is_short`
    // says, then the payload, which writes no more than it was measured to have.
    unsafe {
        let header = after_frame(words, &reservation);
        let body = if reservation.is_short {
            write_compact(header, class_id, reservation.clock);
            header.add(COMPACT_BYTES)
        } else {
            write_extended(header, class_id, reservation.clock);
            header.add(EXTENDED_BYTES)
        };
        payload.encode(body);
    }
    ring::commit(words, reservation);
}

/// # Safety
/// The reservation is of the same stream.
#[inline(always)]
unsafe fn after_frame(words: &StreamWords<Local>, reservation: &Reservation) -> *mut u8 {
    // SAFETY: a reservation lies within its memory.
    unsafe { words.bytes(reservation.memory, reservation.offset).add(WORD_BYTES) }
}
