//! Loom models of the code that ships: of the ring (`tests/p*`), and of the runtime around it (`tests/r*`).
//!
//! Loom runs a model in many interleavings, and has each load return every value that the memory model allows. What it runs
//! is compiled from the shipped files: `ust-core`'s ring by its `sync`, whose words are loom's here, and the runtime's
//! `lockfree` types likewise. `mutants.sh` weakens each ordering of their tables in turn; a model fails for each.
//!
//! | model | what it holds |
//! | --- | --- |
//! | `p1` | one writer, one reader: each record is read once or counted, alone or in a row |
//! | `p3` | the same of writers that overwrite, and of two writers at once |
//! | `p5` | the same of a signal handler's records, at each point of the record that it interrupts |
//! | `p6` | the same when a writer, or the reader, dies at any point |
//! | `p7` | a stream changes hands, and is closed |
//! | `p9` | the threads of a CPU interrupt each other, and move to other CPUs, at any point of a record; clocks stay in order |
//! | `r1` | a fork's child finds the registry whole and waits for no thread; a raw clone's child finds it whole or lost |
//! | `r2` | no thread uses a channel that is freed; a cache is empty when it passes from one thread to the next |
//! | `r3` | one of several threads makes the ring file; no thread writes to an unsent file; a stream has one owner |
//! | `r4` | an event that is on has a runtime and a class; no thread follows a module that is gone |
//! | `r5` | the threads of a forked child give it files of its own, one thread at a time |
//! | `r6` | what one thread leaves is taken once, with what it belongs to |
//! | `r7` | the consumer reads whole classes, initialised streams, and each channel's own losses |
//! | `r8` | a consumer that sleeps is woken |
//!
//! What a model of the runtime leaves out are the system calls: a mapping is a cell, which fails the model if two threads
//! race on it or use it when it is freed; a fork is a copy of the state; `membarrier` is a fence on both sides.
//!
//! Loom does not run every interleaving of a thread that reads a word and then changes it. It reorders an access only
//! against the last access to the same word, and that is the thread's own read. Where a model depends on what another
//! thread does in between, the thread yields there. A missing yield is noticed when a mutant gets away.
//!
//! # The fixture of the ring's models
//! A stream whose words are loom's, and the code that ships over it.
//!
//! ```text
//!   StreamControl        loom atomics, as the shared page has them
//!   frames[m][w]         one loom atomic for each word: a frame word may stand at any
//!   cells[m][w]          one loom cell for each word: header and payload; a race on one fails the model
//! ```
//!
//! Every record carries its number in each of its payload words, so that a torn one is seen. The geometry
//! is tiny: loom visits every interleaving, and the number of them is what bounds a model.
//!
//! Where a reader copies what may be overwritten meanwhile, payload stands in the atomics too, as in the
//! real ring (`Payload::Words`): that race is meant, and the copy is thrown away.
#![cfg(loom)]
#![allow(missing_docs)]

/// The runtime's lock-free parts, which are private to `ust`: the very files.
#[path = "../../ust/src/lockfree/mod.rs"]
pub mod lockfree;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::Ordering::Relaxed;
use std::cell::Cell;
use ust_core::abi::{
    FrameKind, Geometry, LossCause, Mode, NOTE_BYTES, Note, PAGE_BYTES, StreamControl, WORD_BYTES,
};
use ust_core::ring::{
    self, Found, Holes, Image, Reader, Refusal, Request, Reservation, RingMemory, Take, Unordered,
    Window, WritableRing,
};
use ust_core::sync::{AtomicU32, Local, OfCpu, ReadOnly, Rmw, Shared, stay};

/// Visits every interleaving of a model with at most so many preemptions; `UST_DEEPER=N` allows N more. The bound
/// keeps the time short: a bug that needs more preemptions is not found.
pub fn check(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let deeper = std::env::var("UST_DEEPER").map_or(0, |deeper| deeper.parse().unwrap());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions + deeper);
    builder.max_branches = 10_000;
    builder.check(model);
}

/// Words of a sub-buffer for three records: a note, a long record, two short ones, two words of padding.
pub const THREE_RECORDS: usize = 16;

/// Words of a sub-buffer for one record: a note and a long record, to the last word.
pub const ONE_RECORD: usize = 8;

/// Where in such a sub-buffer frame words stand: of the note and the record.
const ONE_RECORDS_FRAMES: [usize; 2] = [0, 4];

/// How often a writer starts over: more often than the models interrupt it.
const MOST_STARTS: usize = 4;

/// A record of the short form is a frame word and this; one of the long form has a word more.
const SHORT_WORDS: usize = 2;

/// What payload words are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Cells: reading one that another thread may write fails the model.
    Cells,
    /// Atomics.
    Words,
}

/// The stream.
pub struct Stream<K> {
    geometry: Geometry,
    mode: Mode,
    payload: Payload,
    control: StreamControl<K>,
    window: Window,
    /// Records in progress, of all writers. A thread's own mark says the same of its own records.
    under_way: Cell<u32>,
    frames: Vec<AtomicU32>,
    cells: Vec<UnsafeCell<u32>>,
    subbuf_words: usize,
}

// SAFETY: the cells are what the models are about; loom reports any access that races.
unsafe impl<K> Send for Stream<K> {}
// SAFETY: as above.
unsafe impl<K> Sync for Stream<K> {}

impl<K> Stream<K> {
    pub fn new(subbuf_words: usize, subbuf_count: u32, mode: Mode) -> Arc<Self> {
        Self::with_payload(subbuf_words, subbuf_count, mode, Payload::Cells)
    }

    pub fn with_payload(
        subbuf_words: usize,
        subbuf_count: u32,
        mode: Mode,
        payload: Payload,
    ) -> Arc<Self> {
        let geometry = Geometry::tiny((subbuf_words * WORD_BYTES) as u32, subbuf_count);
        let words = geometry.memory_count() * subbuf_words;
        Arc::new(Self {
            geometry,
            mode,
            payload,
            control: StreamControl::new_private(geometry),
            window: Window::default(),
            under_way: Cell::new(0),
            frames: (0..words).map(|_| AtomicU32::new(0)).collect(),
            cells: (0..words).map(|_| UnsafeCell::new(0)).collect(),
            subbuf_words,
        })
    }

    /// The word that stands so many bytes from the stream's start.
    fn word(&self, at: usize) -> usize {
        assert!(at.is_multiple_of(WORD_BYTES) && at >= PAGE_BYTES);
        (at - PAGE_BYTES) / WORD_BYTES
    }

    fn write(&self, at: usize, value: u32) {
        let word = self.word(at);
        match self.payload {
            // SAFETY: loom checks that nobody else accesses the cell.
            Payload::Cells => self.cells[word].with_mut(|cell| unsafe { *cell = value }),
            Payload::Words => self.frames[word].store(value, Relaxed),
        }
    }

    fn read(&self, at: usize) -> u32 {
        let word = self.word(at);
        match self.payload {
            // SAFETY: loom checks that nobody else writes the cell.
            Payload::Cells => self.cells[word].with(|cell| unsafe { *cell }),
            Payload::Words => self.frames[word].load(Relaxed),
        }
    }
}

/// One side's handle: `K` as the writers have it, or [`ReadOnly`].
pub struct End<S, K> {
    stream: Arc<Stream<S>>,
    by: Cell<K>,
}

// SAFETY: the words live as long as the `Arc`.
unsafe impl<S: 'static, K: 'static> RingMemory for End<S, K> {
    type Kind = K;

    fn geometry(&self) -> Geometry {
        self.stream.geometry
    }

    fn mode(&self) -> Mode {
        self.stream.mode
    }

    fn control(&self) -> &StreamControl<K> {
        let control: *const StreamControl<S> = &self.stream.control;
        // SAFETY: `StreamControl` is the same bytes whatever its kind.
        unsafe { &*control.cast() }
    }

    unsafe fn frame_at(&self, at: usize) -> &AtomicU32 {
        &self.stream.frames[self.stream.word(at)]
    }

    unsafe fn payload(&self, memory: usize, offset: usize) -> u32 {
        self.stream.read(self.stream.geometry.memory_offset(memory) + offset)
    }

    unsafe fn clear(&self, memory: usize) {
        for word in 0..self.stream.subbuf_words {
            let at = self.stream.geometry.memory_offset(memory) + word * WORD_BYTES;
            if self.stream.payload == Payload::Cells {
                self.stream.write(at, 0);
                // Each store that loom sees doubles its work, so only words that can be frame words are stored.
                if self.stream.subbuf_words == ONE_RECORD && !ONE_RECORDS_FRAMES.contains(&word) {
                    continue;
                }
            }
            self.stream.frames[self.stream.word(at)].store(0, Relaxed);
        }
    }
}

// SAFETY: the window is the stream's.
unsafe impl<K: Rmw> WritableRing for End<K, K> {
    fn by(&self) -> K {
        self.by.get()
    }

    fn window(&self) -> &Window {
        &self.stream.window
    }

    unsafe fn write_note(&self, at: usize, note: Note) {
        for (index, word) in note.to_words().into_iter().enumerate() {
            self.stream.write(at + index * WORD_BYTES, word);
        }
    }
}

/// A writer.
pub struct Writer<K>(End<K, K>);

/// Who writes.
pub trait Writes: Rmw {
    /// The calling thread, from now on.
    fn now() -> Self;
}

impl Writes for Local {
    fn now() -> Self {
        Local
    }
}

impl Writes for Shared {
    fn now() -> Self {
        Shared
    }
}

impl Writes for OfCpu {
    fn now() -> Self {
        stay()
    }
}

impl<K: Writes> Writer<K> {
    pub fn new(stream: &Arc<Stream<K>>) -> Self {
        Self(End { stream: stream.clone(), by: Cell::new(K::now()) })
    }

    /// Emits record `number`; `Err` says that it was counted lost.
    pub fn emit(&self, number: u32) -> Result<(), LossCause> {
        // A writer that is interrupted may be told that it has moved, and starts over.
        let written = (0..MOST_STARTS).find_map(|_| self.try_emit(number));
        written.expect("it is on its CPU")
    }

    /// The same, once; `None` says that it may have moved to another CPU.
    pub fn try_emit(&self, number: u32) -> Option<Result<(), LossCause>> {
        Some(match self.reserve(number) {
            Ok(reservation) if makes("CommitFirst") => {
                let Reservation { at, length_bytes, .. } = reservation;
                self.commit(reservation);
                self.write_payload(at, length_bytes, number);
                Ok(())
            }
            Ok(reservation) => {
                self.fill(&reservation, number);
                self.commit(reservation);
                Ok(())
            }
            Err(Refusal::Lost(cause)) => {
                ring::lose(&self.0, cause);
                Err(cause)
            }
            Err(Refusal::Closed) => panic!("nobody closes the stream in this model"),
            Err(Refusal::Moved) => return None,
        })
    }

    /// The same, by the calling thread as it is now.
    fn now(&self) -> &End<K, K> {
        self.0.by.set(K::now());
        &self.0
    }

    /// The ring's own count of sub-buffers given back.
    pub fn release_seq(&self) -> u32 {
        ring::release_seq(&self.0)
    }

    pub fn reserve(&self, number: u32) -> Result<Reservation, Refusal> {
        let request = Request {
            kind: FrameKind::Event,
            short_bytes: (1 + SHORT_WORDS) * WORD_BYTES,
            long_bytes: (2 + SHORT_WORDS) * WORD_BYTES,
            may_be_short: true,
        };
        let clock = Unordered(|| number.into());
        // As a tracepoint does: the fast path for the outermost of its thread, and the general path for the others.
        let under_way = &self.0.stream.under_way;
        under_way.set(under_way.get() + 1);
        let is_usual = K::IS_SHARED || under_way.get() == 1 || makes("AlwaysUsual");
        // Each is an attempt of its own.
        let usual = || ring::try_reserve_usual(self.now(), request, &clock);
        let reserved = is_usual
            .then(usual)
            .flatten()
            .or_else(|| ring::try_reserve(self.now(), request, &clock))
            .map_or_else(|| ring::reserve(self.now(), request, &clock), Ok);
        if reserved.is_err() {
            under_way.set(under_way.get() - 1);
        }
        reserved
    }

    pub fn commit(&self, reservation: Reservation) {
        ring::commit(&self.0, reservation);
        let under_way = &self.0.stream.under_way;
        under_way.set(under_way.get() - 1);
    }

    /// Loses a record.
    pub fn lose(&self) {
        ring::lose(&self.0, LossCause::Full);
    }

    /// As a new owner does.
    pub fn write_note(&self) -> Result<(), Refusal> {
        ring::write_note(self.now(), 0)
    }

    pub fn fill(&self, reservation: &Reservation, number: u32) {
        self.write_payload(reservation.at, reservation.length_bytes, number);
    }

    fn write_payload(&self, at: usize, length_bytes: usize, number: u32) {
        for behind in (WORD_BYTES..length_bytes).step_by(WORD_BYTES) {
            self.0.stream.write(at + behind, payload_word(number));
        }
    }
}

/// A record's number as its payload: a word that would be believed if it were taken for a frame word.
fn payload_word(number: u32) -> u32 {
    2 << 30 | number << 4 | 8
}

/// The mistakes of a writer that uses the ring wrongly, by `UST_MISTAKE`: it commits a record before it has written
/// it (`CommitFirst`), takes the way of an outermost tracepoint in a nested one (`AlwaysUsual`), or does not notice that it runs on
/// another CPU than the stream's (`OtherCpu`).
pub fn makes(mistake: &str) -> bool {
    use std::sync::OnceLock;
    static MISTAKE: OnceLock<Option<String>> = OnceLock::new();
    MISTAKE.get_or_init(|| std::env::var("UST_MISTAKE").ok()).as_deref() == Some(mistake)
}

/// The reader, and what it has read.
pub struct Consumer<S: 'static> {
    reader: Reader<End<S, ReadOnly>>,
    pub numbers: Vec<u32>,
    last_end: u64,
    noted_losses: u64,
}

impl<S> Consumer<S> {
    pub fn new(stream: &Arc<Stream<S>>) -> Self {
        Self::of(Reader::new(End { stream: stream.clone(), by: Cell::new(ReadOnly) }))
    }

    /// The successor of a reader that has died.
    pub fn resume(stream: &Arc<Stream<S>>) -> Self {
        Self::of(Reader::resume(End { stream: stream.clone(), by: Cell::new(ReadOnly) }))
    }

    /// Counts what was overwritten from the stream's beginning, as `ust recover` does.
    pub fn rewind(&mut self) {
        self.reader.rewind();
    }

    fn of(reader: Reader<End<S, ReadOnly>>) -> Self {
        Self { reader, numbers: Vec::new(), last_end: 0, noted_losses: 0 }
    }

    /// Exchanges what is complete, as the daemon does when it is woken.
    pub fn take_complete(&mut self) {
        while self.try_take_one() {}
    }

    /// Exchanges one sub-buffer if it is there and complete. Whether there may be another one.
    pub fn try_take_one(&mut self) -> bool {
        let take = self.reader.take().unwrap();
        match take {
            Take::Taken => {
                self.read_and_keep();
                self.give_back();
            }
            Take::Overwritten => self.reader.catch_up().unwrap(),
            Take::NotYet => {}
        }
        take != Take::NotYet
    }

    /// Exchanges one sub-buffer, which is complete.
    pub fn take_one(&mut self) {
        self.take_and_keep();
        self.give_back();
    }

    /// The same, and keeps its memory until [`give_back`](Self::give_back).
    pub fn take_and_keep(&mut self) {
        assert_eq!(self.reader.take().unwrap(), Take::Taken);
        self.read_and_keep();
    }

    fn read_and_keep(&mut self) {
        self.read_prefix();
        self.reader.set_consumed();
    }

    /// Clears the memory that was kept: the next spare.
    pub fn give_back(&mut self) {
        self.reader.give_back();
    }

    /// Reads what is committed, in place, as the daemon does when its flush timer fires.
    pub fn read_prefix(&mut self) {
        while let Some(found) = self.reader.next().unwrap() {
            self.check_in_place(found);
        }
    }

    /// The same in rows of as many records as there is room for. What no row takes, and notes, come one by one.
    pub fn read_rows(&mut self, room_words: usize) {
        let mut room = vec![0; room_words * WORD_BYTES];
        loop {
            let mut copies: Vec<(Vec<u8>, u64)> = Vec::new();
            let row = self.reader.copy_row(&mut room, |record, end_position| {
                copies.push((record.to_vec(), end_position));
                true
            });
            let bytes: Vec<u8> = copies.iter().flat_map(|(copy, _)| copy).copied().collect();
            assert_eq!(room[..row.bytes], bytes, "one immediately behind the other");
            assert_eq!((row.count, row.end_position), (copies.len(), self.reader.cursor()));
            for (copy, end_position) in copies {
                let words = copy.chunks_exact(WORD_BYTES);
                let words: Vec<_> =
                    words.map(|word| u32::from_ne_bytes(word.try_into().unwrap())).collect();
                self.check_record(end_position, &words);
            }
            let Some(found) = self.reader.next().unwrap() else { return };
            self.check_in_place(found);
        }
    }

    /// Copies what is committed now, without taking it: the cursor's sub-buffer where writers overwrite.
    pub fn copy_prefix(&mut self, until: u64, holes: Holes) {
        let mut image = Image::default();
        while !self.reader.copy(&mut image, until, holes).unwrap() {
            self.reader.catch_up().unwrap();
        }
        self.check_image(&image);
    }

    /// All that the flight recorder holds.
    pub fn snapshot(&mut self) {
        let mut image = Image::default();
        let until = self.reader.untrusted_write_position();
        loop {
            self.reader.catch_up().unwrap();
            if self.reader.cursor() >= until {
                return;
            }
            if !self.reader.copy(&mut image, until, Holes::Skip).unwrap() {
                continue;
            }
            self.check_image(&image);
            if !self.reader.is_left_behind() {
                return;
            }
            self.reader.step_over();
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
            self.check_in_place(found);
        }
    }

    pub fn close(&self) {
        self.reader.close();
    }

    pub fn holes(&self) -> u64 {
        self.reader.holes()
    }

    /// Lost or overwritten, by the writers' own counts.
    pub fn lost(&self) -> u64 {
        self.reader.lost().iter().sum::<u64>() + self.reader.overwritten()
    }

    pub fn overwritten(&self) -> u64 {
        self.reader.overwritten()
    }

    fn check_image(&mut self, image: &Image) {
        for found in image.found() {
            self.check(*found, image.words(*found));
        }
    }

    fn check_in_place(&mut self, found: Found) {
        let stream = &self.reader.ring().stream;
        let at = (0..found.length_bytes).step_by(WORD_BYTES);
        let start = stream.geometry.memory_offset(found.memory) + found.offset;
        let words: Vec<u32> = at.map(|at| stream.read(start + at)).collect();
        self.check(found, &words);
    }

    fn check(&mut self, found: Found, words: &[u32]) {
        let start = found.end_position - (found.length_bytes + WORD_BYTES) as u64;
        if found.kind == FrameKind::Note {
            let note = Note::from_words(words.try_into().unwrap());
            self.noted_losses = self.noted_losses.max(note.lost);
            // It has no clock, and does not stand between a short header and the clock that it builds on.
            if start == self.last_end {
                self.last_end = found.end_position;
            }
            return;
        }
        self.check_record(found.end_position, words);
    }

    fn check_record(&mut self, end_position: u64, words: &[u32]) {
        assert!(
            [SHORT_WORDS, SHORT_WORDS + 1].contains(&words.len()),
            "no record, but its payload: {words:?}"
        );
        let start = end_position - ((words.len() + 1) * WORD_BYTES) as u64;
        // A short header decodes only against the record immediately before, which must have been read.
        if words.len() == SHORT_WORDS {
            assert_eq!(start, self.last_end, "a short header behind a hole");
            let offset = start % self.reader.ring().stream.geometry.subbuf_size_bytes() as u64;
            assert_ne!(offset, NOTE_BYTES as u64, "a short header at a sub-buffer's start");
        }
        self.last_end = end_position;
        assert!(words.iter().all(|word| *word == words[0]), "torn: {words:?}");
        self.numbers.push((words[0] & 0xfff) >> 4);
    }
}

/// Each of `emitted` was read exactly once or counted lost.
pub fn assert_exact<S: 'static>(consumer: &Consumer<S>, emitted: u32) {
    let mut numbers = consumer.numbers.clone();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), consumer.numbers.len(), "read twice: {:?}", consumer.numbers);
    assert!(consumer.noted_losses <= consumer.lost(), "a note tells of losses that never were");
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
