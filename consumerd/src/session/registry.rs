//! All sessions: which there are, which is the current one, how they begin and end.
//!
//! A new session must have its name, its output and its directory for ring files to itself.

use super::entry::Session;
use super::error::SessionError;
use super::names;
use super::options::{ChannelOptions, DEFAULT_CHANNEL, SessionOptions};
use super::snapshots::SnapshotsTaken;
use crate::engine::{Engine, SessionConfig, SessionSummary};
use crate::limits::MAX_SESSIONS;
use crate::output_dir::OutputDir;
use crate::shm_dir::ShmDir;
use std::path::PathBuf;

/// All sessions, in the order in which they were created.
#[derive(Debug, Default)]
pub struct Sessions {
    pub(super) sessions: Vec<Session>,
    pub(super) current: Option<String>,
    pub(super) generation: u64,
}

impl Sessions {
    /// Generation of the rules that the last change published; 0 if there was none.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Makes an inactive session and its output directory, and makes it the current one. Its first channel has the
    /// options `default_channel` if no other is made.
    ///
    /// # Errors
    /// The name is taken or invalid, the directory cannot take a trace, the options are out of range, or there are too
    /// many sessions. Then nothing was made.
    pub fn create(
        &mut self,
        engine: &mut Engine,
        name: String,
        output: PathBuf,
        options: &SessionOptions,
        default_channel: &ChannelOptions,
    ) -> Result<(), SessionError> {
        names::check_session(&name)?;
        if self.sessions.iter().any(|session| session.name == name) {
            return Err(SessionError::NameTaken(name));
        }
        if self.sessions.len() == MAX_SESSIONS {
            return Err(SessionError::TooManySessions(MAX_SESSIONS));
        }
        if let Some(other) = self.sessions.iter().find(|session| session.config.output == output) {
            return Err(SessionError::OutputTaken { output, session: other.name.clone() });
        }
        let mut config = options.session(output)?;
        let default_channel = default_channel.channel(DEFAULT_CHANNEL, options.is_snapshot)?;
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
        let uid = engine.add_session_to(config.clone(), output.clone());
        self.current = Some(name.clone());
        self.sessions.push(Session {
            name,
            config,
            output,
            uid,
            channels: Vec::new(),
            default_channel,
            is_active: false,
            was_started: false,
            snapshots: SnapshotsTaken::default(),
        });
        Ok(())
    }

    /// Checks that the directory for ring files is no other session's. It may be empty and yet belong to a session that
    /// has not begun.
    fn check_is_alone(&self, config: &SessionConfig) -> Result<(), SessionError> {
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

    /// Completes a session's trace and forgets the session; returns the session as it was, and what it recorded.
    /// [Stop](Self::stop) it first if it is active, because what processes record after this call is lost.
    ///
    /// # Errors
    /// There is no such session.
    pub fn remove(
        &mut self,
        engine: &mut Engine,
        name: &str,
    ) -> Result<(Session, SessionSummary), SessionError> {
        let session = self.sessions.remove(self.index(Some(name))?);
        if self.current.as_deref() == Some(name) {
            self.current = None;
        }
        let summary = engine.remove_session(session.uid);
        // Processes must forget its channels too; the trace is complete whether or not they hear of it.
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

    /// The name of the current session.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    pub(super) fn index(&self, name: Option<&str>) -> Result<usize, SessionError> {
        let names = || self.sessions.iter().map(|session| session.name.clone()).collect();
        let Some(wanted) = name.or(self.current.as_deref()) else {
            return Err(SessionError::NoCurrent { sessions: names() });
        };
        let found = self.sessions.iter().position(|session| session.name == wanted);
        found.ok_or_else(|| SessionError::NoSuch { name: wanted.to_owned(), sessions: names() })
    }
}
