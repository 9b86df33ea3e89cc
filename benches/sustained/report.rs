//! Medians and what they must be.

use crate::turns::{RING, Turn, WRITERS};
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};
use ust_benches::promise::Promise;
use ust_benches::statistics::median;

/// How many times LTTng-UST's rate ours must be at least.
const BAR: f64 = 3.0;
/// How many times it is meant to be.
const AIM: f64 = 4.0;

/// All turns.
#[derive(Debug, Serialize)]
pub struct Report {
    dir: PathBuf,
    #[serde(rename = "ours_events_per_s", serialize_with = "rates")]
    pub ours: Vec<Turn>,
    #[serde(rename = "lttng_events_per_s", serialize_with = "rates")]
    pub lttng: Vec<Turn>,
    #[serde(rename = "sequential_write_mb_per_s")]
    pub sequential: Vec<f64>,
    skipped: Option<String>,
}

fn rates<S: serde::Serializer>(turns: &[Turn], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(turns.iter().map(|turn| turn.events_per_s))
}

fn rate(turns: &[Turn]) -> Option<f64> {
    let rates: Vec<_> = turns.iter().map(|turn| turn.events_per_s).collect();
    (!rates.is_empty()).then(|| median(&rates))
}

impl Report {
    /// Of no turns yet.
    pub fn new(dir: &Path, skipped: Option<String>) -> Self {
        let (ours, lttng, sequential) = Default::default();
        Self { dir: dir.into(), ours, lttng, sequential, skipped }
    }

    /// What must be.
    pub fn promises(&self) -> Vec<Promise> {
        let lost: u64 = self.ours.iter().map(|turn| turn.lost).sum();
        let mut promises =
            vec![Promise::new(format!("ours loses nothing: {lost} events lost"), lost == 0)];
        if let (Some(ours), Some(lttng)) = (rate(&self.ours), rate(&self.lttng)) {
            let factor = ours / lttng;
            let statement = format!(
                "sustained, {WRITERS} writers, nothing lost: ours >= {BAR} x LTTng-UST \
                 ({AIM} is the aim): {:.1} M/s, {factor:.2} x",
                ours / 1e6
            );
            // A rate counts only if every event is in the trace.
            promises.push(Promise::new(statement, factor >= BAR && lost == 0));
        }
        promises
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring_bytes = WRITERS * RING.capacity_bytes();
        writeln!(
            f,
            "sustained to {}: {WRITERS} writers, rings of {} MiB in all, {} rounds",
            self.dir.display(),
            ring_bytes >> 20,
            self.ours.len()
        )?;
        for (name, turns) in [("ours, u32", &self.ours), ("LTTng-UST, u32, blocking", &self.lttng)]
        {
            if let Some(rate) = rate(turns) {
                let lost: u64 = turns.iter().map(|turn| turn.lost).sum();
                writeln!(f, "{name:<42}{:>9.2} M events/s, {lost} lost", rate / 1e6)?;
            }
        }
        let name = "sequential write";
        writeln!(f, "{name:<42}{:>9.0} MB/s", median(&self.sequential))?;
        self.skipped.iter().try_for_each(|why| writeln!(f, "SKIPPED: {why}"))
    }
}
