//! Reserve and commit: steps A to F, the fast path.
//!
//! ```text
//!    A load position, clock      nothing changed yet
//!    B short or long header?
//!    C CAS position              the room is ours; its frame word is zero
//!    D frame = in flight         recovery knows how much to skip
//!    E last_clock = clock        header and payload follow, by the caller
//!    F frame = committed         the reader may copy
//! ```
#![allow(unsafe_code)]

use super::{RingMemory, orderings as order};
use crate::abi::{
    Frame, FrameKind, MAX_RECORD_BYTES, MAX_SUBBUFS, Position, TableEntry, WORD_BYTES,
};
use crate::sync::Rmw;
use crate::testpoint::{Point, reach};

/// Bits of the clock that a short header holds.
pub const SHORT_CLOCK_BITS: u32 = 27;

/// What a writer asks for. Lengths are exact bytes and count the frame word.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Event record or note.
    pub kind: FrameKind,
    /// With the short header.
    pub short_bytes: usize,
    /// With the long one. At least `short_bytes`.
    pub long_bytes: usize,
    /// Whether the class has a short header at all.
    pub may_be_short: bool,
}

impl Request {
    /// Bytes that a record of `length_bytes` takes, up to the next frame word.
    #[inline(always)]
    pub(super) const fn stride(length_bytes: usize) -> usize {
        (length_bytes + WORD_BYTES - 1) & !(WORD_BYTES - 1)
    }
}

/// Room for one record, in flight: nobody else writes there, and the reader waits for it.
///
/// It must be handed to [`commit`]; one that is dropped holds its stream up until it is retired.
#[derive(Debug)]
#[must_use = "a reservation that is not committed holds up its stream"]
pub struct Reservation {
    /// The memory that the record lies in.
    pub memory: usize,
    /// Where in it the frame word stands; header and payload follow four bytes later.
    pub offset: usize,
    /// Exact bytes, the frame word included.
    pub length_bytes: usize,
    /// The record's clock.
    pub clock: u64,
    /// Whether the header is the short one.
    pub is_short: bool,
    pub(super) kind: FrameKind,
}

/// One try of A to E.
pub(super) enum Attempt {
    /// It is ours.
    Reserved(Reservation),
    /// Somebody else moved the position; start over.
    Raced,
    /// The sub-buffer has no room for it, is not entered yet, or is closed.
    NoRoom(Position),
}

/// Reserves room for one record if that takes no more than steps A to E. `None`, with nothing changed and
/// nothing counted, when it does: then [`reserve`](super::reserve()).
///
/// `clock` is called after the position is loaded, so that clocks do not go back within the stream.
#[inline(always)]
pub fn try_reserve<M>(ring: &M, request: Request, clock: impl Fn() -> u64) -> Option<Reservation>
where
    M: RingMemory<Kind: Rmw>,
{
    match attempt(ring, request, &clock) {
        Attempt::Reserved(reservation) => Some(reservation),
        Attempt::Raced | Attempt::NoRoom(_) => None,
    }
}

#[inline(always)]
pub(super) fn attempt<M>(ring: &M, request: Request, clock: &impl Fn() -> u64) -> Attempt
where
    M: RingMemory<Kind: Rmw>,
{
    let geometry = ring.geometry();
    let control = ring.control();

    // A
    let position = Position::from_word(control.position.load(order::position_load()));
    let now = clock();
    reach(Point::ReserveLoaded);

    let offset = geometry.offset(position.bytes());
    // The geometry allows no more places; the mask spares the fast path a comparison.
    let place = geometry.place(position.bytes()) % MAX_SUBBUFS;
    // Of a closed stream it is no memory's number.
    let memory =
        TableEntry::from_word(control.table[place].load(order::table_load())).open_memory();
    if offset == 0 || memory >= geometry.memory_count() {
        return Attempt::NoRoom(position);
    }

    // B. Masked, because the shared word may have been tampered with.
    let previous =
        geometry.offset((offset as u64).wrapping_sub(position.last_record_bytes() as u64));
    // SAFETY: `memory` was compared, and `geometry.offset` of a difference of multiples of four is a
    // multiple of four below the sub-buffer size.
    let previous_frame = unsafe { ring.frame(memory, previous) }.load(order::previous_frame_load());
    let distance = now.wrapping_sub(control.last_clock.load(order::last_clock_load()));
    let is_short = request.may_be_short
        && Frame::is_committed(previous_frame)
        && distance < 1 << SHORT_CLOCK_BITS;
    // A branch, and not a selection: otherwise the room, the CAS and all that follows would wait for the
    // clock and for `last_clock`; a predicted branch does not wait.
    let length_bytes = if is_short {
        request.short_bytes
    } else {
        unlikely();
        request.long_bytes
    };
    let stride = Request::stride(length_bytes);
    if stride > geometry.subbuf_size_bytes() - offset || stride > MAX_RECORD_BYTES {
        return Attempt::NoRoom(position);
    }

    // C
    let next = position.after(stride);
    if !control.position.compare_exchange(position.word(), next.word(), order::position_cas()) {
        return Attempt::Raced;
    }
    reach(Point::ReserveMoved);

    let reservation =
        Reservation { memory, offset, length_bytes, clock: now, is_short, kind: request.kind };
    announce(ring, &reservation);
    Attempt::Reserved(reservation)
}

/// D and E: what follows the CAS.
#[inline(always)]
pub(super) fn announce<M>(ring: &M, reservation: &Reservation)
where
    M: RingMemory<Kind: Rmw>,
{
    // D
    // SAFETY: `attempt` and `switch` checked the memory; the offset is a position's, so word-aligned and
    // below the sub-buffer size.
    unsafe { ring.frame(reservation.memory, reservation.offset) }.store(
        Frame::in_flight(reservation.kind, reservation.length_bytes),
        order::frame_in_flight(),
    );
    // A kill between D and the first byte behind it leaves a length to skip by.
    order::announce_fence();
    reach(Point::ReserveFramed);

    // E. A note has no clock to be the base of a short one: 0 makes the next record's distance huge.
    let clock = match reservation.kind {
        FrameKind::Event => reservation.clock,
        FrameKind::Note => 0,
    };
    ring.control().last_clock.store(clock, order::last_clock_store());
    reach(Point::ReserveStamped);
}

/// Commits a record whose header and payload are written: step F.
#[inline(always)]
pub fn commit<M>(ring: &M, reservation: Reservation)
where
    M: RingMemory<Kind: Rmw>,
{
    // SAFETY: a reservation of this ring names a memory and an offset that were checked.
    unsafe { ring.frame(reservation.memory, reservation.offset) }
        .store(Frame::committed(reservation.kind, reservation.length_bytes), order::frame_commit());
    reach(Point::Committed);
}

/// Called on the way that a branch seldom takes, so that it stays a branch.
#[inline]
#[cold]
fn unlikely() {}
