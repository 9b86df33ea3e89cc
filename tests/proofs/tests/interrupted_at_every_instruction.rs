//! A signal at every instruction of the hot path and of the slow ones, whose handler emits into the same
//! stream, to depth 8; a reader that drains at every instruction; and another writer of a shared stream. No record is
//! lost uncounted, none is torn, and the order and the clocks of the stream are those of the calls.

use nix::sys::signal::Signal::SIGUSR1;
use ust_proofs::scenario::everything;
use ust_proofs::stage::Stage;
use ust_test_support::random::Random;

#[test]
fn a_handler_that_emits_may_interrupt_any_instruction() {
    let stage = stage();
    for (scenario, shape) in everything() {
        let Some(tracer) = stage.tracee(scenario, shape) else { return };
        stage.visit((scenario, shape), 300, |path, place| {
            let mut reader = stage.again(&tracer, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            tracer.run(Some(SIGUSR1));
            reader.drain()?;
            stage.judge(&mut reader, shape)?;
            assert_eq!(stage.journal().deepest(), 1, "the handler did not run");
            Ok(is_there)
        });
    }
}

/// Handlers that interrupt handlers, each at another instruction of its record.
#[test]
fn handlers_may_be_eight_deep() {
    const DEPTH: u32 = 8;
    /// Mostly fewer instructions than a handler has.
    const HANDLER_STEPS: usize = 150;
    let stage = stage();
    let mut random = Random::new(2);
    for (scenario, shape) in everything() {
        let Some(tracer) = stage.tracee(scenario, shape) else { return };
        let mut deepest = 0;
        stage.visit((scenario, shape), 8, |path, place| {
            let mut reader = stage.again(&tracer, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            for _ in 1..DEPTH {
                tracer.step_into_handler(SIGUSR1);
                (0..random.index(HANDLER_STEPS)).for_each(|_| tracer.step());
            }
            tracer.run(Some(SIGUSR1));
            reader.drain()?;
            stage.judge(&mut reader, shape)?;
            deepest = deepest.max(stage.journal().deepest());
            Ok(is_there)
        });
        assert_eq!(deepest, DEPTH, "{}: handlers were not as deep", scenario.name);
    }
}

#[test]
fn a_reader_may_drain_at_any_instruction() {
    let stage = stage();
    for (scenario, shape) in everything() {
        let Some(tracer) = stage.tracee(scenario, shape) else { return };
        stage.visit((scenario, shape), 300, |path, place| {
            let mut reader = stage.again(&tracer, scenario, shape);
            let is_there = path.go_to(place, &tracer, stage.journal());
            reader.drain()?;
            tracer.run(None);
            reader.drain()?;
            stage.judge(&mut reader, shape)?;
            Ok(is_there)
        });
    }
}

/// In a shared stream another writer fills several sub-buffers while this one is stopped at an instruction. Then this one
/// goes on, or dies there.
#[test]
fn another_writer_may_write_at_any_instruction() {
    let stage = stage();
    for (scenario, shape) in everything().filter(|(_, shape)| shape.is_shared) {
        stage.visit((scenario, shape), 60, |path, place| {
            let (tracer, mut reader) =
                stage.begin(scenario, shape).expect("it could be traced a moment ago");
            let is_there = path.go_to(place, &tracer, stage.journal());
            stage.emit_some(shape);
            if place % 2 == 0 {
                tracer.run(None);
                reader.drain()?;
            } else {
                tracer.kill();
                reader.recover()?;
            }
            stage.judge(&mut reader, shape)?;
            Ok(is_there)
        });
    }
}

fn stage() -> Stage {
    Stage::new(env!("CARGO_BIN_EXE_stepped"))
}
