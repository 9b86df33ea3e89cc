//! P6: the writer dies at each testpoint, and recovery finds every record whose call had returned, or finds it
//! counted as lost or overwritten; the reader dies at each of its own, and its successor finds the rest.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use loom_tests::{Consumer, ONE_RECORD, Payload, Stream, Writer, check};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use ust_core::abi::Mode;
use ust_core::sync::Local;
use ust_core::testpoint::{Point, set_hook};

/// Stops a thread in the middle of a call.
struct Death;

/// From here on this thread dies at the `nth` time that `point` is reached.
fn die_at(point: Point, nth: u32) {
    let countdown = Cell::new(nth);
    set_hook(Some(Rc::new(move |reached| {
        if reached == point {
            countdown.set(countdown.get().wrapping_sub(1));
            if countdown.get() == 0 {
                resume_unwind(Box::new(Death));
            }
        }
    })));
}

/// Emits up to `last`. Returns the records whose calls had returned, and how many of them were counted lost.
fn emit_until_death(stream: &Arc<Stream<Local>>, point: Point, nth: u32) -> (Vec<u32>, u64) {
    die_at(point, nth);
    let writer = Writer::new(stream);
    let (mut written, mut lost) = (Vec::new(), 0);
    for number in 1..=5 {
        match catch_unwind(AssertUnwindSafe(|| writer.emit(number))) {
            Ok(Ok(())) => written.push(number),
            Ok(Err(_)) => lost += 1,
            Err(_) => break,
        }
    }
    set_hook(None);
    (written, lost)
}

fn writer_dies_at(point: Point, nth: u32, mode: Mode, payload: Payload) {
    check(if mode == Mode::Overwrite { 1 } else { 2 }, move || {
        let stream = Stream::<Local>::with_payload(ONE_RECORD, 2, mode, payload);
        let mut consumer = Consumer::new(&stream);
        let traced = stream.clone();
        let thread = thread::spawn(move || emit_until_death(&traced, point, nth));
        consumer.take_complete();
        let (written, lost) = thread.join().unwrap();
        consumer.recover();
        let read = &consumer.numbers;
        assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
        if mode == Mode::Discard {
            let is_read = |number: &u32| read.contains(number);
            assert!(written.iter().all(is_read), "{written:?} had returned; read {read:?}");
        }
        // The call that died may have committed its record, or counted it.
        let returned = written.len() as u64 + lost;
        let accounted = read.len() as u64 + consumer.lost();
        assert!(
            accounted == returned || accounted == returned + 1,
            "returned {written:?} and {lost} lost; read {read:?}, {} lost or overwritten",
            consumer.lost()
        );
    });
}

#[test]
fn every_returned_record_survives_a_death_at_any_testpoint() {
    let differ = |point: &Point| !point.is_readers() && !point.is_recyclers();
    for point in Point::ALL.iter().copied().filter(differ) {
        for nth in 1..=4 {
            writer_dies_at(point, nth, Mode::Discard, Payload::Words);
        }
    }
}

#[test]
fn the_count_of_overwritten_records_survives_a_death_at_any_testpoint() {
    for point in Point::ALL.iter().copied().filter(|point| point.is_recyclers()) {
        for nth in 1..=2 {
            writer_dies_at(point, nth, Mode::Overwrite, Payload::Cells);
        }
    }
}

#[test]
fn a_readers_successor_finds_what_it_had_not_consumed() {
    for point in Point::ALL.iter().copied().filter(|point| point.is_readers()) {
        for nth in 1..=2 {
            check(2, move || {
                let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Discard);
                let writer = Writer::new(&stream);
                let thread = thread::spawn(move || {
                    (1..=4).filter(|number| writer.emit(*number).is_ok()).count()
                });
                let mut first = Consumer::new(&stream);
                die_at(point, nth);
                let _ = catch_unwind(AssertUnwindSafe(|| first.take_complete()));
                set_hook(None);
                let written = thread.join().unwrap();
                let mut second = Consumer::resume(&stream);
                second.recover();
                let mut read = first.numbers.clone();
                read.extend(&second.numbers);
                assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
                assert_eq!(read.len(), written, "{read:?}");
            });
        }
    }
}

/// A successor that believed `taking` although the reader died before it had the memory would read there what
/// writers have put in its place since.
#[test]
fn a_readers_successor_is_not_taken_in_by_what_writers_recycled() {
    let points = [Point::ExchangeAnnounced, Point::ExchangeSwapped];
    // After each of these, another memory is the recyclers' spare.
    for (point, last) in points.into_iter().flat_map(|point| (3..=6).map(move |last| (point, last)))
    {
        check(1, move || {
            let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Overwrite);
            let writer = Writer::new(&stream);
            let early = (1..=2).filter(|number| writer.emit(*number).is_ok()).count() as u64;
            let mut first = Consumer::new(&stream);
            die_at(point, 1);
            let _ = catch_unwind(AssertUnwindSafe(|| first.take_complete()));
            set_hook(None);
            let thread = thread::spawn(move || {
                (3..=last).filter(|number| writer.emit(*number).is_ok()).count() as u64
            });
            let late = thread.join().unwrap();
            let mut second = Consumer::resume(&stream);
            second.recover();
            assert!(first.numbers.is_empty(), "it died before it read: {:?}", first.numbers);
            let read = &second.numbers;
            assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
            let accounted = read.len() as u64 + second.overwritten();
            assert_eq!(accounted, early + late, "{read:?}, {} overwritten", second.overwritten());
        });
    }
}

/// The recycler dies while it holds the memory that the reader had announced to take. The memory is whole, and stands in no
/// place. Its records are counted as overwritten, and must not be read as well.
#[test]
fn what_a_dead_recycler_has_in_hand_is_not_taken_for_the_dead_readers() {
    let recyclers = Point::ALL.iter().copied().filter(|point| point.is_recyclers());
    for (point, nth) in recyclers.flat_map(|point| (1..=4).map(move |nth| (point, nth))) {
        for readers in [Point::ExchangeAnnounced, Point::ExchangeSwapped] {
            check(1, move || {
                let stream = Stream::<Local>::new(ONE_RECORD, 2, Mode::Overwrite);
                let writer = Writer::new(&stream);
                (1..=2).for_each(|number| writer.emit(number).unwrap());
                let mut first = Consumer::new(&stream);
                die_at(readers, 1);
                let _ = catch_unwind(AssertUnwindSafe(|| first.take_complete()));
                set_hook(None);
                let thread = thread::spawn(move || {
                    die_at(point, nth);
                    let emit = |number| catch_unwind(AssertUnwindSafe(|| writer.emit(number)));
                    let returned = (3..=8).map_while(|number| emit(number).ok()).count() as u64;
                    set_hook(None);
                    returned
                });
                let returned = 2 + thread.join().unwrap();
                let mut second = Consumer::resume(&stream);
                second.rewind();
                second.recover();
                let read = &second.numbers;
                assert!(first.numbers.is_empty() && read.is_sorted_by(|a, b| a < b), "{read:?}");
                // The call that died had not reserved yet.
                let accounted = read.len() as u64 + second.lost();
                assert_eq!(
                    accounted,
                    returned,
                    "{point:?} {nth}, {readers:?}; read {read:?}, {} lost or overwritten",
                    second.lost()
                );
            });
        }
    }
}
