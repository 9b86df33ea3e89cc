//! One connection of the agent with the consumer, from `connect` to its end.
//!
//! A turn begins only when there is memory for it. Everything is allocated within such turns, and a fork waits for
//! them.

use crate::descriptor_table::Table;
use crate::handover;
use crate::instance::Runtime;
use crate::meeting_place::MeetingPlace;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use std::time::Duration;
use ust_core::protocol::{
    Lack, MAX_MESSAGE_BYTES, NotUnderstood, Rules, ToDaemon, ToProcess, decode, encode_into,
};
use ust_core::shm::doorbell::{self, DOORBELL_BYTES, Doorbell};
use ust_core::shm::{Mapping, memfd, private};
use ust_core::socket::{self, Inbox};

/// How many bytes one turn allocates: a message, and a copy of what it says.
const WORK_BYTES: usize = 2 * MAX_MESSAGE_BYTES;

/// The pause between two tries for memory while a consumer may be waiting.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(100);

/// How an attempt to serve a consumer ended.
pub(crate) enum Served {
    /// There was a consumer, and its connection has ended.
    ToTheEnd,
    /// There was no consumer, or none that speaks our protocol. Connecting again would end the same way until another
    /// one starts.
    Nobody,
    /// The consumer cannot be reached (see [`reach`](crate::reach)), or this process lacks a resource. That says
    /// nothing about the consumer, so the rules stay.
    Hindered,
}

/// Serves one connection to its end.
pub(crate) fn serve(
    runtime: &Runtime,
    place: &MeetingPlace,
    table: Table,
    inbox: &mut Inbox,
) -> Served {
    let connect = || socket::connect_placed(&place.agent_socket, true, |fd| table.place(fd));
    let connection = match connect() {
        Ok(connection) => connection,
        Err(errno) if place.is_absence(errno) => return Served::Nobody,
        Err(_) => return Served::Hindered,
    };
    place.note_directory();
    let mut served = Served::Nobody;
    let _ = converse(runtime, place, table, &connection, inbox, &mut served);
    doorbell::install(None);
    if !matches!(served, Served::Hindered) {
        runtime.forget_rules();
    }
    served
}

/// Talks until the connection ends, or until the peer breaks the protocol. Keeps `served` up to date.
fn converse(
    runtime: &Runtime,
    place: &MeetingPlace,
    table: Table,
    connection: &OwnedFd,
    inbox: &mut Inbox,
    served: &mut Served,
) -> Option<()> {
    let process = match runtime.process_or_create() {
        Ok(process) => process,
        Err(reason) => {
            let lacking = handover::lacking(runtime.process(), Lack::ProcessFile, reason);
            let _ = say(connection, &lacking, &[]);
            *served = Served::Hindered;
            return None;
        }
    };
    process.tell_clocks();
    let own_file = process.descriptor();
    say(connection, &ToDaemon::Hello { process_uid: process.uid }, own_file.as_slice())?;
    if let Some(other) = runtime.other_copy.get() {
        say(connection, &ToDaemon::Apart { from: *other }, &[])?;
    }
    loop {
        feed_until_heard(runtime, connection);
        wait_until_heard(connection);
        runtime.wait_for_memory();
        let mut goes_on = false;
        // `apply` fails only without a process file, and there is one.
        let applied = runtime.apply(&mut || {
            let rules = hear(connection, inbox, served);
            goes_on = rules.is_some();
            rules?
        });
        if !goes_on {
            return None;
        }
        keep_directory_noted(place, table);
        if let Ok(Some(generation)) = applied {
            say(connection, &ToDaemon::Applied { generation }, &[])?;
        }
    }
}

/// Notes the runtime directory anew if it is another one by now and a consumer answers there. Then this connection's
/// consumer has recreated it, and sends its rules once more afterwards. Within another root directory nobody answers,
/// and the noted directory stays.
pub(crate) fn keep_directory_noted(place: &MeetingPlace, table: Table) {
    let answers =
        || socket::connect_placed(&place.agent_socket, true, |fd| table.place(fd)).is_ok();
    if !place.noted.is_where_it_was(&place.dir) && answers() {
        place.note_directory();
    }
}

/// Sends a message from a buffer on the stack: allocates nothing.
fn say(connection: &OwnedFd, message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> Option<()> {
    let mut buffer = [0; 64];
    socket::send(connection, encode_into(&mut buffer, message)?, fds, SendFlags::empty()).ok()
}

/// Receives one message, if there is one. Returns rules; handles every other message itself. `None`: the connection has
/// ended, the peer broke the protocol, or the message cannot be acted on. Keeps `served` up to date.
fn hear(connection: &OwnedFd, inbox: &mut Inbox, served: &mut Served) -> Option<Option<Rules>> {
    let received = match socket::receive(connection, RecvFlags::DONTWAIT, inbox) {
        // The caller holds the registry: nothing here may wait.
        Err(Errno::AGAIN | Errno::INTR) => return Some(None),
        received => received.ok()?,
    };
    let message = match decode(received.untrusted_bytes) {
        Ok(message) => message,
        // A message that only a later minor version knows is ignored.
        Err(NotUnderstood::Later(_)) => return Some(None),
        Err(_) => return None,
    };
    match message {
        ToProcess::Welcome => {
            // The kernel delivers a message without its descriptor if the receiver has no free number.
            let Some(fd) = received.fds.first() else {
                *served = Served::Hindered;
                return None;
            };
            doorbell::install(map_doorbell(fd));
            Some(None)
        }
        ToProcess::Rules(rules) => {
            *served = Served::ToTheEnd;
            Some(Some(rules))
        }
    }
}

/// Waits until the consumer has said something. Polls now and then where the kernel refuses to wait (a program may
/// lower its limit of descriptors to none).
fn wait_until_heard(connection: &OwnedFd) {
    loop {
        match poll(&mut [PollFd::new(connection, PollFlags::IN)], None) {
            Err(Errno::INTR) => {}
            Ok(_) => return,
            Err(_) => return std::thread::sleep(SHORTAGE_PAUSE),
        }
    }
}

/// While a channel has no memory, tries to get it some, until the consumer says something.
fn feed_until_heard(runtime: &Runtime, connection: &OwnedFd) {
    let pause = Timespec { tv_sec: 0, tv_nsec: SHORTAGE_PAUSE.as_nanos() as _ };
    while runtime.slots.is_starved() {
        match poll(&mut [PollFd::new(connection, PollFlags::IN)], Some(&pause)) {
            Ok(0) | Err(Errno::INTR) => runtime.feed(),
            _ => return,
        }
    }
}

/// Maps the consumer's doorbell, for good. This costs a page for each consumer that the process ever sees.
fn map_doorbell(fd: &OwnedFd) -> Option<&'static Doorbell> {
    if memfd::check(fd).ok()? < DOORBELL_BYTES {
        return None;
    }
    let map = Mapping::new(fd, DOORBELL_BYTES).ok()?;
    // Writers ring without checking that the page is populated.
    map.populate(0, DOORBELL_BYTES).ok()?;
    private::place(map).ok()?.at(0)
}

impl Runtime {
    /// Waits until there is memory for a turn. A failed allocation would abort a program that may well survive its own.
    /// The program may take the memory before the turn does: an allocator offers no more than a try.
    pub(crate) fn wait_for_memory(&self) {
        let is_there = || {
            let mut bytes = Vec::<u8>::new();
            let tried = bytes.try_reserve_exact(WORK_BYTES);
            // Without the look, the compiler removes the allocation and reports success.
            core::hint::black_box(&bytes);
            tried.is_ok()
        };
        while self.between_forks(is_there) == Some(false) {
            std::thread::sleep(SHORTAGE_PAUSE);
        }
    }
}
