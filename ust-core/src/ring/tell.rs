//! What writers tell the reader apart from a switch: the stream's new owner, and losses.
#![allow(unsafe_code)]

use super::note;
use super::reserve::{Request, Unordered};
use super::switch::{Refusal, reserve};
use super::{WritableRing, commit};
use crate::abi::{FrameKind, LossCause, NOTE_BYTES, WORD_BYTES};
use crate::testpoint::{Point, reach};

/// Writes a note at the stream's present position: its owner, and the records lost so far plus `about_to_lose`.
///
/// # Errors
/// There is no room. Nothing has been counted.
pub fn write_note<M>(ring: &M, about_to_lose: u64) -> Result<(), Refusal>
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
    let mut note = note::now(ring);
    note.lost += about_to_lose;
    // SAFETY: the reservation is a note long.
    unsafe { ring.write_note(reservation.at + WORD_BYTES, note) };
    commit(ring, reservation);
    Ok(())
}

/// How often a writer that is interrupted starts over to tell of a loss.
const MAX_STARTS: usize = 4;

/// Counts a lost record.
pub fn lose<M>(ring: &M, cause: LossCause)
where
    M: WritableRing,
{
    if cause == LossCause::Big {
        // The note at the next sub-buffer's beginning, which comes soon, reports every other loss. Write the note
        // before counting: a writer that is left in between has lost one record, not two.
        let told = || !matches!(write_note(ring, 1), Err(Refusal::Moved));
        let _ = (0..MAX_STARTS).any(|_| told());
    }
    ring.control().lost[cause as usize].add(1);
    reach(Point::LossCounted);
}
