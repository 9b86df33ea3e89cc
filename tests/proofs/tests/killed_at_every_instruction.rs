//! SIGKILL at every instruction of the hot path and of the slow ones: what the shipped reader recovers
//! holds every record whose call had returned, once, whole and in order, or the loss was counted.

use nix::sys::signal::Signal::SIGUSR1;
use ust_proofs::scenario::{Scenario, everything};
use ust_proofs::stage::Stage;
use ust_proofs::stream_under_test::{Shape, StreamReader};
use ust_proofs::tracer::Tracer;
use ust_test_support::random::Random;

#[test]
fn recovery_yields_every_returned_record_wherever_the_writer_is_killed() {
    let stage = stage();
    let mut compact = 0;
    for (scenario, shape) in everything() {
        let is_done = stage.visit((scenario, shape), 300, |path, place| {
            let (tracer, mut reader) = begin(&stage, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            tracer.kill();
            reader.recover()?;
            compact += reader.records.iter().filter(|record| record.is_compact).count();
            stage.judge(&mut reader, shape)?;
            Ok(is_there)
        });
        if is_done.is_none() {
            return;
        }
    }
    assert!(compact > 0, "no record had a compact header: the harder half was never tried");
}

/// A handler's record stands behind a record that is in flight for ever. That one is a hole in the middle of the stream,
/// and no compact header may follow it.
#[test]
fn recovery_steps_over_what_a_killed_handler_had_interrupted() {
    let stage = stage();
    let mut random = Random::new(3);
    for (scenario, shape) in everything() {
        stage.visit((scenario, shape), 30, |path, place| {
            let (tracer, mut reader) = begin(&stage, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            tracer.step_into_handler(SIGUSR1);
            let steps = random.index(400);
            (0..steps).for_each(|_| tracer.step());
            tracer.kill();
            reader.recover()?;
            stage
                .judge(&mut reader, shape)
                .map_err(|error| format!("killed {steps} steps later: {error}"))?;
            Ok(is_there)
        });
    }
}

/// The reader is in the middle of the stream, with a sub-buffer exchanged or a prefix read, when the
/// writer goes on for a few instructions and dies.
#[test]
fn recovery_goes_on_where_a_reader_of_the_living_was() {
    let stage = stage();
    let mut random = Random::new(1);
    for (scenario, shape) in everything() {
        stage.visit((scenario, shape), 30, |path, place| {
            let (tracer, mut reader) = begin(&stage, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            reader.drain()?;
            let steps = random.index(50);
            (0..steps).for_each(|_| tracer.step());
            tracer.kill();
            reader.recover()?;
            stage
                .judge(&mut reader, shape)
                .map_err(|error| format!("killed {steps} steps later: {error}"))?;
            Ok(is_there)
        });
    }
}

fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_stepped"))
}

fn begin(stage: &Stage, scenario: &Scenario, shape: Shape) -> (Tracer, StreamReader) {
    stage.begin(scenario, shape).expect("it could be traced a moment ago")
}
