//! Rounds: every contestant in turn, again and again, every other round backwards.
//!
//! Several rounds are a sitting. The next sitting has new processes: where the kernel happens to put a program's
//! memory is worth up to some nanoseconds to one that takes ten, and stays the same as long as it runs.

use crate::Result;
use crate::recorder::Recorder;
use crate::statistics::Sample;
use crate::worker::Worker;

/// Who takes part.
#[derive(Debug)]
pub struct Contestant {
    /// What the report calls it.
    pub name: &'static str,
    /// Its process.
    pub worker: Worker,
    /// Events of a measurement.
    pub events: u64,
    /// At least so many events come before the first measurement that counts: until its memory has been
    /// written to once.
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
    fn measure(&mut self, recorder: &mut Recorder) -> Result<f64> {
        let Self { name, worker, events, drain, .. } = self;
        let took = worker
            .measure(*events, |answer| match drain {
                Drain::Meanwhile => recorder.record_until_readable(answer),
                Drain::Never | Drain::Between => Ok(()),
            })
            .map_err(|error| format!("{name}: {error}"))?;
        // Now, so that nothing of it is left to do while others are measured.
        recorder.settle(if *drain == Drain::Never { 0 } else { *events })?;
        Ok(took.as_nanos() as f64 / *events as f64)
    }
}

/// One sitting: warms all of them up, then measures; one sample for each, in their order.
///
/// # Errors
/// A contestant has died, or events of it are missing.
pub fn run(
    contestants: &mut [Contestant],
    rounds: usize,
    recorder: &mut Recorder,
) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for contestant in &mut *contestants {
        let first = contestant.measure(recorder)?;
        for _ in 1..contestant.warm_up_events.div_ceil(contestant.events) {
            contestant.measure(recorder)?;
        }
        samples.push(Sample { first: vec![first], measured: Vec::with_capacity(rounds) });
    }
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..contestants.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            samples[index].measured.push(contestants[index].measure(recorder)?);
        }
    }
    Ok(samples)
}
