//! The writing end of a stream: reserve, encode, commit.
//!
//! ```text
//!        frame word   header                 payload             to the next multiple of four
//!       +-----------+----------------------+-------------------+----+
//!       | 4 bytes   | 4 (short) or 13      | as measured       |    |
//!       +-----------+----------------------+-------------------+----+
//!        the ring's  header and payload are CTF's: the consumer copies them unchanged
//! ```
//!
//! The consumer strips the frame word. Arguments are measured before room is reserved, so no code of the user runs
//! within a reservation.
#![allow(unsafe_code)]

use crate::abi::{FrameKind, Geometry, LossCause, MAX_RECORD_BYTES, Mode, WORD_BYTES};
use crate::clock::{ClockKind, monotonic_ns};
use crate::cpu::Stay;
use crate::ring::{self, Clock, Refusal, Request, Reservation, RingMemory, Window};
use crate::shm::{StreamWords, WriterWords};
use crate::sync::{AtomicU32, AtomicU64, Local, OfCpu, Ordering, Rmw, Shared};
use crate::wire::{
    COMPACT_BYTES, COMPACT_CLOCK_BITS, EXTENDED_BYTES, MAX_COMPACT_ID, Payload, write_compact,
    write_extended,
};
use core::marker::PhantomData;

// The ring decides which header a record has, and the wire format writes it: both must mean the same header.
const _: () = assert!(COMPACT_CLOCK_BITS == ring::reserve::SHORT_CLOCK_BITS);

/// The writing end of one stream: [`Local`] if one thread writes to it, [`OfCpu`] if the threads of one CPU do so in restartable
/// sequences, else [`Shared`].
#[derive(Debug)]
#[repr(C)]
pub struct Stream<K> {
    words: StreamWords<K>,
    window: Window,
    clock: ClockKind,
    /// A CPU's stream: its number, and where the threads' areas are. Set before the stream has such writers.
    cpu: AtomicU32,
    area: AtomicU64,
}

/// Why a record needs another stream. It has not been counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// The stream is retired: all later records need another one, too.
    Closed,
    /// The thread was interrupted, and may have moved to another CPU, whose stream the record needs.
    Moved,
}

impl<K: Rmw> Stream<K> {
    /// Name and offset of its fields: copies of this code in one process lend streams to each other.
    pub const FIELDS: [(&str, usize); 5] = [
        ("words", core::mem::offset_of!(Self, words)),
        ("window", core::mem::offset_of!(Self, window)),
        ("clock", core::mem::offset_of!(Self, clock)),
        ("cpu", core::mem::offset_of!(Self, cpu)),
        ("area", core::mem::offset_of!(Self, area)),
    ];

    /// The stream that begins at `base`.
    ///
    /// # Safety
    /// As for [`StreamWords::new`].
    pub unsafe fn new(base: *mut u8, geometry: Geometry, mode: Mode, clock: ClockKind) -> Self {
        // SAFETY: the caller's promise.
        let words = unsafe { StreamWords::new(base, geometry, mode) };
        let cpu = AtomicU32::new(0);
        Self { words, window: Window::default(), clock, cpu, area: AtomicU64::new(0) }
    }

    /// The shared words.
    pub fn words(&self) -> &StreamWords<K> {
        &self.words
    }

    /// The parts that a writer uses. By value, because a compiler would reload fields behind a reference after each
    /// store into the ring.
    #[inline(always)]
    fn writer(&self, by: K) -> WriterWords<'_, K> {
        WriterWords { words: self.words, window: &self.window, by }
    }

    /// Notes that all of its memory is resident: writers ask the kernel for none. Before it has its first writer.
    pub fn set_resident(&self) {
        self.window.set_resident();
    }

    /// Whether its records' clock is a counter, which is read without a call.
    pub fn is_counting(&self) -> bool {
        self.clock.is_counter()
    }

    /// Like [`try_record`](Self::try_record), for the usual case: the class has a short header, the clock is a
    /// counter, and if the stream is one thread's, the caller's tracepoint is the only one of that thread in
    /// progress. `false` also if the record needs the long header, or if the payload is long: code for cases that
    /// cannot occur here would need registers.
    #[inline(always)]
    pub fn try_record_usual<P: Payload>(&self, by: K, class_id: u32, payload: &P) -> bool {
        // Those who lend the other streams know their clock: see `ThreadCache::counting_stream` and `CpuStreams`.
        let clock = if K::IS_SHARED && !K::MAY_MOVE { self.clock } else { ClockKind::Tsc };
        if !clock.is_counter() || !payload.is_short() {
            return false;
        }
        let writer = self.writer(by);
        let request = request_for(class_id, payload);
        match ring::try_reserve_usual(&writer, request, &StreamClock::<K>::new(ClockKind::Tsc)) {
            Some(reservation) => {
                write(&writer, reservation, class_id, payload);
                true
            }
            None => false,
        }
    }

    /// Writes one event record if its sub-buffer has room for it. Otherwise returns `false`, and counts nothing.
    #[inline(always)]
    pub fn try_record<P: Payload>(&self, by: K, class_id: u32, payload: &P) -> bool {
        let (writer, clock) = (self.writer(by), StreamClock::<K>::new(self.clock));
        let request = request_for(class_id, payload);
        match ring::try_reserve(&writer, request, &clock) {
            Some(reservation) => {
                write(&writer, reservation, class_id, payload);
                true
            }
            None => false,
        }
    }

    /// Writes one event record, into the next sub-buffer if necessary, or counts it as lost. In [`Mode::Block`] it
    /// first waits for room, if the caller has patience.
    ///
    /// # Errors
    /// The record needs another stream.
    pub fn record<P: Payload>(
        &self,
        by: K,
        class_id: u32,
        payload: &P,
        mut patience: Option<&mut Patience>,
    ) -> Result<(), Elsewhere> {
        let writer = self.writer(by);
        let request = request_for(class_id, payload);
        loop {
            let seen = ring::release_seq(&writer);
            let cause = match ring::reserve(&writer, request, &StreamClock::<K>::new(self.clock)) {
                Ok(reservation) => {
                    write(&writer, reservation, class_id, payload);
                    return Ok(());
                }
                Err(Refusal::Closed) => return Err(Elsewhere::Closed),
                Err(Refusal::Moved) => return Err(Elsewhere::Moved),
                Err(Refusal::Lost(cause)) => cause,
            };
            if cause != LossCause::Full || !self.wait_for_room(seen, patience.as_deref_mut()) {
                ring::lose(&writer, cause);
                return Ok(());
            }
        }
    }

    /// Waits until the reader has given back a sub-buffer since `seen`. `false`: give up.
    ///
    /// If the reader does not come within the timeout, only one event waits for it: no other event waits until the
    /// reader does come.
    fn wait_for_room(&self, seen: u32, patience: Option<&mut Patience>) -> bool {
        let (Mode::Block { timeout_ms }, Some(patience)) = (self.words.mode(), patience) else {
            return false;
        };
        let control = self.words.control();
        let gave_up = u64::from(seen) + 1;
        // Relaxed: a stale read costs one extra timeout.
        if control.gave_up_at.load(Ordering::Relaxed) == gave_up {
            return false;
        }
        let now = monotonic_ns();
        let timeout_ns = u64::from(timeout_ms) * 1_000_000;
        let deadline = *patience.deadline.get_or_insert(now + timeout_ns);
        if now >= deadline {
            control.gave_up_at.store(gave_up, Ordering::Relaxed);
            return false;
        }
        self.words.wait_for_release(seen, deadline - now);
        patience.has_waited = true;
        true
    }
}

/// Until when one event waits for room, in all the streams that it tries: set when it begins to wait.
#[derive(Debug, Default)]
pub struct Patience {
    deadline: Option<u64>,
    has_waited: bool,
}

impl Patience {
    /// Whether the event has waited since the last call: then the thread may have woken up on any CPU.
    pub fn take_waited(&mut self) -> bool {
        core::mem::take(&mut self.has_waited)
    }
}

impl Stream<Shared> {
    /// Notes in the stream that `owner` owns its records from here on.
    ///
    /// # Errors
    /// There is no room, or the stream is closed. Nothing is counted.
    pub fn record_owner(&self, owner: u32) -> Result<(), Refusal> {
        self.words.control().owner.store(owner, Ordering::Relaxed);
        ring::write_note(&self.writer(Shared), 0)
    }

    /// Tells the consumer whether the stream is written in restartable sequences. Its new owner does.
    pub fn tell_way(&self, is_sequenced: bool) {
        // Relaxed: the consumer shows it to the user and does nothing else with it.
        self.words.control().is_sequenced.store(is_sequenced.into(), Ordering::Relaxed);
    }

    /// The same stream, for the threads of a CPU, whose areas are there.
    ///
    /// # Safety
    /// As long as the result is used, nobody writes to the stream in another way. The area is that of [`crate::cpu::area`],
    /// and not 0.
    pub unsafe fn of_one_cpu(&self, cpu: u32, area: isize) -> &Stream<OfCpu> {
        // Relaxed: who makes the stream known publishes them.
        self.cpu.store(cpu, Ordering::Relaxed);
        self.area.store(area as u64, Ordering::Relaxed);
        // SAFETY: `repr(C)` throughout, and the parameter has no bytes.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }

    /// The same stream, for the only thread that writes to it.
    ///
    /// # Safety
    /// As long as the result is used, only the calling thread and the signal handlers that interrupt it write to the
    /// stream.
    pub unsafe fn of_one_thread(&self) -> &Stream<Local> {
        // SAFETY: `repr(C)` throughout, and the parameter has no bytes.
        unsafe { &*core::ptr::from_ref(self).cast() }
    }
}

impl Stream<OfCpu> {
    /// The calling thread's stay on this stream's CPU. `None` if it is on another one. Async-signal-safe.
    #[inline(always)]
    pub fn stay(&self) -> Option<Stay> {
        let area = self.area.load(Ordering::Relaxed) as isize;
        // SAFETY: `of_one_cpu`'s caller knows that it is right.
        unsafe { Stay::begin(area, self.cpu.load(Ordering::Relaxed)) }
    }
}

/// A stream's clock, for its ring.
struct StreamClock<K>(ClockKind, PhantomData<K>);

impl<K> StreamClock<K> {
    #[inline(always)]
    fn new(kind: ClockKind) -> Self {
        Self(kind, PhantomData)
    }
}

impl<K: Rmw> Clock for StreamClock<K> {
    /// Only a writer on another CPU could read a later clock and move the position before this thread loads the
    /// position.
    #[inline(always)]
    fn await_loads(&self) {
        if K::IS_SHARED && !K::MAY_MOVE {
            self.0.await_loads();
        }
    }

    #[inline(always)]
    fn now(&self) -> u64 {
        self.0.now()
    }
}

#[inline(always)]
fn request_for<P: Payload>(class_id: u32, payload: &P) -> Request {
    let payload_bytes = match P::FIXED_SIZE_BYTES {
        Some(bytes) => bytes,
        None => payload.size_bytes(),
    };
    // All lengths beyond the longest record are alike, and must not overflow the sums below.
    let payload_bytes = payload_bytes.min(MAX_RECORD_BYTES);
    Request {
        kind: FrameKind::Event,
        short_bytes: WORD_BYTES + COMPACT_BYTES + payload_bytes,
        long_bytes: WORD_BYTES + EXTENDED_BYTES + payload_bytes,
        may_be_short: class_id <= MAX_COMPACT_ID,
    }
}

#[inline(always)]
fn write<K: Rmw, P: Payload>(
    writer: &WriterWords<'_, K>,
    reservation: Reservation,
    class_id: u32,
    payload: &P,
) {
    // SAFETY: the reservation is `length_bytes` long: the frame word, then the header that `is_short` selects, then
    // the payload, which writes no more than it was measured to need. The reservation is of this stream, so it is
    // within the stream's memory.
    unsafe {
        let header = writer.words.bytes_at(reservation.at + WORD_BYTES);
        let body = if reservation.is_short {
            write_compact(header, class_id, reservation.clock);
            header.add(COMPACT_BYTES)
        } else {
            write_extended(header, class_id, reservation.clock);
            header.add(EXTENDED_BYTES)
        };
        payload.encode(body);
    }
    ring::commit(writer, reservation);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As large as the address space. On a 32-bit machine a few references to one array reach that size.
    struct Vast;

    // SAFETY: never written.
    unsafe impl Payload for Vast {
        const FIXED_SIZE_BYTES: Option<usize> = Some(usize::MAX);

        fn size_bytes(&self) -> usize {
            usize::MAX
        }

        fn is_short(&self) -> bool {
            true
        }

        unsafe fn encode(&self, _: *mut u8) -> *mut u8 {
            unreachable!("no record has room for it");
        }
    }

    #[test]
    fn a_payload_of_a_fixed_size_beyond_all_records_is_not_taken_for_a_small_one() {
        let request = request_for(0, &Vast);
        assert!(request.short_bytes > MAX_RECORD_BYTES);
        assert!(request.long_bytes > request.short_bytes);
    }
}
