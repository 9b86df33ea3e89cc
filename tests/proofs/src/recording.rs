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
use ctf::read::{Event, Reader, Value};
use std::cell::RefCell;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};
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
    /// Shared with tracers, which have it read while a tracee waits for room.
    engine: Rc<RefCell<Engine>>,
    session: SessionUid,
    /// Its journal only: the stream is the process's own.
    stage: Stage,
    /// The CPU that its tracees run on, in sequences; none if they have none.
    cpu: Option<usize>,
    mode: Mode,
    has_second: bool,
    /// What the tracees before this one did.
    before: Sums,
}

/// What became of a tracee's events.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Records in the trace.
    pub recorded: u64,
    /// Records that others have taken the place of.
    pub overwritten: u64,
    /// Events that are lost and counted.
    pub lost: u64,
}

impl Recording {
    /// A recording of everything that `program` emits, in streams of threads or of CPUs.
    pub fn new(program: &str, buffers: Buffers) -> Self {
        Self::in_mode(program, buffers, Mode::Discard)
    }

    fn in_mode(program: &str, buffers: Buffers, mode: Mode) -> Self {
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
            mode,
            residency: Residency::OnEntry,
        };
        let channel = engine.add_channel(session, config);
        engine.set_rules(channel, vec![EventRule::of("proof:*")]);
        engine.set_active(session, true);
        engine.publish().expect("the rules can be written");
        let stage = Stage::new(program);
        Self {
            program: program.into(),
            dir,
            engine: Rc::new(RefCell::new(engine)),
            session,
            stage,
            cpu: None,
            mode,
            has_second: false,
            before: Sums::default(),
        }
    }

    /// A recording in streams of CPUs, which threads on that CPU write in restartable sequences.
    pub fn in_sequences(program: &str, cpu: usize, mode: Mode) -> Self {
        Self { cpu: Some(cpu), ..Self::in_mode(program, Buffers::PerCpu, mode) }
    }

    /// The same of tracees with a second thread on that CPU.
    pub fn with_second_thread(self) -> Self {
        Self { has_second: true, ..self }
    }

    /// The tracee's journal.
    pub fn journal(&self) -> &Journal {
        self.stage.journal()
    }

    /// A fresh tracee at the beginning of the region. `None` if processes cannot be traced here.
    pub fn begin(&self, scenario: &Scenario) -> Option<Tracer> {
        self.stage.reset(scenario, Shape::of(0));
        if let Some(cpu) = self.cpu.filter(|_| self.has_second) {
            self.journal().order_second(cpu);
        }
        let mut command = Command::new(&self.program);
        command.env(RUNTIME_DIR_VARIABLE, self.dir.path().join("run"));
        let sequences = if self.cpu.is_some() { Sequences::On } else { Sequences::Off };
        let mut tracer = Tracer::start(command, &self.stage.descriptors(), sequences)?;
        if matches!(self.mode, Mode::Block { .. }) {
            let (engine, session) = (self.engine.clone(), self.session);
            tracer.set_meanwhile(Box::new(move || read(&mut engine.borrow_mut(), session)));
        }
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
    pub fn read(&self) {
        read(&mut self.engine.borrow_mut(), self.session);
    }

    /// Has the tracee's second thread emit an event, to its end.
    ///
    /// # Errors
    /// It does not come to its end.
    pub fn emit_in_second_thread(&self) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(20);
        let (asked, began) = (self.journal().ask(), Instant::now());
        while self.journal().answers() != asked {
            if began.elapsed() > PATIENCE {
                return Err("the second thread's event does not end".into());
            }
            if matches!(self.mode, Mode::Block { .. }) {
                self.read();
            }
            std::thread::sleep(Duration::from_micros(50));
        }
        Ok(())
    }

    /// The verdict over the trace of a tracee, which is dead.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&mut self) -> Result<Sums, String> {
        // Takes in what is queued, recovers, closes.
        self.engine.borrow_mut().flush(self.session);
        let summary = self.engine.borrow().summary(self.session);
        if let Some(error) = summary.errors.first() {
            return Err(error.clone());
        }
        let in_all = Sums {
            recorded: summary.all.recorded,
            overwritten: summary.all.overwritten,
            lost: summary.all.lost.values().sum(),
        };
        let sums = Sums {
            recorded: in_all.recorded - self.before.recorded,
            overwritten: in_all.overwritten - self.before.overwritten,
            lost: in_all.lost - self.before.lost,
        };
        self.before = in_all;
        let records = self.read_back()?;
        if records.len() as u64 != sums.recorded {
            return Err(format!("{} records in the trace, but: {sums:?}", records.len()));
        }
        // The consumer sets a clock that goes back to that of the record before.
        let same = records.windows(2).find(|pair| pair[0].clock == pair[1].clock);
        if let Some([_, record]) = same.filter(|_| ClockKind::best().is_counter()) {
            return Err(format!("record {} went back in time", record.number));
        }
        let missing = sums.overwritten + sums.lost;
        judge(&self.journal().calls(), &records, missing, self.mode.overwrites())?;
        Ok(sums)
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

fn read(engine: &mut Engine, session: SessionUid) {
    // The first round accepts a process, the next ones hear it.
    for _ in 0..3 {
        engine.poll(&[], Some(Duration::ZERO)).expect("the kernel polls");
    }
    engine.flush(session);
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
