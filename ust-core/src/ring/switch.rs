//! Switch: steps G and H, what a writer does when the sub-buffer has no room. Cold.
//!
//! ```text
//!        |... AAAA BB ........|                    |        A record that does not fit here ...
//!                     ^ position
//!        |... AAAA BB PPPPPPPP|CCCC                |        ... goes there; the rest is padded
//!                                  ^ position
//! ```
#![allow(unsafe_code)]

use super::reserve::{Attempt, Request, Reservation, announce, attempt};
use super::{RingMemory, orderings as order};
use crate::abi::{Frame, LossCause, MAX_RECORD_BYTES, Position, TABLE_MEMORY_MASK};
use crate::sync::Rmw;
use crate::testpoint::{Point, reach};

/// Reserves room for one record, in the next sub-buffer if need be.
///
/// Ends: each turn either succeeds, or loses the record, or found that another writer has reserved.
///
/// # Errors
/// The record is lost, and has been counted.
#[cold]
#[inline(never)]
pub fn reserve<M>(
    ring: &M,
    request: Request,
    clock: &impl Fn() -> u64,
) -> Result<Reservation, LossCause>
where
    M: RingMemory<Kind: Rmw>,
{
    // The first record of a sub-buffer has the long header, so that is what must fit.
    let stride = Request::stride(request.long_bytes);
    if stride > ring.geometry().subbuf_size_bytes() || stride > MAX_RECORD_BYTES {
        return Err(lose(ring, LossCause::Big));
    }
    loop {
        let position = match attempt(ring, request, clock) {
            Attempt::Reserved(reservation) => return Ok(reservation),
            Attempt::Raced => continue,
            Attempt::NoRoom(position) => position,
        };
        match enter_next(ring, request, stride, position, clock) {
            Some(Attempt::Reserved(reservation)) => return Ok(reservation),
            Some(_) => continue,
            None => return Err(lose(ring, LossCause::Full)),
        }
    }
}

/// G and H, once. `None`: the next sub-buffer cannot be had.
fn enter_next<M>(
    ring: &M,
    request: Request,
    stride: usize,
    position: Position,
    clock: &impl Fn() -> u64,
) -> Option<Attempt>
where
    M: RingMemory<Kind: Rmw>,
{
    let geometry = ring.geometry();
    let control = ring.control();
    let subbuf_bytes = geometry.subbuf_size_bytes();
    let old_offset = geometry.offset(position.bytes());
    // A position at offset 0 stands before a sub-buffer that nobody has entered yet.
    let start = match old_offset {
        0 => position.bytes(),
        _ => geometry.subbuf_start(position.bytes()) + subbuf_bytes as u64,
    };

    // G
    let end = start + subbuf_bytes as u64;
    if end > control.free_limit.load(order::free_limit_load()) || end > Position::MAX_BYTES {
        return None;
    }
    let entry = control.table[geometry.place(start)].load(order::table_load());
    let memory = (entry & TABLE_MEMORY_MASK) as usize;
    // A table that names no memory was not written by a reader in its right mind: no room, for ever.
    if memory >= geometry.memory_count() {
        return None;
    }
    let first_lap = start < geometry.capacity_bytes();
    if first_lap && !ring.prepare(memory) {
        return None;
    }

    // H
    let now = clock();
    let next = Position::behind_record_at(start, stride);
    if !control.position.compare_exchange(position.word(), next.word(), order::position_cas()) {
        return Some(Attempt::Raced);
    }
    reach(Point::SwitchMoved);
    let reservation = Reservation {
        memory,
        offset: 0,
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
    }
    Some(Attempt::Reserved(reservation))
}

/// Fills the rest of a sub-buffer that the position has left.
fn pad<M: RingMemory>(ring: &M, at: u64, offset: usize) {
    let geometry = ring.geometry();
    let entry = ring.control().table[geometry.place(at)].load(order::table_load());
    let memory = (entry & TABLE_MEMORY_MASK) as usize;
    // The reader cannot have exchanged it, its last frame is still zero; only a mad one could.
    if memory < geometry.memory_count() {
        // SAFETY: compared just now; the offset is a position's.
        unsafe { ring.frame(memory, offset) }
            .store(Frame::pad(geometry.subbuf_size_bytes() - offset), order::frame_pad());
    }
}

/// Counts a lost record.
fn lose<M>(ring: &M, cause: LossCause) -> LossCause
where
    M: RingMemory<Kind: Rmw>,
{
    ring.control().lost[cause as usize].add(1);
    reach(Point::LossCounted);
    cause
}
