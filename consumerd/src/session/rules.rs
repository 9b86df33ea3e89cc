//! Rules of a session: added and taken away, all that a command names or none of it.

use super::error::SessionError;
use super::names::check_globs;
use super::registry::Sessions;
use crate::engine::Engine;

impl Sessions {
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
}
