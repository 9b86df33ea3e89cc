//! P9: the stream of a CPU. Threads that run there interrupt each other, at each testpoint of a record, and a thread moves to
//! another CPU in the middle of one. Clocks follow the positions of their records.
#![cfg(loom)]

use loom::thread;
use loom_tests::{Consumer, ONE_RECORD, Stream, THREE_RECORDS, Writer, assert_exact, check, makes};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use ust_core::abi::Mode;
use ust_core::sync::{OfCpu, move_away, set_counter};
use ust_core::testpoint::{Point, set_hook};

/// Moves the calling thread to another CPU.
fn leave() {
    if !makes("OtherCpu") {
        move_away();
    }
}

fn interrupted_at(point: Point, mode: Mode, preemptions: usize) {
    check(preemptions, move || {
        // One record a sub-buffer: the second already switches.
        let stream = Stream::<OfCpu>::new(ONE_RECORD, 2, mode);
        let mut consumer = Consumer::new(&stream);
        let recycles = mode == Mode::Overwrite;
        if recycles {
            (1..=3).for_each(|number| Writer::new(&stream).emit(number).unwrap());
        }
        let traced = stream.clone();
        let thread = thread::spawn(move || {
            let other = Writer::new(&traced);
            let has_run = Rc::new(Cell::new(false));
            let seen = has_run.clone();
            set_hook(Some(Rc::new(move |reached| {
                if reached == point && !seen.replace(true) {
                    let _ = other.emit(5);
                }
            })));
            let writer = Writer::new(&traced);
            let first = if recycles { 4 } else { 1 };
            for number in first..=4 {
                let _ = writer.emit(number);
            }
            set_hook(None);
            if !has_run.get() {
                let _ = writer.emit(5);
            }
        });
        if recycles {
            consumer.try_take_one();
        } else {
            consumer.take_complete();
            consumer.read_prefix();
        }
        thread.join().unwrap();
        consumer.recover();
        assert_exact(&consumer, 5);
        assert_eq!(consumer.holes(), 0);
    });
}

fn points(mode: Mode) -> impl Iterator<Item = Point> {
    let recycles = mode == Mode::Overwrite;
    let all = Point::ALL.iter().copied();
    all.filter(move |point| !point.is_readers() && point.is_recyclers() == recycles)
}

#[test]
fn a_thread_that_runs_at_any_point_of_another_ones_record_loses_nothing_uncounted() {
    points(Mode::Discard).for_each(|point| interrupted_at(point, Mode::Discard, 2));
}

#[test]
fn a_thread_that_runs_while_another_one_recycles_loses_nothing_uncounted() {
    points(Mode::Overwrite).for_each(|point| interrupted_at(point, Mode::Overwrite, 1));
}

/// A thread that has reserved room is moved. It writes and commits elsewhere, while the CPU's next thread goes on.
#[test]
fn a_record_is_committed_from_another_cpu() {
    check(3, || {
        let stream = Stream::<OfCpu>::new(THREE_RECORDS, 2, Mode::Discard);
        let mut consumer = Consumer::new(&stream);
        let moved = Writer::new(&stream);
        let reservation = moved.reserve(1).unwrap();
        let other = thread::spawn(move || {
            leave();
            moved.fill(&reservation, 1);
            moved.commit(reservation);
        });
        let stays = Writer::new(&stream);
        (2..=4).for_each(|number| stays.emit(number).unwrap());
        consumer.take_complete();
        consumer.read_prefix();
        other.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, 4);
    });
}

/// A thread that is moved in the middle of an attempt is no writer of the stream any more. It takes another stream.
#[test]
fn a_thread_on_another_cpu_does_not_touch_the_stream() {
    check(3, || {
        let stream = Stream::<OfCpu>::new(THREE_RECORDS, 2, Mode::Discard);
        let mut consumer = Consumer::new(&stream);
        let moved = Writer::new(&stream);
        let other = thread::spawn(move || {
            // Each time that it has looked at the position, it is moved.
            set_hook(Some(Rc::new(|reached| {
                if reached == Point::ReserveLoaded {
                    leave();
                }
            })));
            let is_written = moved.try_emit(3).is_some();
            set_hook(None);
            assert!(!is_written || makes("OtherCpu"));
        });
        let stays = Writer::new(&stream);
        (1..=2).for_each(|number| stays.emit(number).unwrap());
        other.join().unwrap();
        consumer.read_all();
        assert_exact(&consumer, if makes("OtherCpu") { 3 } else { 2 });
    });
}

/// When a thread is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    At(Point),
    BeforeALook,
    BehindALook,
}

/// Emits a record, and notes its clock.
fn emit_timed(writer: &Writer<OfCpu>, number: u32, clocks: &RefCell<BTreeMap<u32, u64>>) {
    let reserved = (0..4).find_map(|_| writer.reserve(number).ok());
    let reservation = reserved.expect("there is room, and it is on its CPU");
    clocks.borrow_mut().insert(number, reservation.clock);
    writer.fill(&reservation, number);
    writer.commit(reservation);
}

/// The thread's `nth` time there is interrupted by another thread's record.
fn timed(when: When, nth: usize) -> bool {
    let has_come = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let came = has_come.clone();
    check(1, move || {
        let stream = Stream::<OfCpu>::new(THREE_RECORDS, 2, Mode::Discard);
        let mut consumer = Consumer::new(&stream);
        let (other, clocks) = (Writer::new(&stream), Rc::new(RefCell::new(BTreeMap::new())));
        let (time, times) = (Cell::new(0), Cell::new(0));
        let (came, of_other) = (came.clone(), clocks.clone());
        let at = Rc::new(move |here: When| {
            if here == when && times.replace(times.get() + 1) + 1 == nth {
                came.store(true, std::sync::atomic::Ordering::Relaxed);
                emit_timed(&other, 9, &of_other);
            }
        });
        let at_look = at.clone();
        set_counter(Some(Rc::new(move || {
            at_look(When::BeforeALook);
            time.set(time.get() + 1);
            let now = time.get();
            at_look(When::BehindALook);
            now
        })));
        set_hook(Some(Rc::new(move |point| at(When::At(point)))));
        let writer = Writer::new(&stream);
        (1..=3).for_each(|number| emit_timed(&writer, number, &clocks));
        set_hook(None);
        set_counter(None);
        consumer.read_all();
        let clocks = clocks.borrow();
        let in_stream: Vec<_> = consumer.numbers.iter().map(|number| clocks[number]).collect();
        assert_eq!(in_stream.len(), clocks.len());
        assert!(in_stream.is_sorted(), "{:?}: {in_stream:?}", consumer.numbers);
    });
    has_come.load(std::sync::atomic::Ordering::Relaxed)
}

/// The counter is read when the thread is already bound to be noticed if it is interrupted: whoever comes in between and reads
/// a later one makes it start over.
#[test]
fn clocks_do_not_go_back_in_the_stream_of_a_cpu() {
    let points = Point::ALL.iter().copied().filter(|point| !point.is_readers());
    let whens = points.map(When::At).chain([When::BeforeALook, When::BehindALook]);
    for when in whens {
        // As often as it comes by.
        let times = (1..).take_while(|nth| timed(when, *nth)).count();
        let comes_by = times > 0;
        let is_look = !matches!(when, When::At(_));
        assert!(comes_by || !is_look, "{when:?}: the clock is not looked at");
    }
}
