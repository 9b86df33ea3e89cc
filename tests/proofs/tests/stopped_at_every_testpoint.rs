//! A process killed, or stopped and read meanwhile, at every named point of the ring, the first, second and
//! third time that it gets there, in every shape of stream.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use ust_core::testpoint::{Point, set_hook};
use ust_proofs::journal::{Call, Outcome};
use ust_proofs::scenario::{Drained, Op, SCENARIOS, Scenario};
use ust_proofs::stage::Stage;
use ust_proofs::stop::{Fate, How, Role, Stopping};
use ust_proofs::stream_under_test::Shape;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stopped");

/// Stops a writer at every writer's point, the nth time in each scenario, and has what is left checked.
fn at_each_writers_point(
    how: How,
    shapes: &[Shape],
    check: impl Fn(&Stage, Shape, Stopping) -> Result<(), String>,
) {
    let stage = Stage::new(PROGRAM);
    let mut reached = BTreeMap::new();
    // The scenarios that differ only in what a reader drained before, or in a pause, have the same points.
    let scenarios =
        SCENARIOS.iter().filter(|it| matches!(it.drained, Drained::Not | Drained::Prefix));
    let scenarios: Vec<_> = scenarios.filter(|it| !it.before.contains(&Op::Pause)).collect();
    for point in Point::ALL.iter().copied().filter(|point| !point.is_readers()) {
        let times: &mut u32 = reached.entry(format!("{point:?}")).or_default();
        for (shape, scenario) in
            shapes.iter().flat_map(|it| scenarios.iter().map(move |s| (*it, *s)))
        {
            for nth in 1..=3 {
                stage.reset(scenario, shape);
                stage.stream.want_checksums();
                let (child, fate) =
                    Stopping::start(PROGRAM, &stage, (Role::Writer, how), point, nth);
                if fate == Fate::Ended {
                    break;
                }
                *times += 1;
                check(&stage, shape, child).unwrap_or_else(|error| {
                    panic!("{}, {shape:?}, {how:?} at {point:?} {nth}: {error}", scenario.name)
                });
            }
        }
    }
    eprintln!("{how:?}: {reached:?}");
    assert!(reached.values().all(|times| *times > 0), "a point was never reached: {reached:?}");
}

#[test]
fn recovery_yields_every_returned_record_of_a_writer_killed_at_a_point() {
    at_each_writers_point(How::Killed, &Shape::ALL, |stage, shape, _child| {
        let mut reader = stage.stream.reader(shape);
        reader.recover()?;
        stage.judge(&mut reader, shape)
    });
}

#[test]
fn a_writer_that_stands_at_a_point_is_read_up_to_there_and_after_its_death() {
    at_each_writers_point(How::Stopped, &Shape::ALL, |stage, shape, child| {
        let mut reader = stage.stream.reader(shape);
        reader.drain()?;
        child.kill();
        reader.recover()?;
        stage.judge(&mut reader, shape)
    });
}

#[test]
fn a_writer_that_stood_at_a_point_goes_on_behind_a_reader() {
    at_each_writers_point(How::Stopped, &Shape::ALL, |stage, shape, child| {
        let mut reader = stage.stream.reader(shape);
        reader.drain()?;
        assert_eq!(child.go_on(), Fate::Ended);
        reader.drain()?;
        stage.judge(&mut reader, shape)
    });
}

/// A writer that never ends its record (it was left by siglongjmp, or stopped for good) costs that record and
/// no more: its stream is closed, and what is stepped over is counted once, or not at all (a note in flight).
#[test]
fn what_a_writer_never_ends_is_counted_once() {
    at_each_writers_point(How::Stopped, &Shape::ALL, |stage, shape, child| {
        let mut reader = stage.stream.reader(shape);
        reader.drain()?;
        reader.close();
        reader.recover()?;
        let calls = stage.journal().calls();
        let begun = calls.iter().flatten().count() as u64;
        let (read, lost, holes) = (reader.records.len() as u64, reader.lost(), reader.holes());
        child.kill();
        if read + lost + holes > begun {
            return Err(format!("{begun} began: {read} read, {lost} lost, {holes} abandoned"));
        }
        stage.judge(&mut reader, shape)
    });
}

/// While one writer of a shared stream stands at a point, another one writes into it, through several
/// sub-buffers; then the first is killed, with the other's records before and behind its own.
#[test]
fn another_writer_goes_on_past_one_that_stands_at_a_point_and_dies_there() {
    at_each_writers_point(How::Stopped, &Shape::SHARED, |stage, shape, child| {
        let mut reader = stage.stream.reader(shape);
        stage.emit_some(shape);
        reader.drain()?;
        stage.emit_some(shape);
        child.kill();
        reader.recover()?;
        stage.judge(&mut reader, shape)
    });
}

#[test]
fn another_writer_goes_on_past_one_that_stands_at_a_point_and_comes_back() {
    at_each_writers_point(How::Stopped, &Shape::SHARED, |stage, shape, child| {
        let mut reader = stage.stream.reader(shape);
        stage.emit_some(shape);
        reader.drain()?;
        stage.emit_some(shape);
        assert_eq!(child.go_on(), Fate::Ended);
        reader.drain()?;
        stage.judge(&mut reader, shape)
    });
}

/// More than two full sub-buffers, so that a reader exchanges twice.
const FULL: Scenario = Scenario {
    name: "two full sub-buffers",
    before: &[],
    drained: Drained::Not,
    region: &[],
    handler: Op::Fixed,
};

/// Fills the stream from this process.
fn fill(stage: &Stage, shape: Shape) {
    stage.reset(&FULL, shape);
    stage.stream.want_checksums();
    stage.emit_some(shape);
}

/// Those of a reader that closes.
const CLOSING: [Point; 2] = [Point::EntryClosed, Point::StreamClosed];

/// Those of a reader that takes sub-buffers.
fn points_of_taking() -> impl Iterator<Item = Point> {
    Point::ALL.iter().copied().filter(|it| it.is_readers() && !CLOSING.contains(it))
}

/// Kills a reader at each of its points; the writers go on; then the successor reads what the dead one had
/// not written out, each record once.
#[test]
fn a_successor_goes_on_where_a_reader_was_killed_at_a_point() {
    let stage = Stage::new(PROGRAM);
    let taking = points_of_taking();
    for point in taking {
        for (shape, go_on) in Shape::ALL.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            let context = format!("{point:?}, {shape:?}, writers go on: {go_on}");
            fill(&stage, shape);
            let (_child, fate) =
                Stopping::start(PROGRAM, &stage, (Role::Reader, How::Killed), point, 1);
            assert_eq!(fate, Fate::Died, "{context}");
            // The records that the dead reader said are in its file, read by a reader that changes nothing.
            let consumed = stage.stream.consumed();
            if go_on {
                stage.emit_some(shape);
            }
            let mut successor = stage.stream.successor(shape);
            successor.recover().unwrap_or_else(|error| panic!("{context}: {error}"));
            let records = &successor.records;
            assert!(successor.written_before >= consumed, "{context}: some come twice");
            if shape.overwrites {
                // It is not known which of the missing records the dead reader had read. If it had read none, each record
                // is here or was overwritten.
                let emitted = stage.journal().calls().len() as u64;
                let last = records.last().map(|record| record.number);
                assert_eq!(last, Some(emitted as u32 - 1), "{context}");
                let (read, gone) = (records.len() as u64, successor.lost());
                let is_all = read + gone == emitted;
                assert!(consumed > 0 || is_all, "{context}: {read} read, {gone} gone of {emitted}");
                continue;
            }
            // The records of this writer stand in the order of their numbers.
            let first = records.first().map_or(u32::MAX, |record| record.number);
            let calls: Vec<_> = stage.journal().calls();
            let expected: Vec<u32> = calls
                .iter()
                .enumerate()
                .filter(|(_, call)| {
                    call.and_then(|call| call.returned).is_some_and(|it| it.1 != Outcome::Refused)
                })
                .map(|(number, _)| number as u32)
                .filter(|number| *number >= first)
                .collect();
            let read: Vec<u32> = records.iter().map(|record| record.number).collect();
            let lost = successor.lost();
            assert_eq!(read.len() as u64 + lost, expected.len() as u64, "{context}: {read:?}");
            // A sub-buffer that was not given back is read again from where the file ends.
            let is_whole = consumed == 0 && first == 0 || consumed > 0 && first > 0;
            assert!(is_whole, "{context}: consumed {consumed}, first {first}");
        }
    }
}

/// A writer has left a sub-buffer and is stopped before it notes the checksum. It has a record in flight in the next
/// sub-buffer. A reader takes the memory that was left, and dies while it holds it. Other writers leave the sub-buffer with
/// the record in flight, and fill the stream again. Then the writer goes on. No checksum may be noted of memory that can
/// still change, or of another lap's memory: the reader's successor believes every checksum.
#[test]
fn a_checksum_is_noted_only_of_what_does_not_change_any_more() {
    let stage = Stage::new(PROGRAM);
    let mut times = 0;
    let shapes = Shape::SHARED.into_iter();
    let cases = shapes.flat_map(|it| SCENARIOS.iter().map(move |scenario| (it, scenario)));
    for ((shape, scenario), count) in cases.flat_map(|case| (0..12).map(move |n| (case, n))) {
        stage.reset(scenario, shape);
        stage.stream.want_checksums();
        let (writer, reader) = ((Role::Writer, How::Stopped), (Role::Reader, How::Killed));
        let (writer, fate) = Stopping::start(PROGRAM, &stage, writer, Point::SwitchPadded, 1);
        if fate == Fate::Ended
            || Stopping::start(PROGRAM, &stage, reader, Point::ExchangeSwapped, 1).1 == Fate::Ended
        {
            continue;
        }
        times += 1;
        stage.emit(shape, count);
        assert_eq!(writer.go_on(), Fate::Ended);
        let mut successor = stage.stream.successor(shape);
        let outcome = successor.recover();
        assert_eq!((outcome, successor.damaged()), (Ok(()), 0), "{}, {shape:?}", scenario.name);
    }
    assert!(times >= 24, "hardly a scenario leaves a full sub-buffer: {times}");
}

/// Writers move on while the reader is in the middle of an exchange.
#[test]
fn writers_go_on_while_the_reader_stands_at_a_point() {
    let taking = points_of_taking();
    for (point, shape) in taking.flat_map(|point| Shape::ALL.map(|shape| (point, shape))) {
        let stage = Rc::new(Stage::new(PROGRAM));
        fill(&stage, shape);
        let mut reader = stage.stream.reader(shape);
        let times = Rc::new(Cell::new(0));
        let (counter, hooked) = (times.clone(), stage.clone());
        set_hook(Some(Rc::new(move |reached| {
            // A few times: each makes another exchange necessary.
            if reached == point && counter.get() < 3 {
                counter.set(counter.get() + 1);
                hooked.emit_some(shape);
            }
        })));
        let outcome = reader.drain();
        set_hook(None);
        let verdict = outcome.and_then(|()| reader.drain());
        let verdict = verdict.and_then(|()| stage.judge(&mut reader, shape));
        verdict.unwrap_or_else(|error| panic!("{point:?}, {shape:?}: {error}"));
        assert!(times.get() > 0, "{point:?}, {shape:?} was not reached");
    }
}

/// A reader that dies while it retires a stream leaves some places closed. Another reader retires the rest. Refused records
/// were not written, and written records are read.
#[test]
fn a_stream_that_was_half_retired_can_be_retired() {
    let stage = Stage::new(PROGRAM);
    let [entry, all] = CLOSING;
    let places = [(entry, 1), (entry, 2), (all, 1)];
    let cases = Shape::ALL.into_iter().flat_map(|shape| places.map(|place| (shape, place)));
    for (shape, (point, nth)) in cases {
        fill(&stage, shape);
        let (_child, fate) =
            Stopping::start(PROGRAM, &stage, (Role::Closer, How::Killed), point, nth);
        assert_eq!(fate, Fate::Died, "{shape:?}");
        stage.emit_some(shape);
        let mut reader = stage.stream.reader(shape);
        reader.close();
        let before = stage.journal().calls().len();
        stage.emit_some(shape);
        let calls = stage.journal().calls();
        let is_refused = |call: &Option<_>| {
            let outcome = call.and_then(|call: Call| call.returned);
            outcome.is_some_and(|(_, outcome)| outcome == Outcome::Refused)
        };
        assert!(calls[before..].iter().all(is_refused), "{shape:?}: written to a closed stream");
        let verdict = reader.recover().and_then(|()| stage.judge(&mut reader, shape));
        verdict.unwrap_or_else(|error| panic!("{shape:?}, {point:?} {nth}: {error}"));
    }
}
