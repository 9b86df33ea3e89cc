//! The fixture of the loom models: a stream whose words are loom's, and the code that ships over it.
//!
//! ```text
//!   StreamControl        loom atomics, as the shared page has them
//!   frames[m][w]         one loom atomic for each word: a frame word may stand at any
//!   cells[m][w]          one loom cell for each word: header and payload; a race on one fails the model
//! ```
//!
//! Every record carries its number in each of its payload words, so that a torn one is seen. The geometry
//! is tiny: loom visits every interleaving, and the number of them is what bounds a model.
#![cfg(loom)]
#![allow(missing_docs)]

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use std::marker::PhantomData;
use ust_core::abi::{FrameKind, Geometry, LossCause, StreamControl, WORD_BYTES};
use ust_core::ring::{self, Reader, Request, Reservation, RingMemory};
use ust_core::sync::{AtomicU32, ReadOnly, Rmw};

/// Words of one sub-buffer.
pub const SUBBUF_WORDS: usize = 8;

/// A record of the short form is a frame word and this; one of the long form has a word more.
const SHORT_WORDS: usize = 1;

/// The stream.
pub struct Stream<K> {
    geometry: Geometry,
    control: StreamControl<K>,
    frames: Vec<AtomicU32>,
    cells: Vec<UnsafeCell<u32>>,
    subbuf_words: usize,
}

// SAFETY: the cells are what the models are about; loom reports any access that races.
unsafe impl<K> Send for Stream<K> {}
// SAFETY: as above.
unsafe impl<K> Sync for Stream<K> {}

impl<K> Stream<K> {
    pub fn new(subbuf_words: usize, subbuf_count: u32) -> Arc<Self> {
        let geometry = Geometry::tiny((subbuf_words * WORD_BYTES) as u64, subbuf_count);
        let words = geometry.memory_count() * subbuf_words;
        Arc::new(Self {
            geometry,
            control: StreamControl::new_private(geometry),
            frames: (0..words).map(|_| AtomicU32::new(0)).collect(),
            cells: (0..words).map(|_| UnsafeCell::new(0)).collect(),
            subbuf_words,
        })
    }

    fn word(&self, memory: usize, offset: usize) -> usize {
        assert!(
            memory < self.geometry.memory_count() && offset < self.geometry.subbuf_size_bytes()
        );
        assert_eq!(offset % WORD_BYTES, 0);
        memory * self.subbuf_words + offset / WORD_BYTES
    }

    fn write_cell(&self, memory: usize, offset: usize, value: u32) {
        // SAFETY: loom checks that nobody else accesses the cell.
        self.cells[self.word(memory, offset)].with_mut(|cell| unsafe { *cell = value });
    }

    fn read_cell(&self, memory: usize, offset: usize) -> u32 {
        // SAFETY: loom checks that nobody else writes the cell.
        self.cells[self.word(memory, offset)].with(|cell| unsafe { *cell })
    }
}

/// One side's handle: `K` as the writers have it, or [`ReadOnly`].
pub struct End<S, K> {
    stream: Arc<Stream<S>>,
    kind: PhantomData<K>,
}

// SAFETY: the words live as long as the `Arc`.
unsafe impl<S: 'static, K: 'static> RingMemory for End<S, K> {
    type Kind = K;

    fn geometry(&self) -> Geometry {
        self.stream.geometry
    }

    fn control(&self) -> &StreamControl<K> {
        let control: *const StreamControl<S> = &self.stream.control;
        // SAFETY: `StreamControl` is the same bytes whatever its kind.
        unsafe { &*control.cast() }
    }

    unsafe fn frame(&self, memory: usize, offset: usize) -> &AtomicU32 {
        &self.stream.frames[self.stream.word(memory, offset)]
    }

    unsafe fn clear(&self, memory: usize) {
        for word in 0..self.stream.subbuf_words {
            self.stream.write_cell(memory, word * WORD_BYTES, 0);
            let frame = &self.stream.frames[self.stream.word(memory, word * WORD_BYTES)];
            frame.store(0, loom::sync::atomic::Ordering::Relaxed);
        }
    }
}

/// A writer.
pub struct Writer<K>(End<K, K>);

impl<K: Rmw> Writer<K> {
    pub fn new(stream: &Arc<Stream<K>>) -> Self {
        Self(End { stream: stream.clone(), kind: PhantomData })
    }

    /// Emits record `number`; `Err` says that it was counted lost.
    pub fn emit(&self, number: u32) -> Result<(), LossCause> {
        let reservation = self.reserve(number)?;
        self.fill(&reservation, number);
        ring::commit(&self.0, reservation);
        Ok(())
    }

    pub fn reserve(&self, number: u32) -> Result<Reservation, LossCause> {
        let request = Request {
            kind: FrameKind::Event,
            short_bytes: (1 + SHORT_WORDS) * WORD_BYTES,
            long_bytes: (2 + SHORT_WORDS) * WORD_BYTES,
            may_be_short: true,
        };
        let clock = || number.into();
        match ring::try_reserve(&self.0, request, clock) {
            Some(reservation) => Ok(reservation),
            None => ring::reserve(&self.0, request, &clock),
        }
    }

    pub fn fill(&self, reservation: &Reservation, number: u32) {
        for at in (WORD_BYTES..reservation.length_bytes).step_by(WORD_BYTES) {
            self.0.stream.write_cell(reservation.memory, reservation.offset + at, number);
        }
    }
}

/// The reader, and what it has read.
pub struct Consumer<S: 'static> {
    reader: Reader<End<S, ReadOnly>>,
    pub numbers: Vec<u32>,
    last_end: u64,
}

impl<S> Consumer<S> {
    pub fn new(stream: &Arc<Stream<S>>) -> Self {
        let end = End { stream: stream.clone(), kind: PhantomData };
        Self { reader: Reader::new(end), numbers: Vec::new(), last_end: 0 }
    }

    /// Exchanges what is complete, as the daemon does when it is woken.
    pub fn take_complete(&mut self) {
        while self.reader.is_complete().unwrap() {
            self.reader.take().unwrap();
            self.read_prefix();
            self.reader.give_back();
        }
    }

    /// Reads what is committed, in place, as the daemon does when its flush timer fires.
    pub fn read_prefix(&mut self) {
        while let Some(found) = self.reader.next().unwrap() {
            self.check(found);
        }
    }

    /// Everything, as the daemon does at the end.
    pub fn read_all(&mut self) {
        self.take_complete();
        self.read_prefix();
    }

    /// What dead writers left.
    pub fn recover(&mut self) {
        while let Some(found) = self.reader.next_after_death().unwrap() {
            self.check(found);
        }
    }

    /// A short header decodes only against the record immediately before, which must have been read.
    fn check_header(&mut self, found: ring::Found) {
        let start = found.end_position - (found.length_bytes + WORD_BYTES) as u64;
        if found.length_bytes == SHORT_WORDS * WORD_BYTES {
            assert_eq!(start, self.last_end, "a short header behind a hole");
            assert_ne!(found.offset, WORD_BYTES, "a short header at a sub-buffer's start");
        }
        self.last_end = found.end_position;
    }

    pub fn lost(&self) -> u64 {
        self.reader.lost().iter().sum()
    }

    fn check(&mut self, found: ring::Found) {
        assert_eq!(found.kind, FrameKind::Event);
        self.check_header(found);
        let stream = &self.reader.ring().stream;
        let words: Vec<u32> = (0..found.length_bytes)
            .step_by(WORD_BYTES)
            .map(|at| stream.read_cell(found.memory, found.offset + at))
            .collect();
        assert!(words.iter().all(|word| *word == words[0]), "torn: {words:?}");
        self.numbers.push(words[0]);
    }
}

/// Each of `emitted` was read exactly once or counted lost.
pub fn assert_exact<S: 'static>(consumer: &Consumer<S>, emitted: u32) {
    let mut numbers = consumer.numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), consumer.numbers.len(), "read twice: {:?}", consumer.numbers);
    assert!(
        numbers.iter().all(|number| (1..=emitted).contains(number)),
        "never emitted: {numbers:?}"
    );
    assert_eq!(
        numbers.len() as u64 + consumer.lost(),
        emitted.into(),
        "read {numbers:?}, {} lost",
        consumer.lost()
    );
}
