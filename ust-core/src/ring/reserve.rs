//! Reserve and commit: steps A to F, the fast path.
//!
//! ```text
//!    A load position, clock      nothing changed yet
//!    B short or long header?     where several CPUs write, the clock is read here
//!    C CAS position              the room is ours; its frame word is zero (in a CPU's stream: a sequence)
//!    D frame = in flight         recovery knows how much to skip
//!    E last_clock = clock        then the caller writes header and payload
//!    F frame = committed         the reader may copy
//! ```
//!
//! One algorithm in two variants. The caller of [`try_reserve_usual`] knows what [`try_reserve`] must find out in B,
//! and `try_reserve_usual` gives up if the header must be the long one. The [window](super::Window) says where the
//! position is in memory.
#![allow(unsafe_code)]

use super::window::InMemory;
use super::{WritableRing, orderings as order};
use crate::abi::{Frame, FrameKind, MAX_RECORD_BYTES, Position, WORD_BYTES};
use crate::hint::unlikely;
use crate::sync::Rmw;
use crate::testpoint::{Point, reach};

/// Bits of the clock that a short header holds.
pub const SHORT_CLOCK_BITS: u32 = 27;

/// What a writer asks for. Lengths are exact bytes and include the frame word.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Event record or note.
    pub kind: FrameKind,
    /// Length with the short header.
    pub short_bytes: usize,
    /// Length with the long header: at least `short_bytes`.
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

/// Room for one record, in flight: no other writer writes there, and the reader waits for it.
///
/// Hand it to [`commit`]. A dropped reservation blocks its stream until the stream is retired.
#[derive(Debug)]
#[must_use = "a reservation that is not committed holds up its stream"]
pub struct Reservation {
    /// Offset of its frame word from the stream's start, in bytes. Header and payload follow four bytes later.
    pub at: usize,
    /// Exact bytes, the frame word included.
    pub length_bytes: usize,
    /// The record's clock.
    pub clock: u64,
    /// Whether the header is the short one.
    pub is_short: bool,
    pub(super) kind: FrameKind,
}

/// The source of the records' time.
pub trait Clock {
    /// Where several CPUs write: keeps the clock from being read before earlier loads are done.
    fn await_loads(&self);

    /// Reads the clock.
    fn now(&self) -> u64;
}

/// A clock that needs no such wait: a model's, or none.
#[derive(Debug, Clone, Copy)]
pub struct Unordered<F>(pub F);

impl<F: Fn() -> u64> Clock for Unordered<F> {
    fn await_loads(&self) {}

    fn now(&self) -> u64 {
        self.0()
    }
}

/// The result of one try of A to E.
pub(super) enum Attempt {
    /// The room is ours.
    Reserved(Reservation),
    /// Another writer has moved the position, or this one is no writer of the stream any more: start over.
    Raced,
    /// The sub-buffer has no room for it, or the window shows another sub-buffer, or the stream is closed.
    NoRoom(Position),
}

impl Attempt {
    #[inline(always)]
    fn reservation(self) -> Option<Reservation> {
        match self {
            Attempt::Reserved(reservation) => Some(reservation),
            Attempt::Raced | Attempt::NoRoom(_) => None,
        }
    }
}

/// Reserves room for one record if steps A to E are enough. `None`, with nothing changed and nothing counted, if they
/// are not: then call [`reserve`](super::reserve()).
///
/// `clock` is read after the position is loaded, so that clocks do not go back within the stream.
#[inline(always)]
pub fn try_reserve<M>(ring: &M, request: Request, clock: &impl Clock) -> Option<Reservation>
where
    M: WritableRing,
{
    attempt::<_, false>(ring, ring.by(), request, clock).reservation()
}

/// The same, for a class with a short header. If only one thread writes to the stream, the thread must have no other
/// record in progress. `None` also if this record needs the long header.
///
/// A record that its thread left by siglongjmp stays in progress for ever.
#[inline(always)]
pub fn try_reserve_usual<M>(ring: &M, request: Request, clock: &impl Clock) -> Option<Reservation>
where
    M: WritableRing,
{
    debug_assert!(request.may_be_short);
    attempt::<_, true>(ring, ring.by(), request, clock).reservation()
}

#[inline(always)]
pub(super) fn attempt<M, const IS_USUAL: bool>(
    ring: &M,
    by: M::Kind,
    request: Request,
    clock: &(impl Clock + ?Sized),
) -> Attempt
where
    M: WritableRing,
{
    let geometry = ring.geometry();
    let control = ring.control();

    // A. Reading the clock takes as long as everything else. A single writer reads it at once. A writer that must
    // wait for its loads has all of them done first, and then decides what does not depend on the clock. A writer that
    // would notice any interruption has read it already.
    let window = ring.window().load();
    let position = Position::from_word(control.position.load(order::position_load()));
    let is_closed = control.closed.load(order::closed_load()) != 0;
    clock.await_loads();
    let waits = M::Kind::IS_SHARED && !M::Kind::MAY_MOVE;
    let now = if waits { None } else { Some(time_of(by, clock)) };
    reach(Point::ReserveLoaded);

    let InMemory { start, offset } = window.find(position);
    let has_room = |stride| {
        offset + stride as u64 <= geometry.subbuf_size_bytes() as u64 && stride <= MAX_RECORD_BYTES
    };
    if !has_room(Request::stride(request.short_bytes)) || is_closed {
        return Attempt::NoRoom(position);
    }
    let at = start + offset as usize;

    // B
    let may_be_short = (IS_USUAL || request.may_be_short)
        && (IS_USUAL && !M::Kind::IS_SHARED
            || is_behind_committed(ring, at, offset, position.last_record_bytes()));
    if IS_USUAL && !may_be_short {
        return Attempt::NoRoom(position);
    }
    let now = now.unwrap_or_else(|| clock.now());
    let is_short = may_be_short
        && now.wrapping_sub(control.last_clock.load(order::last_clock_load()))
            < 1 << SHORT_CLOCK_BITS;
    // A branch, not a selection: a selection would make the room, the CAS and everything after it wait for the clock
    // and for `last_clock`. A predicted branch does not wait.
    let length_bytes = if is_short {
        request.short_bytes
    } else {
        unlikely();
        if IS_USUAL || !has_room(Request::stride(request.long_bytes)) {
            return Attempt::NoRoom(position);
        }
        request.long_bytes
    };

    // C
    let next = position.after(Request::stride(length_bytes));
    if !control.position.advance(by, position.word(), next.word(), order::position_cas()) {
        return Attempt::Raced;
    }
    reach(Point::ReserveMoved);

    let reservation = Reservation { at, length_bytes, clock: now, is_short, kind: request.kind };
    announce(ring, &reservation);
    Attempt::Reserved(reservation)
}

/// The time, by the counter that the writer has read or by the clock.
#[inline(always)]
pub(super) fn time_of<K: Rmw>(by: K, clock: &(impl Clock + ?Sized)) -> u64 {
    by.counter().unwrap_or_else(|| clock.now())
}

/// Whether the record immediately before `at`, which is `offset` bytes into its sub-buffer, is committed.
///
/// An interrupted writer may look into a memory that has been taken away and cleared since. Then its CAS will fail.
#[inline(always)]
fn is_behind_committed<M>(ring: &M, at: usize, offset: u64, last_record_bytes: usize) -> bool
where
    M: WritableRing,
{
    // A hostile process may have changed the shared word, so the record need not be in this sub-buffer.
    last_record_bytes as u64 <= offset && {
        // SAFETY: the sub-buffer's memory has `offset` bytes before `at`; both numbers are multiples of four.
        let frame = unsafe { ring.frame_at(at - last_record_bytes) };
        Frame::is_committed(frame.load(order::previous_frame_load()))
    }
}

/// D and E, after the CAS.
#[inline(always)]
pub(super) fn announce<M>(ring: &M, reservation: &Reservation)
where
    M: WritableRing,
{
    // D
    // SAFETY: `attempt` and `switch` checked that it is in a memory; positions are word-aligned.
    unsafe { ring.frame_at(reservation.at) }.store(
        Frame::in_flight(reservation.kind, reservation.length_bytes),
        order::frame_in_flight(),
    );
    // A kill between D and the first byte after it leaves a length by which to skip.
    order::announce_fence();
    reach(Point::ReserveFramed);

    // E. A note has no clock that a short header could count from: 0 makes the next record's distance huge.
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
    M: WritableRing,
{
    // SAFETY: a reservation of this ring is at a checked offset.
    unsafe { ring.frame_at(reservation.at) }
        .store(Frame::committed(reservation.kind, reservation.length_bytes), order::frame_commit());
    reach(Point::Committed);
}
