//! The server: the control socket and its connections. Never blocks, whatever clients do.
//!
//! ```text
//!   a connection:   Reading ---- a whole line ----> Waiting ---- reply() ----> Writing ---> closed
//!                      \--- no request: refusal ------------------------------>/
//! ```
//!
//! One descriptor stands for all of it: an epoll instance. It is readable when a connection has something to do (or
//! when one that is Writing has room again), and goes into the daemon's loop.
//!
//! A client that sends nothing, or does not read its answer, costs a descriptor. One descriptor is kept for the next
//! client, for the case that others have used up all. There are at most [`MAX_CONTROL_CONNECTIONS`]. One more, or a
//! lack of descriptors, closes the oldest connection that is not Waiting, of the process that has most.

use super::protocol::{self, Answer, MAX_REQUEST_BYTES, Refusal, Request};
use crate::advice::{Attempt, why};
use crate::cause::Cause;
use crate::limits::{
    CONTROL_BACKLOG, MAX_CONTROL_ACCEPTS, MAX_CONTROL_CONNECTIONS,
    MAX_CONTROL_CONNECTIONS_OF_PROCESS, MAX_UNREAD_ANSWER_BYTES,
};
use crate::peer::Peer;
use crate::place::Place;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::SocketType;
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;
use std::time::Duration;
use ust_core::paths::CONTROL_SOCKET;

/// Epoll's name for the listening socket; connections are numbered from 1.
const LISTENER: u64 = 0;

/// A connection's identity, valid while it is open and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientId(pub(super) u64);

/// The control socket and its connections.
#[derive(Debug)]
pub struct ControlServer {
    epoll: OwnedFd,
    listener: UnixListener,
    /// Ordered by when they came.
    connections: BTreeMap<ClientId, Connection>,
    last_id: u64,
    /// Clients that went away before they had their answer, since the last look.
    gone: Vec<ClientId>,
    /// A descriptor kept in reserve; only its number matters.
    spare_fd: Option<OwnedFd>,
    /// Clients cannot be accepted, and the log says so.
    is_refusing: bool,
}

#[derive(Debug)]
struct Connection {
    socket: UnixStream,
    /// The client's process id.
    pid: i32,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading(Vec<u8>),
    Waiting,
    Writing { line: Rc<[u8]>, written_bytes: usize },
}

impl ControlServer {
    /// Listens in the runtime directory, which is this daemon's.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn bind(place: &mut Place) -> io::Result<Self> {
        let listener = place.listen(CONTROL_SOCKET, SocketType::STREAM, CONTROL_BACKLOG)?;
        let listener = UnixListener::from(listener);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            listener,
            connections: BTreeMap::new(),
            last_id: LISTENER,
            gone: Vec::new(),
            spare_fd: None,
            is_refusing: false,
        })
    }

    /// Listens at the new socket, after the old one had to be made anew. Clients that are connected stay.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn listen_at(&mut self, listener: OwnedFd) -> io::Result<()> {
        let data = epoll::EventData::new_u64(LISTENER);
        epoll::add(&self.epoll, &listener, data, epoll::EventFlags::IN)?;
        epoll::delete(&self.epoll, &self.listener)?;
        self.listener = listener.into();
        Ok(())
    }

    /// Readable when [`turn`](Self::turn) has something to do.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }

    /// Accepts, reads and writes what is possible without waiting; returns the requests that are complete. Each of them
    /// needs one [`reply`](Self::reply).
    pub fn turn(&mut self) -> Vec<(ClientId, Request)> {
        self.keep_room();
        let mut events = Vec::with_capacity(MAX_CONTROL_CONNECTIONS + 1);
        let no_wait = Timespec { tv_sec: 0, tv_nsec: 0 };
        if let Err(errno) = epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&no_wait)) {
            tracing::warn!("control socket: {}", why(Attempt::Own, &errno.into()));
        }
        let mut requests = Vec::new();
        for event in events {
            match event.data.u64() {
                LISTENER => self.accept_all(),
                id => self.advance(ClientId(id), event.flags, &mut requests),
            }
        }
        requests
    }

    /// The clients that went away before they had their answer, since the last call.
    pub fn take_gone(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.gone)
    }

    /// Sends the same answer to several clients, as fast as each takes it, and closes their connections. Skips clients
    /// that have gone.
    pub fn reply(&mut self, ids: &[ClientId], answer: Answer) {
        let line = protocol::answer_line(answer).or_else(|error| {
            protocol::answer_line(Err(Refusal { cause: Cause::Failed, text: error.to_string() }))
        });
        let line: Rc<[u8]> = line.unwrap_or_default().into();
        for id in ids {
            if let Some(connection) = self.connections.get_mut(id) {
                connection.state = State::Writing { line: line.clone(), written_bytes: 0 };
                self.write(*id);
            }
        }
        self.bound_unread(&line);
    }

    /// Closes connections whose answers are not read, the oldest first, while those answers together are too long. The
    /// newest answer stays, however long it is.
    fn bound_unread(&mut self, newest: &Rc<[u8]>) {
        // Several clients share one answer.
        let unread = |(id, connection): (&ClientId, &Connection)| match &connection.state {
            State::Writing { line, .. } if !Rc::ptr_eq(line, newest) => {
                Some((*id, line.len() / (Rc::strong_count(line).max(1))))
            }
            _ => None,
        };
        let unread: Vec<_> = self.connections.iter().filter_map(unread).collect();
        let mut bytes: usize = unread.iter().map(|(_, bytes)| bytes).sum();
        for (id, its_bytes) in unread {
            if bytes <= MAX_UNREAD_ANSWER_BYTES {
                return;
            }
            tracing::warn!(
                "control socket: a connection was closed, as its client does not read its answer"
            );
            self.connections.remove(&id);
            bytes -= its_bytes;
        }
    }

    /// Keeps a descriptor for the next client, if one can be had.
    fn keep_room(&mut self) {
        if self.spare_fd.is_none() {
            self.spare_fd = self.epoll.try_clone().ok();
        }
    }

    fn accept_all(&mut self) {
        for number in 0..MAX_CONTROL_ACCEPTS {
            match self.listener.accept() {
                Ok((socket, _)) => {
                    self.is_refusing = false;
                    self.add(socket);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // Out of descriptors. The kernel reports that even if no client waits any more.
                Err(_) if number > 0 => return,
                // The spare descriptor was kept for this case.
                Err(_) if self.spare_fd.take().is_some() => {
                    if let Ok((socket, _)) = self.listener.accept() {
                        self.add(socket);
                    }
                    return;
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.is_refusing, true) {
                        tracing::warn!(
                            "control socket: clients cannot be accepted: {}",
                            why(Attempt::Accept, &error)
                        );
                    }
                    // The client stays queued, and would wake the loop again at once.
                    std::thread::sleep(Duration::from_millis(1));
                    // Out of descriptors, most likely: closing an idle client may help the one that waits.
                    self.make_place();
                    return;
                }
            }
        }
    }

    fn add(&mut self, socket: UnixStream) {
        let pid = match Peer::of(&socket) {
            // Processes of other PID namespaces share the number 0.
            Ok(peer) if peer.is_ours() => peer.raw_pid(),
            Ok(peer) => {
                return tracing::warn!(
                    "control socket: user {} was turned away",
                    peer.uid.as_raw()
                );
            }
            Err(errno) => {
                return tracing::warn!(
                    "control socket: the kernel does not say who connected: {}",
                    why(Attempt::Accept, &errno.into())
                );
            }
        };
        let is_its = |connection: &Connection| connection.pid == pid;
        let has_many = |server: &Self| {
            let count = server.connections.values().filter(|it| is_its(it)).count();
            count >= MAX_CONTROL_CONNECTIONS_OF_PROCESS
        };
        if has_many(self) {
            self.close_oldest(is_its);
        }
        if has_many(self) {
            return tracing::warn!(
                "control socket: process {pid} waits for {MAX_CONTROL_CONNECTIONS_OF_PROCESS} answers; one more \
                 request was turned away"
            );
        }
        if self.connections.len() == MAX_CONTROL_CONNECTIONS {
            self.make_place();
        }
        if self.connections.len() == MAX_CONTROL_CONNECTIONS {
            return tracing::warn!(
                "control socket: {MAX_CONTROL_CONNECTIONS} clients wait; one was turned away"
            );
        }
        let id = self.last_id + 1;
        let registered = socket.set_nonblocking(true).and_then(|()| {
            let data = epoll::EventData::new_u64(id);
            epoll::add(&self.epoll, &socket, data, epoll::EventFlags::IN).map_err(io::Error::from)
        });
        match registered {
            Ok(()) => {
                self.last_id = id;
                self.connections.insert(
                    ClientId(id),
                    Connection { socket, pid, state: State::Reading(Vec::new()) },
                );
            }
            Err(error) => tracing::warn!("control socket: {}", why(Attempt::Own, &error)),
        }
    }

    /// Closes a connection of the process that has most of them: its oldest idle one, or else its oldest that waits. If
    /// each process has only one, closes the oldest idle one of all.
    fn make_place(&mut self) {
        let mut counts = BTreeMap::<i32, usize>::new();
        for connection in self.connections.values() {
            *counts.entry(connection.pid).or_default() += 1;
        }
        let greediest = counts.into_iter().filter(|(_, count)| *count > 1);
        let Some((pid, _)) = greediest.max_by_key(|(_, count)| *count) else {
            return self.close_oldest(|_| true);
        };
        let before = self.connections.len();
        self.close_oldest(|connection| connection.pid == pid);
        if self.connections.len() == before {
            let oldest = self.connections.iter().find(|(_, connection)| connection.pid == pid);
            let oldest = oldest.map(|(id, _)| *id);
            self.connections.retain(|id, _| Some(*id) != oldest);
            self.gone.extend(oldest);
        }
    }

    /// Closes the oldest of some connections, among those that do not wait for an answer.
    fn close_oldest(&mut self, is_meant: impl Fn(&Connection) -> bool) {
        let is_idle = |connection: &Connection| !matches!(connection.state, State::Waiting);
        let oldest = self
            .connections
            .iter()
            .find(|(_, connection)| is_meant(connection) && is_idle(connection))
            .map(|(id, _)| *id);
        if let Some(id) = oldest {
            self.connections.remove(&id);
        }
    }

    fn advance(
        &mut self,
        id: ClientId,
        flags: epoll::EventFlags,
        requests: &mut Vec<(ClientId, Request)>,
    ) {
        match self.connections.get(&id).map(|connection| &connection.state) {
            None => {}
            Some(State::Reading(_)) => self.read(id, requests),
            Some(State::Writing { .. }) => self.write(id),
            // The client has gone. Its change is still made, if there is room in the queue.
            Some(State::Waiting)
                if flags.intersects(epoll::EventFlags::HUP | epoll::EventFlags::ERR) =>
            {
                self.connections.remove(&id);
                self.gone.push(id);
            }
            Some(State::Waiting) => {}
        }
    }

    fn read(&mut self, id: ClientId, requests: &mut Vec<(ClientId, Request)>) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let State::Reading(untrusted_bytes) = &mut connection.state else { return };
        let mut some = [0; 4096];
        let is_ended = loop {
            match connection.socket.read(&mut some) {
                Ok(0) => break true,
                Ok(count) => untrusted_bytes.extend_from_slice(&some[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break true,
            }
            if untrusted_bytes.contains(&b'\n') || untrusted_bytes.len() > MAX_REQUEST_BYTES {
                break false;
            }
        };
        let end = untrusted_bytes.iter().position(|byte| *byte == b'\n');
        match end {
            Some(end) => match protocol::parse_request(&untrusted_bytes[..end]) {
                Ok(request) => {
                    connection.state = State::Waiting;
                    self.watch(id, epoll::EventFlags::empty());
                    requests.push((id, request));
                }
                Err(error) => self.refuse(id, error.to_string()),
            },
            None if is_ended => {
                self.connections.remove(&id);
            }
            None if untrusted_bytes.len() > MAX_REQUEST_BYTES => {
                self.refuse(id, format!("a request has at most {MAX_REQUEST_BYTES} bytes"));
            }
            None => {}
        }
    }

    fn refuse(&mut self, id: ClientId, text: String) {
        tracing::info!("control socket: refused: {text}");
        self.reply(&[id], Err(Refusal { cause: Cause::Usage, text }));
    }

    fn write(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let State::Writing { line, written_bytes } = &mut connection.state else { return };
        while *written_bytes < line.len() {
            match connection.socket.write(&line[*written_bytes..]) {
                Ok(count) => *written_bytes += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.watch(id, epoll::EventFlags::OUT);
                }
                // The client does not want the answer.
                Err(_) => break,
            }
        }
        self.connections.remove(&id);
        // Kept before others use the descriptor that is free now.
        self.keep_room();
    }

    /// Lets epoll wake for `flags`. Epoll always reports that the client has gone.
    fn watch(&mut self, id: ClientId, flags: epoll::EventFlags) {
        let Some(connection) = self.connections.get(&id) else { return };
        let data = epoll::EventData::new_u64(id.0);
        let modified: Result<(), Errno> =
            epoll::modify(&self.epoll, &connection.socket, data, flags);
        if let Err(errno) = modified {
            tracing::warn!("control socket: {}", why(Attempt::Own, &errno.into()));
            self.connections.remove(&id);
        }
    }
}
