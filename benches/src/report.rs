//! The report: a table for people, JSON for programs.

use crate::Result;
use crate::statistics::{Quartiles, Sample};
use serde::Serialize;
use std::fmt;
use std::fs;
use std::path::Path;

/// A contestant's line.
#[derive(Debug, Serialize)]
pub struct Row {
    /// What it is called.
    pub name: &'static str,
    /// Into untouched memory.
    pub first_ns: f64,
    /// In the rounds.
    #[serde(flatten)]
    pub quartiles: Quartiles,
    /// Its median over the floor's.
    pub times_floor: Option<f64>,
    /// Its median over that of LTTng-UST with the same event.
    pub times_lttng: Option<f64>,
}

/// Where and how it was measured.
#[derive(Debug, Serialize)]
pub struct Setting {
    /// The processor's name.
    pub cpu: String,
    /// Processors that this process may use.
    pub cpus: usize,
    /// The kernel's release.
    pub kernel: String,
    /// The clock of our records.
    pub clock: String,
    /// How often every contestant got a new process.
    pub sittings: usize,
    /// How often each of those was measured.
    pub rounds: usize,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and how.
    pub setting: Setting,
    /// One a contestant.
    pub rows: Vec<Row>,
    /// What was not measured, and why.
    pub skipped: Vec<String>,
}

impl Row {
    /// A line; what it is compared with is put in by [`Report::compare`].
    pub fn new(name: &'static str, sample: &Sample) -> Self {
        let quartiles = sample.quartiles();
        Self { name, first_ns: sample.first_ns(), quartiles, times_floor: None, times_lttng: None }
    }
}

impl Setting {
    /// That of this machine.
    pub fn here(sittings: usize, rounds: usize) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split(':').nth(1));
        Self {
            cpu: model.unwrap_or("unknown").trim().into(),
            cpus: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
            clock: format!("{:?}", ust_core::clock::ClockKind::best()),
            sittings,
            rounds,
        }
    }
}

impl Report {
    /// The median of the contestant of that name, if it took part.
    pub fn median(&self, name: &str) -> Option<f64> {
        let row = self.rows.iter().find(|row| row.name == name)?;
        Some(row.quartiles.median_ns)
    }

    /// Puts in the ratios: each row to `floor`, and to the row that `peer` names for it.
    pub fn compare(&mut self, floor: &str, peer: impl Fn(&str) -> Option<&'static str>) {
        let floor = self.median(floor);
        let peers: Vec<_> = self.rows.iter().map(|row| self.median(peer(row.name)?)).collect();
        for (row, peer) in self.rows.iter_mut().zip(peers) {
            let times = |other: Option<f64>| Some(row.quartiles.median_ns / other?);
            (row.times_floor, row.times_lttng) = (times(floor), times(peer));
        }
    }

    /// Writes the JSON, and the directory that it is to stand in.
    ///
    /// # Errors
    /// It cannot be written there.
    pub fn write_json(&self, path: &Path) -> Result<()> {
        let shown = |error| format!("{}: {error}", path.display());
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir).map_err(shown)?;
        }
        let json = serde_json::to_string_pretty(self)?;
        Ok(fs::write(path, json + "\n").map_err(shown)?)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Setting { cpu, cpus, kernel, clock, sittings, rounds } = &self.setting;
        writeln!(f, "{cpu}, {cpus} CPUs, Linux {kernel}, clock {clock}")?;
        writeln!(f, "{sittings} sittings of {rounds} rounds")?;
        writeln!(
            f,
            "{:<34}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "ns an event", "median", "q1", "q3", "first", "x floor", "x LTTng"
        )?;
        let ratio = |ratio: Option<f64>| ratio.map_or("-".into(), |ratio| format!("{ratio:.2}"));
        for Row { name, first_ns, quartiles, times_floor, times_lttng } in &self.rows {
            let Quartiles { q1_ns, median_ns, q3_ns } = quartiles;
            write!(f, "{name:<34}{median_ns:>9.2}{q1_ns:>9.2}{q3_ns:>9.2}{first_ns:>9.2}")?;
            writeln!(f, "{:>9}{:>9}", ratio(*times_floor), ratio(*times_lttng))?;
        }
        self.skipped.iter().try_for_each(|why| writeln!(f, "SKIPPED: {why}"))
    }
}
