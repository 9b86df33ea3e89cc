//! Notes: what writers tell the reader between the records (see [`Note`]).
#![allow(unsafe_code)]

use super::reserve::{Request, Unordered};
use super::switch::{Refusal, reserve};
use super::{RingMemory, WritableRing, commit, orderings as order};
use crate::abi::{Frame, FrameKind, NOTE_BYTES, Note, WORD_BYTES};
use crate::testpoint::{Point, reach};

/// Writes a note at the stream's present position: whose it is now, what it has lost so far, and is about to.
///
/// # Errors
/// There is no room. Nothing has been counted.
pub fn write<M>(ring: &M, about_to_lose: u64) -> Result<(), Refusal>
where
    M: WritableRing,
{
    let request = Request {
        kind: FrameKind::Note,
        short_bytes: NOTE_BYTES,
        long_bytes: NOTE_BYTES,
        may_be_short: false,
    };
    let reservation = reserve(ring, request, &Unordered(|| 0))?;
    let mut note = now(ring);
    note.lost += about_to_lose;
    // SAFETY: the reservation is a note long.
    unsafe { ring.write_note(reservation.at + WORD_BYTES, note) };
    commit(ring, reservation);
    Ok(())
}

/// Writes the note that a sub-buffer begins with, `at` where it lies, in room that H has moved the position past.
pub(super) fn fill<M>(ring: &M, at: usize)
where
    M: WritableRing,
{
    // SAFETY: the caller has checked that a memory begins there, and reserved a note's room in it.
    unsafe {
        let frame = ring.frame_at(at);
        // As D, E and F do it for a record.
        frame.store(Frame::in_flight(FrameKind::Note, NOTE_BYTES), order::frame_in_flight());
        order::announce_fence();
        reach(Point::NoteFramed);
        ring.write_note(at + WORD_BYTES, now(ring));
        frame.store(Frame::committed(FrameKind::Note, NOTE_BYTES), order::frame_commit());
        reach(Point::NoteCommitted);
    }
}

/// Read behind the reservation: whatever was lost before it has been counted, by whoever writes here alone.
fn now<M: RingMemory>(ring: &M) -> Note {
    let control = ring.control();
    Note {
        owner: control.owner.load(order::owner_load()),
        lost: control.lost_in_all(order::lost_load()),
    }
}
