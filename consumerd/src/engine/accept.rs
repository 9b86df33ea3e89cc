//! Accepts connections that wait at the agents' socket, and closes idle ones to make room for them.

use super::connection::Connection;
use super::readiness::Source;
use super::resource::Resource;
use super::state::Engine;
use crate::advice::{Attempt, why};
use crate::limits::{AGENT_BACKLOG, FEW_CONNECTIONS, MAX_ACCEPTS};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::{SocketFlags, accept_with};
use std::time::Duration;

/// How long nothing is accepted after a connection could not be accepted.
const REFUSED_PAUSE: Duration = Duration::from_millis(1);

impl Engine {
    /// Accepts every connection that is queued, and hears what each has to say.
    pub(super) fn accept_all(&mut self) {
        // One more than the backlog is what the kernel queues.
        for _ in 0..=AGENT_BACKLOG as usize / MAX_ACCEPTS {
            if self.accept_some() {
                return;
            }
        }
    }

    /// Accepts as many connections as one turn may, and hears what each has to say; returns whether there are no more.
    pub(super) fn accept_some(&mut self) -> bool {
        self.make_room();
        let is_empty = self.accept_queued();
        self.keep_room();
        is_empty
    }

    fn accept_queued(&mut self) -> bool {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        for _ in 0..MAX_ACCEPTS {
            match accept_with(&self.listener, flags) {
                Ok(socket) => {
                    self.is_refusing = false;
                    self.welcome(socket);
                }
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                Err(Errno::AGAIN) => return true,
                // Out of descriptors: closing an idle connection makes room.
                Err(_) if self.close_idle() => {}
                Err(error) => {
                    self.refuse(error);
                    // They stay queued, and would wake the loop again at once.
                    std::thread::sleep(REFUSED_PAUSE);
                    return true;
                }
            }
        }
        false
    }

    /// Says that no process can be accepted; says it once until that is over.
    fn refuse(&mut self, reason: Errno) {
        if std::mem::replace(&mut self.is_refusing, true) {
            return;
        }
        let error = format!(
            "processes could not be accepted for a while, and what they recorded may be lost: {}",
            why(Attempt::Accept, &reason.into())
        );
        self.tell(&error);
    }

    fn welcome(&mut self, socket: OwnedFd) {
        match Connection::new(socket, &mut self.ledger) {
            Ok(mut connection) => {
                let number = self.next_connection;
                let is_paid = connection.pay().is_ok()
                    || (self.close_idle_of(connection.account.number())
                        && connection.pay().is_ok());
                let source = Source::Connection(number);
                if !is_paid || self.readiness.add(connection.socket(), source).is_err() {
                    return;
                }
                self.next_connection += 1;
                self.connections.insert(number, connection);
                self.hear_some(number);
            }
            Err((who, reason)) => self.note_refusal(&who, &reason),
        }
    }

    /// Closes the oldest idle connection of the process that has most of them; returns whether there was any.
    fn close_idle(&mut self) -> bool {
        let greediest = self.ledger.greediest(Resource::Connections);
        greediest.is_some_and(|(payer, held)| held > FEW_CONNECTIONS && self.close_idle_of(payer))
    }

    /// Closes the oldest idle connection of a process (its agent's only if it has no other); returns whether there was
    /// any.
    fn close_idle_of(&mut self, payer: i32) -> bool {
        let is_idle = |it: &Connection| it.account.number() == payer && it.waiting.is_none();
        let its = self.connections.iter().filter(|(_, it)| is_idle(it));
        let oldest = its.min_by_key(|(number, it)| (it.agent_of.is_some(), **number));
        let Some(number) = oldest.map(|(number, _)| *number) else { return false };
        // What it has said already is heard first.
        self.hear_some(number);
        self.hang_up(number);
        true
    }
}
