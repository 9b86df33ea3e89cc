//! A `malloc` and its `free`, again and again.

use crate::{Means, at_most, line};
use std::path::Path;
use std::process::Command;
use ust_benches::Result;
use ust_benches::lttng::{Keep, Lttng, WRAPPED};
use ust_benches::promise::Promise;
use ust_benches::recorder::{Emitted, Recorder, Shape};
use ust_benches::rounds::{self, Contestant, Drain};
use ust_benches::worker::Worker;

const BARE: &str = "alone";
const OFF: &str = "under the shim, nothing on";
const RECORDED: &str = "recorded by the shim";
const LTTNG_OFF: &str = "under LTTng's wrapper, no session";
const LTTNG_RECORDED: &str = "recorded by LTTng's wrapper";

const WAY: &str = "pairs";

/// Of a measurement: a millisecond, and of LTTng's some.
const PAIRS: u64 = 20_000;

/// How often everybody gets a new process.
const SITTINGS: usize = 3;

/// Nanoseconds of a pair, and what the shim may add to them.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    let nowhere = tempfile::Builder::new().prefix("ust-bench-pairs-").tempdir()?;
    let record = |lttng| Lttng::record(lttng, Shape::SNAPSHOT, Keep::InMemory, WRAPPED);
    let medians = sittings(means, || {
        let session = means.lttng.map(record).transpose()?;
        Ok((contestants(means, nowhere.path())?, session))
    })?;
    let bar = |name, part, other| {
        let what = format!("a pair, {name}: what is added");
        let (ours, theirs) = (medians.added(name, BARE)?, medians.added(other, BARE)?);
        Some(at_most(&what, ours, part, &format!("what is added {other}"), theirs))
    };
    let promises = [bar(RECORDED, 1.0 / 6.0, LTTNG_RECORDED), bar(OFF, 1.0 / 8.0, LTTNG_OFF)];
    Ok(promises.into_iter().flatten().collect())
}

/// The medians of contestants.
pub struct Medians(Vec<(&'static str, f64)>);

impl Medians {
    /// What one of them needs more than another; `None` if one did not take part.
    pub fn added(&self, name: &str, bare: &str) -> Option<f64> {
        let of = |name: &str| self.0.iter().find(|(it, _)| *it == name).map(|(_, ns)| *ns);
        Some(of(name)? - of(bare)?)
    }
}

/// Measures contestants in turn, in several sittings, and prints their medians. What is returned with them lives as long as they.
pub fn sittings<T>(
    means: &Means<'_>,
    contestants: impl Fn() -> Result<(Vec<Contestant>, T)>,
) -> Result<Medians> {
    let mut samples: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..SITTINGS {
        let (mut contestants, _kept) = contestants()?;
        let measured = rounds::run(&mut contestants, 2 * means.rounds)?;
        samples.resize_with(contestants.len(), Default::default);
        for ((sample, contestant), measured) in samples.iter_mut().zip(&contestants).zip(measured) {
            sample.0 = contestant.name;
            sample.1.extend(measured.measured);
        }
    }
    let medians = samples.iter().map(|(name, values)| (*name, line(name, values, "ns")));
    Ok(Medians(medians.collect()))
}

/// `nowhere` is a directory without a consumer.
fn contestants(means: &Means<'_>, nowhere: &Path) -> Result<Vec<Contestant>> {
    let mut all = vec![
        alone(BARE, &mut means.c.pairs(WAY, None))?,
        alone(OFF, &mut means.c.pairs(WAY, Some(nowhere)))?,
        recorded(RECORDED, |dir| means.c.pairs(WAY, Some(dir)))?,
    ];
    if let Some(lttng) = means.lttng {
        all.push(alone(LTTNG_OFF, &mut lttng.pairs(false))?);
        all.push(alone(LTTNG_RECORDED, &mut lttng.pairs(true))?);
    }
    Ok(all)
}

/// One that no consumer of ours serves.
pub fn alone(name: &'static str, command: &mut Command) -> Result<Contestant> {
    Ok(contestant(name, Worker::start(command, |_| Ok(()))?, None))
}

/// One that is recorded: its command, with the directory in which it is served.
pub fn recorded(name: &'static str, command: impl Fn(&Path) -> Command) -> Result<Contestant> {
    let dir = std::env::temp_dir();
    let mut recorder = Recorder::start(Shape::SNAPSHOT, &dir, Emitted::BY_PAIRS)?;
    let mut command = command(recorder.runtime_dir());
    let worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
    Ok(contestant(name, worker, Some(recorder)))
}

fn contestant(name: &'static str, worker: Worker, recorder: Option<Recorder>) -> Contestant {
    let drain = if recorder.is_some() { Drain::Between } else { Drain::Never };
    // Rings are gone round once before anything counts.
    let warm_up_events =
        if recorder.is_some() { 2 * Shape::SNAPSHOT.capacity_bytes() / 64 } else { 0 };
    Contestant { name, worker, recorder, events: PAIRS, threads: 1, warm_up_events, drain }
}
