//! The end of the engine: writers stop, everything is drained, and the runtime directory is left.

use super::state::Engine;
use crate::limits::RULES_APPLIED_WITHIN;
use std::time::{Duration, Instant};

impl Engine {
    /// Ends the engine, because the traced program has ended or the daemon is to end. Takes in every connection and
    /// message that is still queued, drains every process, writes and closes everything, removes the socket and the
    /// rules.
    pub fn shut_down(&mut self) {
        self.stop_writers();
        for session in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.remove_session(session);
        }
        if self.place.look().is_none() {
            let _ = self.write_rules();
        }
        self.place.leave();
        self.retired_dirs.drain(..).for_each(|dir| dir.remove_all());
        self.connections.clear();
        self.processes.clear();
    }

    /// Stops every session, and gives agents a moment to follow. Events that are emitted while traces are being closed
    /// would be neither recorded nor counted.
    fn stop_writers(&mut self) {
        if !self.sessions.values().any(|session| session.is_active) {
            return;
        }
        for session in self.sessions.values_mut() {
            session.is_active = false;
        }
        let deadline = Instant::now() + RULES_APPLIED_WITHIN;
        let Ok(generation) = self.publish() else { return };
        while !self.is_applied(generation) && Instant::now() < deadline {
            if self.poll(&[], Some(Duration::from_millis(10))).is_err() {
                return;
            }
        }
    }
}
