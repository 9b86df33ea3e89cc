//! P3: two writers on one shared stream and a reader that exchanges.
#![cfg(loom)]

use loom::thread;
use loom_tests::{Consumer, ONE_RECORD, Stream, THREE_RECORDS, Writer, assert_exact, check};
use ust_core::abi::Mode;
use ust_core::sync::Shared;

/// Three records fill a sub-buffer: a long one, two short ones, a pad.
const RECORDS_A_SUBBUF: u32 = 3;

/// Each sub-buffer holds one record; the third and fourth records need a sub-buffer that the reader gave back.
#[test]
fn two_writers_and_an_exchanging_reader_account_for_every_record() {
    check(2, || {
        let stream = Stream::<Shared>::new(ONE_RECORD, 2, Mode::Discard);
        let mut consumer = Consumer::new(&stream);
        let first = Writer::new(&stream);
        let second = Writer::new(&stream);
        let one = thread::spawn(move || {
            let _ = first.emit(1);
            let _ = first.emit(2);
        });
        let two = thread::spawn(move || {
            let _ = second.emit(3);
        });
        consumer.take_complete();
        one.join().unwrap();
        two.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 3);
    });
}

/// The stream is full. One writer enters the sub-buffer that the reader gives back; the other writes
/// there without having seen it given back: it must learn of the exchange through the position alone.
#[test]
fn a_writer_learns_of_an_exchange_from_whoever_entered_the_subbuffer() {
    check(3, || {
        let stream = Stream::<Shared>::new(THREE_RECORDS, 2, Mode::Discard);
        let full = 2 * RECORDS_A_SUBBUF;
        let first = Writer::new(&stream);
        let second = Writer::new(&stream);
        for number in 1..=full {
            first.emit(number).unwrap();
        }
        let mut consumer = Consumer::new(&stream);
        let one = thread::spawn(move || {
            let _ = first.emit(full + 1);
        });
        let two = thread::spawn(move || {
            let _ = second.emit(full + 2);
        });
        consumer.take_complete();
        one.join().unwrap();
        two.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, full + 2);
    });
}

/// The same with a memory that the reader has only just cleared: the zeroes come through the position too, for a writer
/// that has not seen the exchange.
#[test]
fn a_writer_learns_of_the_zeroes_from_whoever_entered_the_subbuffer() {
    check(3, || {
        let stream = Stream::<Shared>::new(THREE_RECORDS, 2, Mode::Discard);
        let first = Writer::new(&stream);
        let second = Writer::new(&stream);
        let mut consumer = Consumer::new(&stream);
        (1..=2 * RECORDS_A_SUBBUF).for_each(|number| first.emit(number).unwrap());
        // The first spare is full by now as well. The memory that the reader took is the next one.
        consumer.take_and_keep();
        let full = 3 * RECORDS_A_SUBBUF;
        (2 * RECORDS_A_SUBBUF + 1..=full).for_each(|number| first.emit(number).unwrap());
        let one = thread::spawn(move || {
            let _ = first.emit(full + 1);
        });
        let two = thread::spawn(move || {
            let _ = second.emit(full + 2);
        });
        consumer.give_back();
        consumer.take_one();
        one.join().unwrap();
        two.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, full + 2);
    });
}
