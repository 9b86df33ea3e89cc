//! P7: a stream changes owners without being drained, and every thread leaves a closed stream.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use loom_tests::{Consumer, ONE_RECORD, Stream, THREE_RECORDS, Writer, assert_exact, check};
use ust_core::abi::{LossCause, Mode};
use ust_core::ring::{Owners, Refusal};
use ust_core::sync::Local;

/// Owner-only operations by two threads, one after the other: the claim is all that keeps them apart.
#[test]
fn the_next_owner_goes_on_where_the_last_one_left_off() {
    check(4, || {
        let stream = Stream::<Local>::new(THREE_RECORDS, 2, Mode::Discard);
        let owners = Arc::new(Owners::default());
        assert!(owners.claim(0));
        let (next_stream, next_owners) = (stream.clone(), owners.clone());
        let next = thread::spawn(move || {
            let claimed = next_owners.claim(0);
            if claimed {
                let writer = Writer::new(&next_stream);
                writer.write_note().unwrap();
                writer.lose();
                writer.emit(2).unwrap();
            }
            claimed
        });
        let writer = Writer::new(&stream);
        writer.emit(1).unwrap();
        writer.lose();
        owners.release(0);
        let claimed = next.join().unwrap();
        let mut consumer = Consumer::new(&stream);
        consumer.read_all();
        // Each has emitted one, and lost one: two owner-only additions to one word.
        assert_exact(&consumer, 2 + 2 * u32::from(claimed));
        assert_eq!(consumer.lost(), 1 + u64::from(claimed));
        assert!(consumer.numbers.is_sorted());
    });
}

/// A writer that finds the stream closed has written nothing there. A writer that does not has written its whole record.
#[test]
fn a_closed_stream_is_read_past_its_holes() {
    check(3, || {
        let stream = Stream::<Local>::new(THREE_RECORDS, 2, Mode::Discard);
        let writer = Writer::new(&stream);
        // Left by siglongjmp, say.
        let _abandoned = writer.reserve(1).unwrap();
        let mut consumer = Consumer::new(&stream);
        let thread = thread::spawn(move || {
            let mut written = Vec::new();
            for number in 2..=3 {
                match writer.reserve(number) {
                    Ok(reservation) => {
                        writer.fill(&reservation, number);
                        writer.commit(reservation);
                        written.push(number);
                    }
                    Err(refusal) => {
                        assert_eq!(refusal, Refusal::Closed);
                        break;
                    }
                }
            }
            written
        });
        consumer.close();
        let written = thread.join().unwrap();
        consumer.recover();
        assert_eq!(consumer.numbers, written);
        assert_eq!(consumer.holes(), 1);
    });
}

/// Block mode: a writer that finds no room waits for `release_seq` to move, and finds room then.
#[test]
fn a_writer_that_waits_is_given_room() {
    check(3, || {
        let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Block { timeout_ms: 1 });
        let writer = Writer::new(&stream);
        writer.emit(1).unwrap();
        writer.emit(2).unwrap();
        let thread = thread::spawn(move || {
            loop {
                let seen = writer.release_seq();
                match writer.reserve(3) {
                    Ok(reservation) => {
                        writer.fill(&reservation, 3);
                        return writer.commit(reservation);
                    }
                    Err(refusal) => assert_eq!(refusal, Refusal::Lost(LossCause::Full)),
                }
                while writer.release_seq() == seen {
                    thread::yield_now();
                }
            }
        });
        let mut consumer = Consumer::new(&stream);
        // Once only: a writer that misses it would wait for ever.
        consumer.take_one();
        thread.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 3);
    });
}
