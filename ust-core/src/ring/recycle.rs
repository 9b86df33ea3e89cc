//! Recycle: steps L to O, by which a writer in overwrite mode makes room itself. Cold.
//!
//! ```text
//!            table[place]        the recyclers' spare
//!   before   oldest memory       zeroed memory
//!   L        oldest memory       (held)                  one CAS: one recycler at a time
//!   M        is every frame of it committed? count its events
//!   N        overwritten_next = overwritten + events; recycling = the sub-buffer
//!   O        zeroed memory       (held)                  one CAS: the writers have room
//!            overwritten = overwritten_next; recycling = none
//!            zeroed memory       zeroed memory           the oldest, cleared
//! ```
//!
//! A reader that drains meanwhile exchanges the same entry by the same kind of CAS. Whichever comes first
//! has the sub-buffer, whole. A reader that stands still blocks nobody.
//!
//! A writer may need to recycle while another one does (a handler that interrupted it, or a thread that took
//! its CPU). From O on it has a whole sub-buffer of room. Only if it uses that up before the first writer
//! has cleared the memory does it lose records, as `records_lost_wrap`.
//!
//! **The count is exact wherever the process is killed.** The CAS of O decides: before it the entry's parity
//! is that in `recycling`, and `overwritten` is the count; after it the parity has flipped, and
//! `overwritten_next` is the count. Nobody else flips it meanwhile, because the spare is held.
#![allow(unsafe_code)]

use super::{RingMemory, WritableRing, orderings as order};
use crate::abi::{Frame, FrameKind, LossCause, Recycling, TableEntry, WORD_BYTES};
use crate::sync::Ordering;
use crate::testpoint::{Mistake, Point, makes, reach};

/// Takes the oldest sub-buffer away from the place of the sub-buffer that begins at `start`. `Ok`: the entry
/// is no longer `seen`, so look again.
///
/// # Errors
/// The oldest sub-buffer cannot be taken now.
#[cold]
#[inline(never)]
pub(super) fn recycle<M>(ring: &M, start: u64, seen: TableEntry) -> Result<(), LossCause>
where
    M: WritableRing,
{
    let geometry = ring.geometry();
    let control = ring.control();

    // L
    let spare_word = control.spare.load(order::spare_load());
    let spare = (spare_word as usize).wrapping_sub(1);
    if spare >= geometry.memory_count()
        || !control.spare.compare_exchange(spare_word, 0, order::spare_take())
    {
        return Err(LossCause::Wrap);
    }
    reach(Point::RecycleHeld);
    let give_back = |memory: usize| control.spare.store(memory as u64 + 1, order::spare_give());

    // Before the first recycling the spare is a memory that nobody has touched.
    let overwritten = control.overwritten.load(order::overwritten_load());
    if overwritten == 0 && !ring.prepare(spare) {
        give_back(spare);
        return Err(LossCause::Memory);
    }

    // M
    let victim = seen.memory();
    let Some(events) = count_if_complete(ring, victim) else {
        give_back(spare);
        // Or the reader took the sub-buffer before we looked, and has cleared it.
        order::copy_fence();
        let now = control.table[geometry.place(start)].load(order::entry_check());
        return if now == seen.word() { Err(LossCause::Wrap) } else { Ok(()) };
    };

    // N
    let next = overwritten.wrapping_add(events);
    control.overwritten_next.store(next, order::overwritten_next_store());
    let recycling =
        Recycling { start: start - geometry.capacity_bytes(), parity: seen.parity() }.to_word();
    control.recycling.store(recycling, order::recycling_announce());
    reach(Point::RecycleAnnounced);

    // O
    let place = &control.table[geometry.place(start)];
    let recycled = seen.recycled_for(spare).word();
    let is_swapped = if makes(Mistake::OwnerOnlyTable) {
        let is_same = place.load(order::table_load()) == seen.word();
        is_same.then(|| place.store(recycled, Ordering::Release)).is_some()
    } else {
        place.compare_exchange(seen.word(), recycled, order::recycle_cas())
    };
    let is_ours = is_swapped || makes(Mistake::NoRetry);
    reach(Point::RecycleSwapped);
    if is_ours {
        control.overwritten.store(next, order::overwritten_store());
        reach(Point::RecycleCounted);
    }
    control.recycling.store(0, order::recycling_end());
    reach(Point::RecycleEnded);
    if is_ours {
        order::clear_fence();
        // SAFETY: counting compared `victim`, and O took it from the table after every record in it was
        // committed.
        unsafe { ring.clear(victim) };
        give_back(victim);
    } else {
        give_back(spare);
    }
    reach(Point::RecycleCleared);
    Ok(())
}

/// The number of events in a sub-buffer. `None` if a record is not committed, or if the frames make no
/// sense.
pub(super) fn count_if_complete<M>(ring: &M, memory: usize) -> Option<u64>
where
    M: RingMemory,
{
    let geometry = ring.geometry();
    let subbuf_bytes = geometry.subbuf_size_bytes();
    if memory >= geometry.memory_count() {
        return None;
    }
    let mut events = 0;
    let mut offset = 0;
    // Records of one size come in rows: while the frame word repeats, the processor need not wait for its
    // length.
    let (mut usual_word, mut usual_stride) = (0, 0);
    while offset < subbuf_bytes {
        // SAFETY: the memory was compared, and the offset is a sum of multiples of four below the size.
        let word = unsafe { ring.frame(memory, offset) }.load(order::frame_read());
        if word == usual_word && usual_stride != 0 {
            events += 1;
            offset += usual_stride;
            continue;
        }
        let length_bytes = match Frame::decode(word) {
            Frame::Committed { kind, length_bytes } => {
                let stride = length_bytes.next_multiple_of(WORD_BYTES);
                if kind == FrameKind::Event {
                    events += 1;
                    (usual_word, usual_stride) = (word, stride);
                }
                stride
            }
            Frame::Pad { length_bytes } => length_bytes,
            Frame::Empty | Frame::InFlight { .. } => return None,
        };
        // The consumer may write here too, and is not trusted either.
        if length_bytes < WORD_BYTES || !length_bytes.is_multiple_of(WORD_BYTES) {
            return None;
        }
        offset += length_bytes;
    }
    (offset == subbuf_bytes).then_some(events)
}
