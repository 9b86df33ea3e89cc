//! A writer that changes its ring at each look of the reader. Every call must end, after a bounded amount of work.
//!
//! No thread acts as the writer: the ring itself changes at each look. That is as fast as any writer can be, and the
//! same in every run. The test counts looks, and a call that does not end fails it.
#![allow(unsafe_code)]

use std::cell::Cell;
use ust_core::abi::{Frame, FrameKind, Geometry, Mode, Position, StreamControl, TableEntry};
use ust_core::ring::{Holes, Image, Reader, RingMemory};
use ust_core::shm::StreamWords;
use ust_core::sync::{AtomicU32, Local, Ordering, ReadOnly};
use ust_test_support::stream_file::StreamFile;

const SUBBUF_BYTES: usize = 4096;
const PLACES: usize = 4;

/// More looks than any call may take.
const ENDLESS: usize = 1 << 20;

fn geometry() -> Geometry {
    Geometry::new(SUBBUF_BYTES as u64, PLACES as u64).unwrap()
}

/// A ring that changes when the reader looks at the control page, or at a word behind a hole.
struct Changing<'a> {
    words: StreamWords<ReadOnly>,
    control: &'a StreamControl<Local>,
    looks: Cell<usize>,
    on_control: &'a dyn Fn(&StreamControl<Local>),
    on_payload: Option<&'a dyn Fn(usize) -> u32>,
}

impl Changing<'_> {
    fn count(&self) {
        self.looks.set(self.looks.get() + 1);
        assert!(self.looks.get() < ENDLESS, "a call does not end");
    }
}

// SAFETY: as of the words, which are mapped as long as the test runs.
unsafe impl RingMemory for &Changing<'_> {
    type Kind = ReadOnly;

    fn geometry(&self) -> Geometry {
        geometry()
    }

    fn mode(&self) -> Mode {
        self.words.mode()
    }

    fn control(&self) -> &StreamControl<ReadOnly> {
        self.count();
        (self.on_control)(self.control);
        self.words.control()
    }

    unsafe fn frame_at(&self, at: usize) -> &AtomicU32 {
        self.count();
        // SAFETY: the caller's promise.
        unsafe { self.words.frame_at(at) }
    }

    unsafe fn payload(&self, memory: usize, offset: usize) -> u32 {
        self.count();
        match self.on_payload {
            Some(payload) => payload(offset),
            // SAFETY: the caller's promise.
            None => unsafe { self.words.payload(memory, offset) },
        }
    }

    unsafe fn clear(&self, memory: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.words.clear(memory) };
    }
}

/// Passes an empty stream to `test`, and the control page to change it by.
fn with_ring<R>(
    mode: Mode,
    test: impl FnOnce(StreamWords<ReadOnly>, &StreamControl<Local>) -> R,
) -> R {
    let file = StreamFile::create(geometry()).unwrap();
    // SAFETY: the file outlives the words.
    let words = unsafe { file.words(mode) };
    test(words, file.control())
}

fn store_frame(words: &StreamWords<ReadOnly>, memory: usize, offset: usize, frame: u32) {
    // SAFETY: memories and offsets are within the geometry, and nobody else has the ring.
    unsafe { words.frame(memory, offset) }.store(frame, Ordering::Relaxed);
}

fn set_lap(control: &StreamControl<Local>, place: usize, lap: u64) {
    control.table[place].store(TableEntry::first(place).word() | lap << 16, Ordering::Relaxed);
}

fn move_on(control: &StreamControl<Local>, bytes: u64) {
    let position = Position::from_word(control.position.load(Ordering::Relaxed)).bytes();
    control.position.store(Position::at(position + bytes).word(), Ordering::Relaxed);
}

#[test]
fn catching_up_with_a_writer_that_is_always_ahead_ends() {
    with_ring(Mode::Overwrite, |words, control| {
        let lap = Cell::new(1);
        let run_ahead = |control: &StreamControl<Local>| {
            lap.set(lap.get() + 1);
            (0..PLACES).for_each(|place| set_lap(control, place, lap.get()));
            move_on(control, geometry().capacity_bytes());
        };
        let ring = Changing {
            words,
            control,
            looks: Cell::new(0),
            on_control: &run_ahead,
            on_payload: None,
        };
        let mut reader = Reader::new(&ring);
        for _ in 0..10 {
            let before = ring.looks.get();
            let _ = reader.catch_up();
            // A hint, the entry, the position: a few looks for each step, and two steps for each place.
            assert!(ring.looks.get() - before <= 100, "{} looks", ring.looks.get() - before);
        }
    });
}

#[test]
fn a_hole_whose_end_comes_nearer_at_each_look_is_given_up() {
    with_ring(Mode::Overwrite, |words, control| {
        let edge = Cell::new(SUBBUF_BYTES);
        let nearer = |offset: usize| {
            let is_stored = offset + 4 >= edge.get() && offset > 0;
            edge.set(if is_stored { offset } else { edge.get() });
            u32::from(is_stored)
        };
        move_on(control, SUBBUF_BYTES as u64);
        let ring = Changing {
            words,
            control,
            looks: Cell::new(0),
            on_control: &|_| {},
            on_payload: Some(&nearer),
        };
        let mut reader = Reader::new(&ring);
        let mut image = Image::default();
        assert_eq!(reader.copy(&mut image, SUBBUF_BYTES as u64, Holes::Skip), Ok(true));
        assert!(image.found().is_empty());
        let most = 5 * SUBBUF_BYTES / 4;
        assert!(ring.looks.get() <= most, "{} looks", ring.looks.get());
    });
}

#[test]
fn the_dead_who_write_on_are_followed_over_one_ring() {
    with_ring(Mode::Discard, |words, control| {
        let half = Frame::committed(FrameKind::Event, SUBBUF_BYTES / 2);
        for memory in 0..geometry().memory_count() {
            store_frame(&words, memory, 0, half);
            store_frame(&words, memory, SUBBUF_BYTES / 2, half);
        }
        let ring =
            Changing { words, control, looks: Cell::new(0), on_control: &|_| {}, on_payload: None };
        let mut reader = Reader::new(&ring);
        let mut found = 0;
        loop {
            // As far ahead as a ring can be, each time. At its end the reader is still in a sub-buffer.
            let start = geometry().subbuf_start(reader.cursor().saturating_sub(1));
            let end = Position::at(start + geometry().capacity_bytes());
            control.position.store(end.word(), Ordering::Relaxed);
            for ahead in 0..PLACES {
                let at = start + (ahead * SUBBUF_BYTES) as u64;
                set_lap(control, geometry().place(at), geometry().lap(at));
            }
            match reader.next_after_death() {
                Ok(Some(_)) => found += 1,
                Ok(None) | Err(_) => break,
            }
            assert!(
                found <= 2 * geometry().memory_count(),
                "{found} records of a ring of {PLACES}"
            );
        }
        assert!(found >= 2, "it was not followed at all");
    });
}

#[test]
fn a_sub_buffer_that_never_becomes_complete_is_walked_once() {
    with_ring(Mode::Discard, |words, control| {
        let small = Frame::committed(FrameKind::Event, 8);
        (0..SUBBUF_BYTES - 8).step_by(8).for_each(|at| store_frame(&words, 0, at, small));
        move_on(control, 2 * SUBBUF_BYTES as u64);
        let ring =
            Changing { words, control, looks: Cell::new(0), on_control: &|_| {}, on_payload: None };
        let mut reader = Reader::new(&ring);
        (0..100).for_each(|_| assert_eq!(reader.take(), Ok(ust_core::ring::Take::NotYet)));
        assert!(ring.looks.get() <= SUBBUF_BYTES / 8 + 100 * 5, "{} looks", ring.looks.get());
    });
}
