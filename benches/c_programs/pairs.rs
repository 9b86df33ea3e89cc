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

/// Of a measurement: a millisecond, and of LTTng's some.
const PAIRS: u64 = 20_000;

/// How often everybody gets a new process.
const SITTINGS: usize = 3;

/// Nanoseconds of a pair, and what the shim may add to them.
pub fn measure(means: &Means<'_>) -> Result<Vec<Promise>> {
    let nowhere = tempfile::Builder::new().prefix("ust-bench-pairs-").tempdir()?;
    let mut samples: Vec<(&str, Vec<f64>)> = Vec::new();
    for _ in 0..SITTINGS {
        let record = |lttng| Lttng::record(lttng, Shape::SNAPSHOT, Keep::InMemory, WRAPPED);
        let session = means.lttng.map(record).transpose()?;
        let mut contestants = contestants(means, nowhere.path())?;
        let measured = rounds::run(&mut contestants, 2 * means.rounds)?;
        samples.resize_with(contestants.len(), Default::default);
        for ((sample, contestant), measured) in samples.iter_mut().zip(&contestants).zip(measured) {
            sample.0 = contestant.name;
            sample.1.extend(measured.measured);
        }
        drop(session);
    }
    let medians: Vec<_> =
        samples.iter().map(|(name, values)| (*name, line(name, values, "ns"))).collect();
    let added = |name: &str| {
        let of = |name: &str| medians.iter().find(|(it, _)| *it == name).map(|(_, ns)| *ns);
        Some(of(name)? - of(BARE)?)
    };
    let bar = |name, part, other| {
        let what = format!("a pair, {name}: what is added");
        Some(at_most(&what, added(name)?, part, &format!("what is added {other}"), added(other)?))
    };
    let promises = [bar(RECORDED, 1.0 / 6.0, LTTNG_RECORDED), bar(OFF, 1.0 / 8.0, LTTNG_OFF)];
    Ok(promises.into_iter().flatten().collect())
}

/// `nowhere` is a directory without a consumer.
fn contestants(means: &Means<'_>, nowhere: &Path) -> Result<Vec<Contestant>> {
    let mut all = vec![
        alone(BARE, &mut means.c.pairs(None))?,
        alone(OFF, &mut means.c.pairs(Some(nowhere)))?,
        recorded(means)?,
    ];
    if let Some(lttng) = means.lttng {
        all.push(alone(LTTNG_OFF, &mut lttng.pairs(false))?);
        all.push(alone(LTTNG_RECORDED, &mut lttng.pairs(true))?);
    }
    Ok(all)
}

fn alone(name: &'static str, command: &mut Command) -> Result<Contestant> {
    Ok(contestant(name, Worker::start(command, |_| Ok(()))?, None))
}

fn recorded(means: &Means<'_>) -> Result<Contestant> {
    let dir = std::env::temp_dir();
    let mut recorder = Recorder::start(Shape::SNAPSHOT, &dir, Emitted::BY_PAIRS)?;
    let mut command = means.c.pairs(Some(recorder.runtime_dir()));
    let worker = Worker::start(&mut command, |fd| recorder.record_until_readable(fd))?;
    Ok(contestant(RECORDED, worker, Some(recorder)))
}

fn contestant(name: &'static str, worker: Worker, recorder: Option<Recorder>) -> Contestant {
    let drain = if recorder.is_some() { Drain::Between } else { Drain::Never };
    // Rings are gone round once before anything counts.
    let warm_up_events =
        if recorder.is_some() { 2 * Shape::SNAPSHOT.capacity_bytes() / 64 } else { 0 };
    Contestant { name, worker, recorder, events: PAIRS, threads: 1, warm_up_events, drain }
}
