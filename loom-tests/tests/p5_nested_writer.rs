//! P5: a signal handler that writes to the same stream, at each testpoint of the record it interrupts, in every
//! mode; and one that interrupts a handler.
#![cfg(loom)]

use loom::thread;
use loom_tests::{Consumer, ONE_RECORD, Stream, Writer, assert_exact, check};
use std::cell::Cell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use ust_core::abi::Mode;
use ust_core::sync::Local;
use ust_core::testpoint::{Point, set_hook};

/// Emits `numbers`; the first `depth` times that `point` is reached, a nested call emits 5, 6, ... there.
fn emit_with_handlers_at(
    point: Point,
    depth: u32,
    numbers: RangeInclusive<u32>,
    stream: &loom::sync::Arc<Stream<Local>>,
) {
    let handler = Writer::new(stream);
    let fired = Rc::new(Cell::new(0));
    let seen = fired.clone();
    set_hook(Some(Rc::new(move |reached| {
        if reached == point && seen.get() < depth {
            seen.set(seen.get() + 1);
            let _ = handler.emit(4 + seen.get());
        }
    })));
    let writer = Writer::new(stream);
    for number in numbers {
        let _ = writer.emit(number);
    }
    set_hook(None);
    for number in fired.get() + 1..=depth {
        let _ = writer.emit(4 + number);
    }
}

fn nested_at(point: Point, depth: u32, mode: Mode, preemptions: usize) {
    check(preemptions, move || {
        // One record a sub-buffer: the second already switches.
        let stream = Stream::<Local>::new(ONE_RECORD, 2, mode);
        let mut consumer = Consumer::new(&stream);
        let traced = stream.clone();
        // Where writers recycle there are more states by far: the ring is full before the reader looks, once.
        let recycles = mode == Mode::Overwrite;
        if recycles {
            let writer = Writer::new(&stream);
            (1..=3).for_each(|number| writer.emit(number).unwrap());
        }
        let numbers = if recycles { 4..=4 } else { 1..=4 };
        let thread = thread::spawn(move || emit_with_handlers_at(point, depth, numbers, &traced));
        if recycles {
            consumer.try_take_one();
        } else {
            consumer.take_complete();
            consumer.read_prefix();
        }
        thread.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 4 + depth);
        assert_eq!(consumer.holes(), 0);
    });
}

/// The testpoints of a writer in this mode. In overwrite mode only those that discard mode does not have.
fn writers_points(mode: Mode) -> impl Iterator<Item = Point> {
    let recycles = mode == Mode::Overwrite;
    Point::ALL
        .iter()
        .copied()
        .filter(move |point| !point.is_readers() && point.is_recyclers() == recycles)
}

#[test]
fn a_handler_at_any_writer_testpoint_loses_nothing_uncounted() {
    writers_points(Mode::Discard).for_each(|point| nested_at(point, 1, Mode::Discard, 2));
}

#[test]
fn a_handler_that_interrupts_a_recycler_loses_nothing_uncounted() {
    writers_points(Mode::Overwrite).for_each(|point| nested_at(point, 1, Mode::Overwrite, 1));
}

#[test]
fn a_handler_that_interrupts_a_handler_loses_nothing_uncounted() {
    for mode in [Mode::Discard, Mode::Overwrite] {
        writers_points(mode).for_each(|point| nested_at(point, 2, mode, 1));
    }
}
