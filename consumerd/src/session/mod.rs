//! Sessions: the names under which a user starts and stops recording.
//!
//! ```text
//!             create               start              stop              destroy
//!   (nothing) ------> inactive ------------> active ---------> inactive -------> (nothing, trace complete)
//!                        ^  enable-event: rules stand at once,    |  ^
//!                        |  in both states                        |  |
//!                        +----------------------------------------+  +-- destroy of an active one stops it
//! ```
//!
//! A session has one channel of the [`Engine`]: where its trace goes, how large its sub-buffers are, which
//! events it wants. Here are names, rules about names, and the *current* session: the one that was created
//! last, on which a command without a session name acts. When it is destroyed there is none, so that the
//! same command twice never reaches a second session (LTTng does the same, and keeps it in `~/.lttngrc`).
//!
//! **Everything is checked before anything is changed**, and what fails half-way is undone: a refused
//! command leaves no session, no rule and no directory.
//!
//! Nothing here waits. A change is published under a [generation](Sessions::generation); that processes
//! have applied it is what [`service`](crate::control::service) waits for.

mod channel;
mod error;
mod names;
mod overview;
mod snapshots;

pub use channel::{ChannelOptions, DEFAULT_SUBBUF_COUNT, DEFAULT_SUBBUF_SIZE_BYTES};
pub use error::SessionError;
pub use names::{check_globs, complete_glob};
pub use overview::{EventView, Overview, ProcessView, RuleView, SessionView};
pub use snapshots::SnapshotsTaken;

use crate::engine::{ChannelConfig, ChannelSummary, ChannelUid, Engine};
use crate::output::Output;
use crate::output_dir::OutputDir;
use crate::shm_dir::ShmDir;
use std::path::{Path, PathBuf};
use ust_core::protocol::MAX_CHANNELS;

pub use ust_core::abi::{Buffers, Mode, Residency};
pub use ust_core::clock::ClockKind;

/// One session.
#[derive(Debug)]
pub struct Session {
    name: String,
    config: ChannelConfig,
    output: Output,
    channel: ChannelUid,
    globs: Vec<String>,
    is_active: bool,
    snapshots: SnapshotsTaken,
}

impl Session {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its channel in the engine.
    pub fn channel(&self) -> ChannelUid {
        self.channel
    }

    /// Where its trace goes.
    pub fn output(&self) -> &Path {
        &self.config.output
    }

    /// Whether it is started.
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// How many rules it has.
    pub fn rule_count(&self) -> usize {
        self.globs.len()
    }

    /// What it has written if it is a flight recorder, which writes nothing else.
    pub fn snapshots(&self) -> Option<&SnapshotsTaken> {
        (!self.config.is_drained).then_some(&self.snapshots)
    }
}

/// All sessions, in the order in which they were created.
#[derive(Debug, Default)]
pub struct Sessions {
    sessions: Vec<Session>,
    current: Option<String>,
    generation: u64,
}

impl Sessions {
    /// Generation of the rules that the last change published; 0 if there was none.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Makes an inactive session, and its output directory, and makes it the current one.
    ///
    /// # Errors
    /// The name is taken or none, the directory cannot take a trace, the options are out of range, or there
    /// are too many sessions. Then nothing was made.
    pub fn create(
        &mut self,
        engine: &mut Engine,
        name: String,
        output: PathBuf,
        options: &ChannelOptions,
    ) -> Result<(), SessionError> {
        names::check_session(&name)?;
        if self.sessions.iter().any(|session| session.name == name) {
            return Err(SessionError::NameTaken(name));
        }
        if self.sessions.len() == MAX_CHANNELS {
            return Err(SessionError::TooManySessions(MAX_CHANNELS));
        }
        if let Some(other) = self.sessions.iter().find(|session| session.config.output == output) {
            return Err(SessionError::OutputTaken { output, session: other.name.clone() });
        }
        let mut config = options.channel(output)?;
        let output_dir = OutputDir::make(&config.output)?;
        config.shm_dir = options.make_shm_dir()?;
        self.check_is_alone(&config)?;
        if let Some(other) =
            self.sessions.iter().find(|session| session.output.is_same(output_dir.output()))
        {
            let (output, session) = (config.output, other.name.clone());
            return Err(SessionError::OutputTaken { output, session });
        }
        let output = output_dir.keep();
        let channel = engine.add_channel_to(config.clone(), output.clone());
        self.current = Some(name.clone());
        self.sessions.push(Session {
            name,
            config,
            output,
            channel,
            globs: Vec::new(),
            is_active: false,
            snapshots: SnapshotsTaken::default(),
        });
        Ok(())
    }

    /// The directory for ring files may be empty and yet another session's, which has not begun.
    fn check_is_alone(&self, config: &ChannelConfig) -> Result<(), SessionError> {
        let Some(dir) = config.shm_dir.as_ref().map(ShmDir::path) else { return Ok(()) };
        let has_it = |session: &&Session| {
            session.config.shm_dir.as_ref().is_some_and(|other| other.path() == dir)
        };
        match self.sessions.iter().find(has_it) {
            Some(other) => {
                Err(SessionError::ShmDirTaken { dir: dir.to_owned(), session: other.name.clone() })
            }
            None => Ok(()),
        }
    }

    /// Adds rules to a session, in force at once if it is active. Returns those that it had already.
    ///
    /// # Errors
    /// There is no such session, a glob is none, or there are too many. Then no rule was added.
    pub fn enable_events(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
        globs: Vec<String>,
    ) -> Result<Vec<String>, SessionError> {
        let index = self.index(name)?;
        let mut wanted = self.sessions[index].globs.clone();
        let mut already = Vec::new();
        for glob in globs {
            if wanted.contains(&glob) { already.push(glob) } else { wanted.push(glob) }
        }
        let others = self.sessions.iter().enumerate().filter(|(other, _)| *other != index);
        check_globs(others.flat_map(|(_, session)| &session.globs).chain(&wanted))?;
        self.set_globs(engine, index, wanted)?;
        Ok(already)
    }

    /// Takes rules away from a session; all of them if `globs` is empty.
    ///
    /// # Errors
    /// There is no such session, or it has no such rule. Then all rules stand as they did.
    pub fn disable_events(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
        globs: &[String],
    ) -> Result<(), SessionError> {
        let index = self.index(name)?;
        let session = &self.sessions[index];
        if let Some(glob) = globs.iter().find(|glob| !session.globs.contains(glob)) {
            return Err(SessionError::NoSuchRule {
                glob: glob.clone(),
                session: session.name.clone(),
            });
        }
        let keeps = |glob: &&String| !globs.is_empty() && !globs.contains(glob);
        let left = session.globs.iter().filter(keeps).cloned().collect();
        self.set_globs(engine, index, left)
    }

    /// Lets a session record. In force once processes have applied [`generation`](Self::generation).
    ///
    /// # Errors
    /// There is no such session, or it is started already.
    pub fn start(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
    ) -> Result<&Session, SessionError> {
        let index = self.index(name)?;
        if self.sessions[index].is_active {
            return Err(SessionError::AlreadyStarted(self.sessions[index].name.clone()));
        }
        self.set_active(engine, index, true)
    }

    /// Stops a session. Processes go on until they have applied [`generation`](Self::generation).
    ///
    /// # Errors
    /// There is no such session, or it is not started.
    pub fn stop(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
    ) -> Result<&Session, SessionError> {
        let index = self.index(name)?;
        if !self.sessions[index].is_active {
            return Err(SessionError::NotStarted(self.sessions[index].name.clone()));
        }
        self.set_active(engine, index, false)
    }

    /// Writes what the session's rings hold now to a trace of its own, below its output directory. Returns the
    /// session's name, where the trace is, and what is in it.
    ///
    /// # Errors
    /// There is no such session, it takes no snapshots, or the directory cannot be made.
    pub fn snapshot(
        &mut self,
        engine: &mut Engine,
        name: Option<&str>,
    ) -> Result<(String, PathBuf, ChannelSummary), SessionError> {
        let index = self.index(name)?;
        let session = &mut self.sessions[index];
        if session.config.is_drained {
            return Err(SessionError::NoSnapshots(session.name.clone()));
        }
        let number = session.snapshots.count + 1;
        let name = format!("snapshot-{number}");
        let output = session.config.output.join(&name);
        let summary = engine
            .snapshot_below(session.channel, &name)
            .map_err(|error| SessionError::Snapshot(output.clone(), error))?;
        session.snapshots.add(summary.clone());
        Ok((session.name.clone(), output, summary))
    }

    /// Takes a snapshot of every session that takes any.
    pub fn take_snapshots(&mut self, engine: &mut Engine) {
        let taking = self.sessions.iter().filter(|session| !session.config.is_drained);
        for name in taking.map(|session| session.name.clone()).collect::<Vec<_>>() {
            match self.snapshot(engine, Some(&name)) {
                Ok((_, output, _)) => tracing::info!("snapshot {}", output.display()),
                Err(error) => tracing::error!("{error}"),
            }
        }
    }

    /// Completes a session's trace and forgets the session; returns the session as it was, and what it recorded. [Stop](Self::stop) it first if it is active: what
    /// processes record after this is lost.
    ///
    /// # Errors
    /// There is no such session.
    pub fn remove(
        &mut self,
        engine: &mut Engine,
        name: &str,
    ) -> Result<(Session, ChannelSummary), SessionError> {
        let session = self.sessions.remove(self.index(Some(name))?);
        if self.current.as_deref() == Some(name) {
            self.current = None;
        }
        let summary = engine.remove_channel(session.channel);
        // Processes are to forget the channel too; the trace is complete whether or not they hear of it.
        match engine.publish() {
            Ok(generation) => self.generation = generation,
            Err(error) => tracing::warn!("the rules still name session {name}: {error}"),
        }
        Ok((session, summary))
    }

    /// The session of that name; the current one if there is no name.
    ///
    /// # Errors
    /// There is no such session.
    pub fn get(&self, name: Option<&str>) -> Result<&Session, SessionError> {
        Ok(&self.sessions[self.index(name)?])
    }

    fn index(&self, name: Option<&str>) -> Result<usize, SessionError> {
        let names = || self.sessions.iter().map(|session| session.name.clone()).collect();
        let Some(wanted) = name.or(self.current.as_deref()) else {
            return Err(SessionError::NoCurrent { sessions: names() });
        };
        let found = self.sessions.iter().position(|session| session.name == wanted);
        found.ok_or_else(|| SessionError::NoSuch { name: wanted.to_owned(), sessions: names() })
    }

    fn set_globs(
        &mut self,
        engine: &mut Engine,
        index: usize,
        globs: Vec<String>,
    ) -> Result<(), SessionError> {
        let session = &mut self.sessions[index];
        engine.set_events(session.channel, globs.clone());
        if session.is_active {
            match engine.publish() {
                Ok(generation) => self.generation = generation,
                Err(error) => {
                    engine.set_events(session.channel, session.globs.clone());
                    return Err(error.into());
                }
            }
        }
        session.globs = globs;
        Ok(())
    }

    fn set_active(
        &mut self,
        engine: &mut Engine,
        index: usize,
        is_active: bool,
    ) -> Result<&Session, SessionError> {
        let session = &mut self.sessions[index];
        engine.set_active(session.channel, is_active);
        match engine.publish() {
            Ok(generation) => self.generation = generation,
            Err(error) => {
                engine.set_active(session.channel, session.is_active);
                return Err(error.into());
            }
        }
        session.is_active = is_active;
        Ok(session)
    }
}
