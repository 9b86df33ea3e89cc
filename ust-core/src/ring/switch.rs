//! Switch: steps G and H, for a writer whose sub-buffer has no room. Cold.
//!
//! ```text
//!        |... AAAA BB ........|                     |      A record that does not fit here ...
//!                     ^ position
//!        |... AAAA BB PPPPPPPP|nnCCCC               |      ... goes there, after a note; the rest is padded
//!                                    ^ position
//! ```
#![allow(unsafe_code)]

use super::recycle::recycle;
use super::reserve::{Attempt, Clock, Request, Reservation, announce, attempt, time_of};
use super::{WritableRing, checksum, note, orderings as order};
use crate::abi::{
    Frame, LossCause, MAX_RECORD_BYTES, NOTE_BYTES, Position, TableEntry, WORD_BYTES,
};
use crate::sync::Rmw;
use crate::testpoint::{Mistake, Point, makes, reach};

/// Why there is no room. Nothing has been counted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The record is lost, unless the caller waits. [`lose`](super::lose) counts it.
    Lost(LossCause),
    /// The stream is retired: take another one.
    Closed,
    /// The thread may have moved to another CPU: take that one's stream.
    Moved,
}

/// Reserves room for one record, in the next sub-buffer if necessary.
///
/// Terminates: each turn succeeds, or is refused, or finds that another writer has reserved or that the reader
/// has given room. (In a CPU's stream, a turn that was interrupted is refused.)
///
/// # Errors
/// There is no room.
// One copy for all clocks: it is long, and a switch is rare.
#[cold]
#[inline(never)]
pub fn reserve<M>(ring: &M, request: Request, clock: &dyn Clock) -> Result<Reservation, Refusal>
where
    M: WritableRing,
{
    // The first record of a sub-buffer has the long header, so the long record must fit after the note.
    let stride = Request::stride(request.long_bytes);
    if stride > ring.geometry().subbuf_size_bytes() - NOTE_BYTES || stride > MAX_RECORD_BYTES {
        return Err(Refusal::Lost(LossCause::Big));
    }
    loop {
        let by = ring.by().renewed().ok_or(Refusal::Moved)?;
        let position = match attempt::<_, false>(ring, by, request, clock) {
            Attempt::Reserved(reservation) => return Ok(reservation),
            Attempt::Raced if M::Kind::MAY_MOVE => return Err(Refusal::Moved),
            Attempt::Raced => continue,
            Attempt::NoRoom(position) => position,
        };
        // What follows may ask the kernel for memory, or may wait for room.
        by.rest();
        if move_window(ring, position) {
            continue;
        }
        if let Some(reservation) = enter_next(ring, request, stride, position, clock)? {
            return Ok(reservation);
        }
    }
}

/// Moves a window that is behind to the position's sub-buffer, if that one has been entered. `false` if the
/// window did not move: then it is not why there is no room.
fn move_window<M: WritableRing>(ring: &M, position: Position) -> bool {
    let geometry = ring.geometry();
    let start = geometry.subbuf_start(position.bytes());
    if ring.window().load().find(position).offset < geometry.subbuf_size_bytes() as u64
        || geometry.offset(position.bytes()) == 0
    {
        return false;
    }
    let word = ring.control().table[geometry.place(start)].load(order::table_load());
    let entry = TableEntry::from_word(word);
    // A corrupt or hostile writer may store any lap and memory there. Then G refuses.
    if entry.lap() != geometry.lap(start) || entry.memory() >= geometry.memory_count() {
        return false;
    }
    ring.window().set(geometry, start, entry.memory());
    true
}

/// G and H, once. `None`: something has moved, so try again.
fn enter_next<M>(
    ring: &M,
    request: Request,
    stride: usize,
    position: Position,
    clock: &dyn Clock,
) -> Result<Option<Reservation>, Refusal>
where
    M: WritableRing,
{
    let geometry = ring.geometry();
    let control = ring.control();
    let subbuf_bytes = geometry.subbuf_size_bytes();
    let old_offset = geometry.offset(position.bytes());
    // A position at offset 0 is before a sub-buffer that no writer has entered yet.
    let start = match old_offset {
        0 => position.bytes(),
        _ => geometry.subbuf_start(position.bytes()) + subbuf_bytes as u64,
    };
    if start + subbuf_bytes as u64 > Position::MAX_BYTES {
        return Err(Refusal::Lost(LossCause::Full));
    }

    // G
    let word = control.table[geometry.place(start)].load(order::entry_load());
    let entry = TableEntry::from_word(word);
    if entry.is_closed() {
        return Err(Refusal::Closed);
    }
    let lap = geometry.lap(start);
    if entry.lap() != lap && !makes(Mistake::WrongLap) {
        if control.position.load(order::position_load()) != position.word() {
            return Ok(None);
        }
        if !ring.mode().overwrites() || entry.lap().wrapping_add(1) != lap {
            return Err(Refusal::Lost(LossCause::Full));
        }
        return recycle(ring, start, entry).map(|()| None).map_err(Refusal::Lost);
    }
    let memory = entry.memory();
    // A table that names no memory is corrupt: there is no room, for ever.
    let is_first_lap = lap == 0;
    if memory >= geometry.memory_count() {
        return Err(Refusal::Lost(LossCause::Full));
    }
    if is_first_lap && !ring.prepare(memory) {
        return Err(Refusal::Lost(LossCause::Memory));
    }

    // H. What came before may have asked the kernel for memory.
    let by = ring.by().renewed().ok_or(Refusal::Moved)?;
    if M::Kind::MAY_MOVE && control.position.load(order::position_load()) != position.word() {
        return Ok(None);
    }
    clock.await_loads();
    let now = time_of(by, clock);
    let next = Position::behind_record_at(start + NOTE_BYTES as u64, stride);
    if !control.position.advance(by, position.word(), next.word(), order::position_cas()) {
        return if M::Kind::MAY_MOVE { Err(Refusal::Moved) } else { Ok(None) };
    }
    // Waking the reader is a system call.
    by.rest();
    reach(Point::SwitchMoved);
    ring.window().set(geometry, start, memory);
    let at = geometry.memory_offset(memory);
    note::fill(ring, at);
    let reservation = Reservation {
        at: at + NOTE_BYTES,
        length_bytes: request.long_bytes,
        clock: now,
        is_short: false,
        kind: request.kind,
    };
    announce(ring, &reservation);
    if old_offset != 0 {
        pad(ring, position.bytes(), old_offset);
    }
    reach(Point::SwitchPadded);
    if start != 0 {
        ring.deliver();
        // Last, because the reader need not wait for it.
        if ring.has_checksums() {
            checksum::note(ring, start - subbuf_bytes as u64);
        }
    }
    Ok(Some(reservation))
}

/// Pads the rest of a sub-buffer that the position has left.
fn pad<M: WritableRing>(ring: &M, at: u64, offset: usize) {
    const { assert!(NOTE_BYTES.is_multiple_of(WORD_BYTES)) };
    let geometry = ring.geometry();
    let entry = ring.control().table[geometry.place(at)].load(order::pad_entry_load());
    let memory = TableEntry::from_word(entry).memory();
    // Nobody can have taken the memory away, because its last frame is still zero. Only a hostile process
    // changes the entry.
    if memory < geometry.memory_count() {
        // SAFETY: compared just now; the offset is a position's.
        unsafe { ring.frame(memory, offset) }
            .store(Frame::pad(geometry.subbuf_size_bytes() - offset), order::frame_pad());
    }
}
