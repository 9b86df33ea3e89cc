//! Rounds: every contestant in turn, again and again, every other round backwards.
//!
//! Several rounds are a sitting. The next sitting has new processes: where the kernel puts a program's memory costs or
//! saves some nanoseconds of ten, and stays the same for as long as the program runs.

use crate::Result;
use crate::recorder::Recorder;
use crate::statistics::Sample;
use crate::worker::Worker;
use std::time::Duration;

/// A contestant that takes part.
#[derive(Debug)]
pub struct Contestant {
    /// What the report calls it.
    pub name: &'static str,
    /// Its process.
    pub worker: Worker,
    /// Its consumer, if that is ours.
    pub recorder: Option<Recorder>,
    /// Events of a measurement, in each thread.
    pub events: u64,
    /// Threads that emit so many each.
    pub threads: u64,
    /// At least so many events come before the first measurement that counts, so that all of its memory has been written
    /// to once.
    pub warm_up_events: u64,
    /// Whether the recorder must have all its events, and when it takes them.
    pub drain: Drain,
}

/// When the consumer works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drain {
    /// There is nothing to consume.
    Never,
    /// After each measurement, which the ring holds whole: what is measured is the writer.
    Between,
    /// All the time, on a processor of its own if there is one that is free.
    Meanwhile,
}

impl Contestant {
    /// Nanoseconds an event, over one measurement.
    fn measure(&mut self) -> Result<f64> {
        let took = self.take_a_turn().map_err(|error| format!("{}: {error}", self.name))?;
        Ok(took.as_nanos() as f64 / self.events as f64)
    }

    fn take_a_turn(&mut self) -> Result<Duration> {
        let Self { worker, recorder, events, threads, drain, .. } = self;
        let took = worker.measure(*events, |answer| match (*drain, recorder.as_mut()) {
            (Drain::Meanwhile, Some(recorder)) => recorder.record_until_readable(answer),
            _ => Ok(()),
        })?;
        // Now, so that no work is left for the time in which others are measured.
        if let Some(recorder) = recorder {
            recorder.settle(if *drain == Drain::Never { 0 } else { *events * *threads })?;
        }
        Ok(took)
    }
}

/// One sitting: warms all of them up, then measures; one sample for each, in their order.
///
/// # Errors
/// A contestant has died, or events of it are missing.
pub fn run(contestants: &mut [Contestant], rounds: usize) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for contestant in &mut *contestants {
        let first = contestant.measure()?;
        for _ in 1..contestant.warm_up_events.div_ceil(contestant.events) {
            contestant.measure()?;
        }
        samples.push(Sample { first: vec![first], measured: Vec::with_capacity(rounds) });
    }
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..contestants.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            samples[index].measured.push(contestants[index].measure()?);
        }
    }
    for Contestant { name, recorder, .. } in contestants {
        let settled = recorder.as_mut().map_or(Ok(()), Recorder::settle_snapshot);
        settled.map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(samples)
}
