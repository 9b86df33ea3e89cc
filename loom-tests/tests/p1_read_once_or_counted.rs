//! P1, P2: one writer, one reader that takes prefixes and full sub-buffers as it likes. Each record is read
//! once or counted lost, never torn; payload is never read while it may be written.
#![cfg(loom)]

use loom::thread;
use loom_tests::{
    Consumer, ONE_RECORD, Payload, Stream, THREE_RECORDS, Writer, assert_exact, check,
};
use ust_core::abi::Mode;
use ust_core::sync::Local;

/// Three records fill a sub-buffer: five cross into the second.
#[test]
fn a_reader_of_prefixes_sees_each_record_once() {
    check(4, || {
        let stream = Stream::<Local>::new(THREE_RECORDS, 2, Mode::Discard);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        let thread = thread::spawn(move || {
            for number in 1..=5 {
                let _ = writer.emit(number);
            }
        });
        consumer.read_prefix();
        consumer.read_prefix();
        thread.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 5);
        assert!(consumer.numbers.is_sorted());
        assert_eq!(consumer.lost(), 0, "there was room for all of them");
    });
}

/// Sub-buffers of one record, two places, more records than room: over the wrap, with losses.
#[test]
fn exchange_over_the_wrap_loses_nothing_uncounted() {
    check(3, || {
        let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Discard);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        let thread = thread::spawn(move || {
            for number in 1..=4 {
                let _ = writer.emit(number);
            }
        });
        consumer.take_complete();
        consumer.read_prefix();
        consumer.take_complete();
        thread.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 4);
        assert!(consumer.numbers.is_sorted());
    });
}

/// Whoever copies a row looks at each record's frame word, and copies blocks that reach into what is being written behind it.
#[test]
fn a_reader_of_rows_sees_each_record_once() {
    check(2, || {
        let stream = Stream::<Local>::with_payload(THREE_RECORDS, 2, Mode::Discard, Payload::Words);
        let writer = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        let thread = thread::spawn(move || {
            for number in 1..=4 {
                let _ = writer.emit(number);
            }
        });
        consumer.read_rows(THREE_RECORDS);
        consumer.read_rows(THREE_RECORDS);
        thread.join().unwrap();
        consumer.take_complete();
        consumer.read_rows(THREE_RECORDS);
        assert_exact(&consumer, 4);
        assert!(consumer.numbers.is_sorted());
        assert_eq!(consumer.lost(), 0, "there was room for all of them");
    });
}
