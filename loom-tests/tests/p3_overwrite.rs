//! P3 in overwrite mode: writers recycle the oldest sub-buffer, and a reader exchanges full ones. The first to come
//! gets it. Read, overwritten and lost records add up to those emitted, exactly.
#![cfg(loom)]

use loom::thread;
use loom_tests::{
    Consumer, ONE_RECORD, Payload, Stream, THREE_RECORDS, Writer, assert_exact, check,
};
use std::ops::RangeInclusive;
use ust_core::abi::Mode;
use ust_core::ring::Holes;
use ust_core::sync::{Local, Shared};

#[test]
fn a_reader_that_exchanges_meets_a_writer_that_recycles() {
    check(2, || {
        let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Overwrite);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        writer.emit(1).unwrap();
        writer.emit(2).unwrap();
        let thread = thread::spawn(move || {
            writer.emit(3).unwrap();
            writer.emit(4).unwrap();
        });
        consumer.try_take_one();
        consumer.try_take_one();
        thread.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 4);
        assert!(consumer.numbers.is_sorted());
    });
}

/// Two sub-buffers, filled by the first of two writers.
fn full(
    subbuf_words: usize,
    numbers: RangeInclusive<u32>,
) -> (Writer<Shared>, Writer<Shared>, Consumer<Shared>) {
    let stream = Stream::new(subbuf_words, 2, Mode::Overwrite);
    let [first, second] = [Writer::new(&stream), Writer::new(&stream)];
    let consumer = Consumer::new(&stream);
    numbers.for_each(|number| first.emit(number).unwrap());
    (first, second, consumer)
}

/// A writer enters a sub-buffer that another writer has recycled, without having seen that.
#[test]
fn two_writers_recycle() {
    check(2, || {
        let (first, second, mut consumer) = full(ONE_RECORD, 1..=2);
        let one = thread::spawn(move || {
            let _ = first.emit(3);
            let _ = first.emit(4);
        });
        let _ = second.emit(5);
        one.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 5);
    });
}

/// Two records share the recycled sub-buffer: the second's writer learns of it through the position alone.
#[test]
fn a_writer_learns_of_a_recycling_from_whoever_entered_the_subbuffer() {
    check(2, || {
        let (first, second, mut consumer) = full(THREE_RECORDS, 1..=6);
        let one = thread::spawn(move || {
            let _ = first.emit(7);
        });
        let _ = second.emit(8);
        one.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 8);
    });
}

/// A copy that was overwritten meanwhile is thrown away, and what was copied before is not counted twice.
#[test]
fn a_reader_that_copies_keeps_the_count() {
    check(3, || {
        let stream = Stream::<Local>::with_payload(ONE_RECORD, 2, Mode::Overwrite, Payload::Words);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        writer.emit(1).unwrap();
        let thread = thread::spawn(move || {
            writer.emit(2).unwrap();
            writer.emit(3).unwrap();
        });
        consumer.copy_prefix(u64::MAX, Holes::Await);
        thread.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 3);
        assert!(consumer.numbers.is_sorted());
    });
}

/// Each record of a snapshot was committed, is whole, and is there once. Of the records that were committed before, only
/// overwritten ones are missing.
#[test]
fn a_snapshot_is_whole_under_a_writer_that_recycles() {
    check(2, || {
        let stream = Stream::<Local>::with_payload(ONE_RECORD, 2, Mode::Overwrite, Payload::Words);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        writer.emit(1).unwrap();
        writer.emit(2).unwrap();
        let thread = thread::spawn(move || {
            writer.emit(3).unwrap();
        });
        consumer.snapshot();
        thread.join().unwrap();
        let numbers = &consumer.numbers;
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert!(numbers.contains(&2), "{numbers:?}");
        assert!(numbers.contains(&1) || consumer.overwritten() == 1, "{numbers:?}");
    });
}

/// A snapshot crosses a record whose writer stands between C and D: it is not mistaken for another.
///
/// The reader is the last thread, not the first: loom looks for other orders of two accesses when it comes to the second,
/// and then it takes a writer's load before its own store for the only access before.
#[test]
fn a_snapshot_crosses_holes() {
    check(1, || {
        let stream =
            Stream::<Shared>::with_payload(THREE_RECORDS, 2, Mode::Overwrite, Payload::Words);
        let first = Writer::new(&stream);
        let second = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        first.emit(1).unwrap();
        let one = thread::spawn(move || first.emit(2).unwrap());
        let two = thread::spawn(move || second.emit(3).unwrap());
        let reader = thread::spawn(move || {
            consumer.snapshot();
            consumer.numbers
        });
        one.join().unwrap();
        two.join().unwrap();
        let numbers = reader.join().unwrap();
        assert_eq!(numbers.first(), Some(&1));
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        assert!(sorted.is_sorted_by(|a, b| a < b) && sorted.iter().all(|n| *n <= 3), "{numbers:?}");
    });
}
