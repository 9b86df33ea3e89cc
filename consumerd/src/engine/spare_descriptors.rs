//! Descriptors kept for new connections and messages. They are closed before something is received and opened again
//! after it, so that what the engine opens meanwhile never takes the last ones.

use super::state::Engine;
use crate::limits::SPARE_DESCRIPTORS;

impl Engine {
    /// Closes the spare descriptors, so that what comes now finds room.
    pub(super) fn make_room(&mut self) {
        self.spare_fds.clear();
    }

    /// Opens the spare descriptors, as many as can be had.
    pub(super) fn keep_room(&mut self) {
        while self.spare_fds.len() < SPARE_DESCRIPTORS
            && let Ok(fd) = self.listener.try_clone()
        {
            self.spare_fds.push(fd);
        }
    }
}
