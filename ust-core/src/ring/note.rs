//! Writes notes: what writers tell the reader between the records (see [`Note`]).
#![allow(unsafe_code)]

use super::{RingMemory, WritableRing, orderings as order};
use crate::abi::{Frame, FrameKind, NOTE_BYTES, Note, WORD_BYTES};
use crate::testpoint::{Point, reach};

/// Writes the note at a sub-buffer's beginning, `at` its offset, in room that H has moved the position past.
pub(super) fn fill<M>(ring: &M, at: usize)
where
    M: WritableRing,
{
    // SAFETY: the caller has checked that a memory begins there, and reserved a note's room in it.
    unsafe {
        let frame = ring.frame_at(at);
        // Like D, E and F for a record.
        frame.store(Frame::in_flight(FrameKind::Note, NOTE_BYTES), order::frame_in_flight());
        order::announce_fence();
        reach(Point::NoteFramed);
        ring.write_note(at + WORD_BYTES, now(ring));
        frame.store(Frame::committed(FrameKind::Note, NOTE_BYTES), order::frame_commit());
        reach(Point::NoteCommitted);
    }
}

/// The content of a note now. Read after the reservation: if one thread writes, every earlier loss has been
/// counted by then.
pub(super) fn now<M: RingMemory>(ring: &M) -> Note {
    let control = ring.control();
    Note {
        owner: control.owner.load(order::owner_load()),
        lost: control.lost_in_all(order::lost_load()),
    }
}
