//! A recording: the consumer's engine in the test's own process, and traced programs that find it.
//!
//! ```text
//!   Recording::new --> engine, rules published          the tracee finds them before `main`
//!   path, begin    --> a fresh tracee at marker B       its first event hands over a ring
//!   judge          --> engine takes in what is queued, recovers, closes the trace
//!                      `ctf` reads it back: verdict against the journal, sum against the summary
//! ```
//!
//! The tracees stand still most of the time, so nothing is drained before they have ended. What they handed over waits in
//! the kernel's queue, as it does while a daemon is busy.

use crate::free_run::FreeRun;
use crate::journal::Journal;
use crate::path::{self, Path};
use crate::record::{Record, body, signature};
use crate::scenario::Scenario;
use crate::sequence;
use crate::stage::Stage;
use crate::stream_under_test::{Shape, geometry};
use crate::tracer::{Sequences, Tracer};
use crate::verdict::judge;
use consumerd::engine::{ChannelConfig, Engine, EngineOptions, SessionConfig, SessionUid};
use ctf::reader::{Event, Reader, Value};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use ust_core::abi::{Buffers, Mode, Residency};
use ust_core::clock::ClockKind;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir};
use ust_core::protocol::EventRule;

/// See the module page.
#[derive(Debug)]
pub struct Recording {
    program: PathBuf,
    dir: TempDir,
    engine: Engine,
    session: SessionUid,
    /// Its journal only: the stream is the process's own.
    stage: Stage,
    /// The CPU that its tracees run on, in sequences; none if they have none.
    cpu: Option<usize>,
    /// Records written and lost by the tracees before this one.
    before: (u64, u64),
}

impl Recording {
    /// A recording of everything that `program` emits, in streams of threads or of CPUs.
    pub fn new(program: &str, buffers: Buffers) -> Self {
        let dir = TempDir::with_prefix("ust-proofs-").expect("a temporary directory");
        // No timer: the test says when.
        let options = EngineOptions { flush_interval: Duration::from_secs(3600), read_timer: None };
        let output = dir.path().join("traces");
        std::fs::create_dir(&output).expect("the directory is new");
        let runtime_dir = RuntimeDir::at(dir.path().join("run"));
        let mut engine = Engine::bind(runtime_dir, options).expect("nobody else is there");
        let clock = ClockKind::best();
        let session =
            engine.add_session(SessionConfig { output, clock, is_drained: true, shm_dir: None });
        let config = ChannelConfig {
            name: "channel0".into(),
            geometry: geometry(),
            buffers,
            mode: Mode::Discard,
            residency: Residency::OnEntry,
        };
        let channel = engine.add_channel(session, config);
        engine.set_rules(channel, vec![EventRule::of("proof:*")]);
        engine.set_active(session, true);
        engine.publish().expect("the rules can be written");
        let stage = Stage::new(program);
        Self { program: program.into(), dir, engine, session, stage, cpu: None, before: (0, 0) }
    }

    /// A recording in streams of CPUs, which threads on that CPU write in restartable sequences.
    pub fn in_sequences(program: &str, cpu: usize) -> Self {
        Self { cpu: Some(cpu), ..Self::new(program, Buffers::PerCpu) }
    }

    /// The tracee's journal.
    pub fn journal(&self) -> &Journal {
        self.stage.journal()
    }

    /// A fresh tracee at the beginning of the region. `None` if processes cannot be traced here.
    pub fn begin(&self, scenario: &Scenario) -> Option<Tracer> {
        self.stage.reset(scenario, Shape::of(0));
        let mut command = Command::new(&self.program);
        command.env(RUNTIME_DIR_VARIABLE, self.dir.path().join("run"));
        let sequences = if self.cpu.is_some() { Sequences::On } else { Sequences::Off };
        let tracer = Tracer::start(command, &self.stage.descriptors(), sequences)?;
        self.cpu.into_iter().for_each(|cpu| tracer.move_to(cpu));
        tracer.run(None);
        Some(tracer)
    }

    /// The path of a scenario. `None` if processes cannot be stepped here; then that has been said.
    pub fn path(&mut self, scenario: &Scenario) -> Option<Path> {
        path::require_support()?;
        let tracer = self.begin(scenario)?;
        let path = Path::record(&tracer, self.journal());
        tracer.kill();
        self.judge().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        Some(path)
    }

    /// The same of a thread that runs freely, in sequences. `None` also if there are none here; then that has been said.
    pub fn free_run(&mut self, scenario: &Scenario) -> Option<FreeRun> {
        path::require_support()?;
        let tracer = self.begin(scenario)?;
        sequence::require_support(&tracer, self.journal())?;
        let run = FreeRun::record(&tracer, self.journal());
        tracer.kill();
        self.judge().unwrap_or_else(|error| panic!("{}: {error}", scenario.name));
        Some(run)
    }

    /// Reads everything that is committed now.
    ///
    /// # Panics
    /// The engine cannot wait for the tracee.
    pub fn read(&mut self) {
        // The first round accepts a process, the next ones hear it.
        for _ in 0..3 {
            self.engine.poll(&[], Some(Duration::ZERO)).expect("the kernel polls");
        }
        self.engine.flush(self.session);
    }

    /// The verdict over the trace of a tracee, which is dead. How many records the trace had.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&mut self) -> Result<usize, String> {
        // Takes in what is queued, recovers, closes.
        self.engine.flush(self.session);
        let summary = self.engine.summary(self.session);
        if let Some(error) = summary.errors.first() {
            return Err(error.clone());
        }
        let lost_in_all = summary.all.lost.values().sum::<u64>();
        let (recorded, lost) = (summary.all.recorded - self.before.0, lost_in_all - self.before.1);
        self.before = (summary.all.recorded, lost_in_all);
        let records = self.read_back()?;
        if records.len() as u64 != recorded {
            return Err(format!("{} records in the trace, {recorded} by the sums", records.len()));
        }
        // The consumer sets a clock that goes back to that of the record before.
        let same = records.windows(2).find(|pair| pair[0].clock == pair[1].clock);
        if let Some([_, record]) = same.filter(|_| ClockKind::best().is_counter()) {
            return Err(format!("record {} went back in time", record.number));
        }
        judge(&self.journal().calls(), &records, lost, false).map(|()| records.len())
    }

    /// The records of the trace, which is removed.
    fn read_back(&self) -> Result<Vec<Record>, String> {
        let output = self.dir.path().join("traces");
        let folders = std::fs::read_dir(&output).map_err(|error| error.to_string())?;
        let mut records = Vec::new();
        for folder in folders {
            let folder = folder.map_err(|error| error.to_string())?.path();
            for event in Reader::open(&folder).map_err(|error| error.to_string())? {
                records.push(record(&event.map_err(|error| error.to_string())?)?);
            }
            std::fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
        Ok(records)
    }
}

/// The content of an event of the trace, once it is certain that the event is whole.
fn record(event: &Event) -> Result<Record, String> {
    let torn = || format!("torn: {event:?}");
    let fields = event.fields.as_ref().ok_or_else(torn)?;
    let field = |name: &str| fields.get(name);
    let number = field("_number").and_then(Value::as_u64).ok_or_else(torn)? as u32;
    let is_whole = match (field("_signature"), field("_body")) {
        (Some(value), None) => value.as_u64() == Some(signature(number)),
        (None, Some(Value::Array(bytes))) => {
            let bytes = bytes.iter().map(|byte| byte.as_u64().unwrap_or(u64::MAX));
            bytes.clone().eq(body(number, bytes.len()).iter().map(|byte| u64::from(*byte)))
        }
        _ => false,
    };
    let record = Record { number, clock: event.clock, is_compact: false, end: 0 };
    if is_whole { Ok(record) } else { Err(torn()) }
}
