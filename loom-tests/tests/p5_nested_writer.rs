//! P5: a signal handler that writes to the same stream, at each testpoint of the record it interrupts.
#![cfg(loom)]

use loom::thread;
use loom_tests::{Consumer, SUBBUF_WORDS, Stream, Writer, assert_exact};
use std::cell::Cell;
use std::rc::Rc;
use ust_core::sync::Local;
use ust_core::testpoint::{Point, set_hook};

/// Emits records 1 to 4; the first time that `point` is reached, a nested call emits 5 there.
fn emit_with_handler_at(point: Point, stream: &loom::sync::Arc<Stream<Local>>) {
    let handler = Writer::new(stream);
    let fired = Rc::new(Cell::new(false));
    let seen = fired.clone();
    set_hook(Some(Rc::new(move |reached| {
        if reached == point && !seen.replace(true) {
            let _ = handler.emit(5);
        }
    })));
    let writer = Writer::new(stream);
    for number in 1..=4 {
        let _ = writer.emit(number);
    }
    set_hook(None);
    if !fired.get() {
        let _ = writer.emit(5);
    }
}

fn nested_at(point: Point) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(move || {
        // Half the words: the second record already switches.
        let stream = Stream::<Local>::new(SUBBUF_WORDS / 2, 2);
        let mut consumer = Consumer::new(&stream);
        let traced = stream.clone();
        let thread = thread::spawn(move || emit_with_handler_at(point, &traced));
        consumer.take_complete();
        consumer.read_prefix();
        thread.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 5);
    });
}

#[test]
fn a_handler_at_any_writer_testpoint_loses_nothing_uncounted() {
    for point in Point::ALL.into_iter().filter(|point| !is_readers(*point)) {
        nested_at(point);
    }
}

fn is_readers(point: Point) -> bool {
    use Point::*;
    matches!(point, ExchangeAnnounced | ExchangeSwapped | ExchangeReleased)
}
