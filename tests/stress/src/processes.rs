//! One round with processes: the traced program, the engine that records it, perhaps a kill; then the judge.

use crate::Failure;
use crate::config::Config;
use crate::judge::{self, Tally};
use crate::ledger::Ledger;
use consumerd::engine::{
    ChannelConfig, Engine, EngineOptions, SessionConfig, SessionSummary, SessionUid,
};
use rustix::fd::AsFd;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, set_child_subreaper,
    waitpgid,
};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use ust_core::abi::Residency;
use ust_core::paths::{RUNTIME_DIR_VARIABLE, RuntimeDir};
use ust_core::protocol::EventRule;
use ust_test_support::random::Random;
use ust_test_support::wait::HANGS_AFTER;

/// Runs one round.
///
/// # Errors
/// A record is not where it has to be, or the machine refuses something.
pub fn round(seed: u64, round: u64, program: &Path) -> Result<Tally, Failure> {
    let config = Config::draw(seed, round);
    let scratch = tempfile::Builder::new().prefix("ust-stress-").tempdir();
    let scratch = scratch.map_err(|error| format!("no temporary directory: {error}"))?;
    let ledger_path = scratch.path().join("ledger");
    let ledger = Ledger::create(&ledger_path).map_err(|error| format!("no ledger: {error}"))?;
    let mut recorder = Recorder::start(&config, scratch.path())?;

    // So that this process can wait for the children of a killed program.
    set_child_subreaper(Some(rustix::process::getpid())).map_err(system("cannot adopt orphans"))?;
    let mut command = Command::new(program);
    command
        .args([seed.to_string(), round.to_string()])
        .arg(&ledger_path)
        .env(RUNTIME_DIR_VARIABLE, scratch.path().join("run"))
        .process_group(0);
    // The program may run until it is killed, and must not outlive this process.
    // SAFETY: the closure makes one system call.
    unsafe {
        command
            .pre_exec(|| Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?));
    }
    let child = command.spawn().map_err(|e| format!("{}: {e}", program.display()))?;
    let pid = Pid::from_child(&child);
    let outcome = recorder.record(&config, child, pid);
    // Also after a failure: none of its processes may go on.
    let _ = kill_process_group(pid, Signal::KILL);
    while !matches!(waitpgid(pid, WaitOptions::empty()), Err(Errno::CHILD)) {}
    let has_succeeded = outcome?;
    if has_succeeded == config.kill_after.is_some() {
        return Err(format!("the program's success was {has_succeeded}: {config:?}"));
    }
    let summary = recorder.finish();
    judge::judge(&config, &scratch.path().join("trace"), &ledger, &summary).map_err(|failure| {
        // Kept, so that the failure can be looked into.
        let kept = scratch.keep();
        format!(
            "{failure}\n  {config:?}\n  {summary:?}\n  trace and ledger kept in {}",
            kept.display()
        )
    })
}

fn system(what: &'static str) -> impl Fn(Errno) -> Failure {
    move |errno| format!("{what}: {errno}")
}

/// The engine, late now and then.
struct Recorder {
    engine: Engine,
    session: SessionUid,
}

impl Recorder {
    fn start(config: &Config, scratch: &Path) -> Result<Self, Failure> {
        let output: PathBuf = scratch.join("trace");
        std::fs::create_dir(&output).map_err(|error| format!("no room for a trace: {error}"))?;
        let options =
            EngineOptions { flush_interval: config.flush_interval, read_timer: config.read_timer };
        let engine = Engine::bind(RuntimeDir::at(scratch.join("run")), options);
        let mut engine = engine.map_err(|error| error.to_string())?;
        let clock = config.clock;
        let session =
            engine.add_session(SessionConfig { output, clock, is_drained: true, shm_dir: None });
        let config = ChannelConfig {
            name: "channel0".into(),
            geometry: config.geometry,
            buffers: config.buffers,
            mode: config.mode,
            residency: Residency::default(),
        };
        let channel = engine.add_channel(session, config);
        engine.set_rules(channel, vec![EventRule::of("stress:*")]);
        engine.set_active(session, true);
        engine.publish().map_err(|error| error.to_string())?;
        Ok(Self { engine, session })
    }

    /// Records until the program has ended, or kills it and all its children; whether it succeeded.
    fn record(&mut self, config: &Config, mut child: Child, pid: Pid) -> Result<bool, Failure> {
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(system("cannot watch"))?;
        let started = Instant::now();
        let mut random = Random::new(config.seed ^ 0xde1a);
        let mut kill_after = config.kill_after;
        loop {
            let left = kill_after.map(|after| after.saturating_sub(started.elapsed()));
            if left == Some(Duration::ZERO) {
                kill_after = None;
                kill_process_group(pid, Signal::KILL).map_err(system("cannot kill"))?;
            }
            if started.elapsed() > HANGS_AFTER {
                return Err(format!("the traced program hangs: {config:?}"));
            }
            let timeout = left.unwrap_or(HANGS_AFTER);
            let ready = self.engine.poll(&[pidfd.as_fd()], Some(timeout));
            if ready.map_err(|error| error.to_string())?.contains(&0) {
                let status = child.wait().map_err(|error| error.to_string())?;
                return Ok(status.success());
            }
            if !config.delay.is_zero() && random.below(4) == 0 {
                random.sleep_below(config.delay);
            }
        }
    }

    /// All traced processes are dead: completes the trace.
    fn finish(mut self) -> SessionSummary {
        let summary = self.engine.remove_session(self.session);
        self.engine.shut_down();
        summary
    }
}
