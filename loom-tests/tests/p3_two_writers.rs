//! P3: two writers on one shared stream and a reader that exchanges, over a wrap.
#![cfg(loom)]

use loom::thread;
use loom_tests::{Consumer, SUBBUF_WORDS, Stream, Writer, assert_exact};
use ust_core::sync::Shared;

/// Each sub-buffer holds one record; the third and fourth need one that the reader gave back.
#[test]
fn two_writers_and_an_exchanging_reader_account_for_every_record() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(|| {
        let stream = Stream::<Shared>::new(SUBBUF_WORDS / 2, 2);
        let mut consumer = Consumer::new(&stream);
        let first = Writer::new(&stream);
        let second = Writer::new(&stream);
        let one = thread::spawn(move || {
            let _ = first.emit(1);
            let _ = first.emit(2);
        });
        let two = thread::spawn(move || {
            let _ = second.emit(3);
            let _ = second.emit(4);
        });
        consumer.take_complete();
        one.join().unwrap();
        two.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 4);
    });
}
