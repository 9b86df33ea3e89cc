//! Room for one more identity: a process has as many as it may, and some of its images may be gone.
//!
//! ```text
//!   a process file that is one too many --> gone images are looked for --> none: refused
//!                                                                      '-> some: they are dying, the message waits
//!   wake: everything else that is queued is heard, they are buried --> the message is handled, and has room
//! ```
//!
//! An image is not buried before everything is heard that it may have sent (`burial`), so there is no room at once.
//! Until there is room, nothing more is heard on the connection, so messages behind the waiting one stay behind it. A
//! connection belongs to one identity, and the identity of a waiting message is not among those that are buried.

use super::connection::Waiting;
use super::resource::Resource;
use super::state::Engine;
use rustix::fd::OwnedFd;
use ust_core::protocol::ToDaemon;

impl Engine {
    /// Has a message wait if it brings a process file for which there will be room; returns one that does not wait.
    pub(super) fn hold_back(
        &mut self,
        number: u64,
        message: ToDaemon,
        fds: Vec<OwnedFd>,
    ) -> Option<(ToDaemon, Vec<OwnedFd>)> {
        let account = self.connections.get(&number)?.account.clone();
        let is_new = |uid| self.processes.get(&uid).is_none_or(|it| it.process.file.is_none());
        let is_one_too_many =
            account.has_all_identities() && identity_in(&message, &fds).is_some_and(is_new);
        if !is_one_too_many {
            return Some((message, fds));
        }
        if account.is_time_to_look() {
            self.look_for_images_of(account.number());
        }
        if !self.is_burying() {
            return Some((message, fds));
        }
        let Ok(held) = account.hold(Resource::Descriptors, fds.len() as u64) else {
            return Some((message, fds));
        };
        let connection = self.connections.get_mut(&number)?;
        connection.waiting = Some(Waiting { message, fds, _held: held });
        None
    }

    /// Handles the messages that have waited. A message for which there is still no room waits for the next burials, if
    /// any.
    pub(super) fn let_in(&mut self) {
        let waiting = self.connections.iter().filter(|(_, it)| it.waiting.is_some());
        let mut numbers: Vec<_> = waiting.map(|(number, _)| *number).collect();
        // In the order in which they connected.
        numbers.sort_unstable();
        for number in numbers {
            let connection = self.connections.get_mut(&number);
            if let Some(Waiting { message, fds, .. }) = connection.and_then(|it| it.waiting.take())
            {
                self.handle(number, message, fds);
            }
        }
    }
}

/// The identity whose process file a message brings.
fn identity_in(message: &ToDaemon, fds: &[OwnedFd]) -> Option<[u8; 16]> {
    match message {
        ToDaemon::Introduction { process_uid } | ToDaemon::Hello { process_uid } => {
            (!fds.is_empty()).then_some(*process_uid)
        }
        // The process file comes behind the ring file.
        ToDaemon::Handover { process_uid, .. } => (fds.len() > 1).then_some(*process_uid),
        _ => None,
    }
}
