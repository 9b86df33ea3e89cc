//! P6: the writer dies at each testpoint, and recovery finds every record whose call had returned.
#![cfg(loom)]

use loom::sync::Arc;
use loom::thread;
use loom_tests::{Consumer, SUBBUF_WORDS, Stream, Writer};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use ust_core::sync::Local;
use ust_core::testpoint::{Point, set_hook};

/// What stops a writer in the middle of a call.
struct Death;

/// Emits up to `last`, dying at the `nth` time `point` is reached. Returns the records whose calls had
/// returned and were not counted lost.
fn emit_until_death(stream: &Arc<Stream<Local>>, point: Point, nth: u32) -> Vec<u32> {
    let countdown = Cell::new(nth);
    set_hook(Some(Rc::new(move |reached| {
        if reached == point {
            countdown.set(countdown.get().wrapping_sub(1));
            if countdown.get() == 0 {
                resume_unwind(Box::new(Death));
            }
        }
    })));
    let writer = Writer::new(stream);
    let mut returned = Vec::new();
    for number in 1..=4 {
        match catch_unwind(AssertUnwindSafe(|| writer.emit(number))) {
            Ok(Ok(())) => returned.push(number),
            Ok(Err(_)) => {}
            Err(_) => break,
        }
    }
    set_hook(None);
    returned
}

fn death_at(point: Point, nth: u32) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        let stream = Stream::<Local>::new(SUBBUF_WORDS / 2, 2);
        let mut consumer = Consumer::new(&stream);
        let traced = stream.clone();
        let thread = thread::spawn(move || emit_until_death(&traced, point, nth));
        consumer.take_complete();
        let returned = thread.join().unwrap();
        consumer.recover();
        let read = &consumer.numbers;
        assert!(read.is_sorted_by(|a, b| a < b), "{read:?}");
        for number in &returned {
            assert!(read.contains(number), "{number} had returned; read {read:?}");
        }
        // The record that died may have been committed; nothing else is there.
        assert!(read.len() <= returned.len() + 1, "returned {returned:?}, read {read:?}");
    });
}

#[test]
fn every_returned_record_survives_a_death_at_any_testpoint() {
    for point in Point::ALL {
        for nth in 1..=4 {
            death_at(point, nth);
        }
    }
}
