//! Starts and stops a session.

use super::entry::Session;
use super::error::SessionError;
use super::registry::Sessions;
use crate::engine::Engine;

impl Sessions {
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
        if self.sessions[index].channels.is_empty() {
            self.channel_or_default(engine, index, None)?;
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

    fn set_active(
        &mut self,
        engine: &mut Engine,
        index: usize,
        is_active: bool,
    ) -> Result<&Session, SessionError> {
        let session = &mut self.sessions[index];
        engine.set_active(session.uid, is_active);
        match engine.publish() {
            Ok(generation) => self.generation = generation,
            Err(error) => {
                engine.set_active(session.uid, session.is_active);
                return Err(error.into());
            }
        }
        session.is_active = is_active;
        session.was_started |= is_active;
        Ok(session)
    }
}
