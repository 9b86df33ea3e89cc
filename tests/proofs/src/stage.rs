//! The stage: what test and tracee share, and how both get to the beginning of a scenario's region.
#![allow(unsafe_code)]

use crate::effort::Places;
use crate::journal::{JOURNAL_BYTES, Journal};
use crate::path::{self, Path};
use crate::scenario::{Drained, Op, Scenario};
use crate::stream_under_test::{Shape, StreamFile, StreamReader};
use crate::tracer::{Sequences, Tracer};
use crate::verdict::judge;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::process::Command;
use ust_core::clock::ClockKind;
use ust_core::shm::{Mapping, memfd};

/// Places of a scenario that a sampling run visits in every shape but the first.
const OTHER_SHAPES: usize = 60;

/// See the module page.
#[derive(Debug)]
pub struct Stage {
    program: PathBuf,
    journal_fd: OwnedFd,
    journal: Mapping,
    /// The stream under test.
    pub stream: StreamFile,
}

impl Stage {
    /// For a program of this package.
    pub fn new(program: &str) -> Self {
        let journal_fd = memfd::create(c"ust-proofs-journal", JOURNAL_BYTES).expect("a memfd");
        let journal = Mapping::new(journal_fd.as_fd(), JOURNAL_BYTES).expect("address space");
        Self { program: program.into(), journal_fd, journal, stream: StreamFile::create() }
    }

    /// The descriptors that a tracee is given, in the order of its arguments.
    pub fn descriptors(&self) -> [RawFd; 2] {
        [self.journal_fd.as_raw_fd(), self.stream.fd().as_raw_fd()]
    }

    /// The tracee's journal.
    pub fn journal(&self) -> &Journal {
        self.journal.at(0).expect("it is that large")
    }

    /// Puts everything back, and gives the orders of a scenario. No tracee runs meanwhile.
    pub fn reset(&self, scenario: &Scenario, shape: Shape) {
        // SAFETY: the mapping's own bytes, which no process uses now.
        unsafe { self.journal.base().write_bytes(0, JOURNAL_BYTES) };
        let encode = |ops: &[Op]| ops.iter().map(|op| op.encode()).collect();
        let (before, region): (Vec<_>, Vec<_>) = (encode(scenario.before), encode(scenario.region));
        let handler = scenario.handler.encode();
        self.journal().order(shape.number(), &before, &region, handler);
        self.stream.reset();
    }

    /// A fresh tracee at the beginning of the region, and the reader in the state of the scenario. `None` if
    /// processes cannot be traced here.
    pub fn begin(&self, scenario: &Scenario, shape: Shape) -> Option<(Tracer, StreamReader)> {
        let tracer = self.tracee(scenario, shape)?;
        let reader = self.again(&tracer, scenario, shape);
        Some((tracer, reader))
    }

    /// A fresh tracee at marker A.
    pub fn tracee(&self, scenario: &Scenario, shape: Shape) -> Option<Tracer> {
        self.reset(scenario, shape);
        Tracer::start(Command::new(&self.program), &self.descriptors(), Sequences::Off)
    }

    /// The same, with a tracee of the same shape that stands at a marker.
    pub fn again(&self, tracer: &Tracer, scenario: &Scenario, shape: Shape) -> StreamReader {
        // If a place was missed, the tracee may have gone past marker A.
        if self.journal().is_at_region() {
            tracer.run(None);
        }
        self.reset(scenario, shape);
        tracer.run(None);
        let mut reader = self.stream.reader(shape);
        match scenario.drained {
            Drained::Not => Ok(()),
            Drained::Prefix => reader.read_prefix(),
            Drained::Full => reader.drain(),
            Drained::ManyTimes => (0..4).try_for_each(|_| {
                self.emit_some(shape);
                reader.drain()
            }),
        }
        .expect("nobody writes, nobody died");
        reader
    }

    /// The path of a scenario, and the tracee that took it, at marker A. `None`, with a line that says so, if processes
    /// cannot be stepped here.
    pub fn path(&self, scenario: &Scenario, shape: Shape) -> Option<(Tracer, Path)> {
        path::require_support()?;
        let (tracer, _) = self.begin(scenario, shape)?;
        let path = Path::record(&tracer, self.journal());
        Some((tracer, path))
    }

    /// Has `at` go to the places of a scenario's region, and say whether the path led there. At most `limit` places, except
    /// in a full run. `None` if processes cannot be stepped here.
    ///
    /// # Panics
    /// What `at` says is wrong; or most places were missed.
    pub fn visit(
        &self,
        (scenario, shape): (&Scenario, Shape),
        limit: usize,
        mut at: impl FnMut(&Path, usize) -> Result<bool, String>,
    ) -> Option<()> {
        // The other shapes share most of the instructions.
        let limit = if shape == Shape::of(0) { limit } else { limit.min(OTHER_SHAPES) };
        let in_shape = |error| format!("{shape:?}: {error}");
        visit(
            scenario,
            limit,
            || Some(self.path(scenario, shape)?.1),
            |path, place| at(path, place).map_err(in_shape),
        )
    }

    /// Emits from this process, as another writer of the same stream: more than two sub-buffers full, with
    /// small records between the large.
    pub fn emit_some(&self, shape: Shape) {
        self.emit(shape, 8);
    }

    /// The first so many records of that, and then the same again.
    pub fn emit(&self, shape: Shape, count: usize) {
        const LARGE: Option<usize> = Some(1700);
        let clock = ClockKind::best();
        let writer = self.stream.writer(shape, clock);
        let bodies = [None, LARGE, None, LARGE, LARGE, None, LARGE, LARGE];
        for body_bytes in bodies.into_iter().cycle().take(count) {
            self.journal().call(|| clock.now(), |number| writer.emit(number, body_bytes));
        }
    }

    /// The verdict over what a reader has read of it.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&self, reader: &mut StreamReader, shape: Shape) -> Result<(), String> {
        let lost = reader.lost();
        judge(&self.journal().calls(), &reader.records, lost, shape.overwrites)
            .and_then(|()| self.stream.check_table())
            .map_err(|error| format!("{error}; {}", reader.describe()))
    }
}

/// As [`Stage::visit`] does, with paths from elsewhere.
///
/// A path may differ from the recorded one: if the recording was delayed, the clock called for another header. After
/// several missed places in a row it is recorded anew. Missed places are judged all the same.
pub fn visit<P: Places>(
    scenario: &Scenario,
    limit: usize,
    record: impl Fn() -> Option<P>,
    mut at: impl FnMut(&P, usize) -> Result<bool, String>,
) -> Option<()> {
    const MISSES_IN_A_ROW: usize = 5;
    let name = scenario.name;
    let mut path = record()?;
    let mut places = path.places(scenario.limit(limit));
    let (mut nth, mut visited, mut missed, mut in_a_row) = (0, 0, 0, 0);
    while let Some(place) = places.get(nth) {
        nth += 1;
        visited += 1;
        let is_reached = at(&path, *place)
            .unwrap_or_else(|error| panic!("{name}, instruction {place}: {error}"));
        in_a_row = if is_reached { 0 } else { in_a_row + 1 };
        missed += usize::from(!is_reached);
        if in_a_row == MISSES_IN_A_ROW {
            path = record()?;
            places = path.places(scenario.limit(limit));
            in_a_row = 0;
        }
    }
    eprintln!("{name}: {visited} places, {missed} missed");
    assert!(visited > 0 && missed * 2 < visited, "{name}: the path is another one each time");
    Some(())
}
