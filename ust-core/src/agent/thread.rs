//! The agent: the one thread that listens to the daemon, and sleeps.
//!
//! ```text
//!            +------------------- connection ends: everything off ----------------+
//!            v                                                                    |
//!   connect to agent.sock --ok--> Hello --> Welcome: doorbell --> Rules: apply, Applied
//!            |                                                      ^         |
//!            no daemon: wait on the wake word                       '---------'
//!            short of something, or shut out: pause, and the rules stay as they are
//! ```
//!
//! It blocks every signal but glibc's own two (without them `setuid` would wait for ever), and has a
//! descriptor table of its own: a program that closes everything it does not know leaves its connection
//! alone, and does not find strange numbers taken.
//!
//! **A fork leaves nothing behind.** The child has the agent's memory and no agent. So the agent holds nothing of the heap
//! while it sleeps but what a static leads to ([`held`]), and while it works with more
//! a fork waits for it ([`session::between_forks`]). A child that looks for leaks finds none of ours.
#![allow(unsafe_code)]

use super::paths::{RuntimeDir, WAKE};
use super::protocol::{Lack, MAX_MESSAGE_BYTES, Rules, ToDaemon, ToProcess, decode, encode_into};
use super::socket::{self, Inbox};
use super::{MeetingPlace, handover, held, meeting_place, reach};
use crate::session;
use crate::session::fork::{self, Origin};
use crate::shm::doorbell::{self, DOORBELL_BYTES, Doorbell};
use crate::shm::standard::clear_of_standard;
use crate::shm::{Mapping, memfd, private};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::io::{self, Errno};
use rustix::net::{RecvFlags, SendFlags};
use rustix::thread::futex;
use std::os::raw::c_void;
use std::time::Duration;

/// Stack of the agent, in bytes: its own frames are shallow, the program's thread-locals may not be.
const STACK_BYTES: usize = 256 << 10;

/// What a turn of the agent's work allocates, in bytes: a message, and what it says once more.
const WORK_BYTES: usize = 2 * MAX_MESSAGE_BYTES;

/// Between looks for memory while a daemon may be waiting.
const SHORTAGE_PAUSE: Duration = Duration::from_millis(100);

/// While there is no daemon: between looks whether the wake word still is the one that a daemon would change.
const LOOK_AROUND_INTERVAL: Duration = Duration::from_secs(60);

/// Starts the agent. Without one the process keeps the rules that it has.
///
/// # Errors
/// No memory, or no processes left.
pub fn start() -> io::Result<()> {
    // SAFETY: plain data and valid pointers; `run` takes no argument and never unwinds.
    unsafe {
        let mut all = core::mem::zeroed();
        let mut mask = core::mem::zeroed();
        super::fill_with_asynchronous(&mut all);
        // The new thread inherits the mask; blocking in the thread itself would be too late.
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut mask);
        let mut attributes = core::mem::zeroed();
        libc::pthread_attr_init(&mut attributes);
        libc::pthread_attr_setdetachstate(&mut attributes, libc::PTHREAD_CREATE_DETACHED);
        libc::pthread_attr_setstacksize(&mut attributes, STACK_BYTES);
        let mut thread = core::mem::zeroed();
        let errno = libc::pthread_create(&mut thread, &attributes, run, core::ptr::null_mut());
        libc::pthread_attr_destroy(&mut attributes);
        libc::pthread_sigmask(libc::SIG_SETMASK, &mask, core::ptr::null_mut());
        if errno == 0 { Ok(()) } else { Err(Errno::from_raw_os_error(errno)) }
    }
}

extern "C" fn run(_: *mut c_void) -> *mut c_void {
    // A panic must not take the traced program with it; the process then goes on without an agent.
    let _ = std::panic::catch_unwind(|| {
        let _ = rustix::thread::set_name(c"ust-agent");
        held::hold_own_thread();
        // First of all: what is opened from here on takes no number of the program's.
        let table = leave_descriptors_behind();
        become_traced();
        let Some(place) = meeting_place() else { return };
        wait_for_memory();
        let inbox = held::inbox();
        let Some(mut wake) = open_wake_word(&place.dir, table) else { return };
        let mut pauses = Pauses::default();
        loop {
            let seen = wake.value();
            wait_for_memory();
            match serve(place, table, inbox) {
                Served::ToTheEnd => {
                    pauses = Pauses::default();
                    // The daemon may have made its directory anew: the next one wakes by the word in that.
                    if let Some(present) =
                        session::between_forks(|| WakeWord::open(&place.dir, table))
                    {
                        wake = present;
                    }
                }
                Served::Hindered => pauses.next(),
                Served::Nobody => {
                    // The published rules were a dead daemon's, or that of one which has just gone.
                    session::forget_rules();
                    if wake.wait(seen) == Waited::InVain
                        && let Some(other) =
                            session::between_forks(|| WakeWord::open(&place.dir, table))
                    {
                        wake = other;
                    }
                }
            }
        }
    });
    core::ptr::null_mut()
}

/// In a forked child that has no process file, and so counts its events in its parent's: tries until it has one.
fn become_traced() {
    let introduce = |file: &session::ProcessFile| handover::introduce_child(file, Origin::Any);
    let mut pauses = Pauses::default();
    while fork::ensure_current(Origin::Any, introduce).is_err() {
        pauses.next();
    }
}

/// A failed allocation here would abort the program, which may well bear its own: work is begun when there is
/// memory for it. The program may take that meanwhile; a try is all that an allocator offers.
fn wait_for_memory() {
    let is_there = || {
        let mut bytes = Vec::<u8>::new();
        let tried = bytes.try_reserve_exact(WORK_BYTES);
        // Looked at, or the compiler leaves the allocation out and calls it a success.
        core::hint::black_box(&bytes);
        tried.is_ok()
    };
    while !session::between_forks(is_there) {
        std::thread::sleep(SHORTAGE_PAUSE);
    }
}

/// Without it there is no agent, so a shortage that passes is waited for; a directory that cannot be used stays so.
fn open_wake_word(dir: &RuntimeDir, table: Table) -> Option<WakeWord> {
    let mut pauses = Pauses::default();
    loop {
        match session::between_forks(|| WakeWord::open(dir, table)) {
            None if !pauses.are_longest() => pauses.next(),
            wake => return wake,
        }
    }
}

/// Between tries of what is short now: ever longer, as the shortage may be one that stays.
struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { next: Duration::from_millis(10) }
    }
}

impl Pauses {
    const LONGEST: Duration = Duration::from_secs(60);

    fn next(&mut self) {
        std::thread::sleep(self.next);
        self.next = (2 * self.next).min(Self::LONGEST);
    }

    fn are_longest(&self) -> bool {
        self.next == Self::LONGEST
    }
}

/// What came of looking for a daemon.
enum Served {
    /// There was one, and its connection has ended.
    ToTheEnd,
    /// There was none, or none that speaks as we do: connecting again would end the same way, until another comes.
    Nobody,
    /// It cannot be reached (see [`reach`]), or something is short: that says nothing about the daemon, and the rules
    /// stay.
    Hindered,
}

/// Serves one connection to its end.
fn serve(place: &MeetingPlace, table: Table, inbox: &mut Inbox) -> Served {
    let connect = || socket::connect_placed(&place.agent_socket, true, |fd| table.place(fd));
    let connection = match connect() {
        Ok(connection) => connection,
        Err(errno) if reach::is_absence(errno, &place.dir) => return Served::Nobody,
        Err(_) => return Served::Hindered,
    };
    reach::note_directory(&place.dir);
    let mut served = Served::Nobody;
    let _ = converse(place, table, &connection, inbox, &mut served);
    doorbell::install(None);
    if !matches!(served, Served::Hindered) {
        session::forget_rules();
    }
    served
}

/// Until the connection ends, or says what no daemon says. Keeps `served` up to date.
fn converse(
    place: &MeetingPlace,
    table: Table,
    connection: &OwnedFd,
    inbox: &mut Inbox,
    served: &mut Served,
) -> Option<()> {
    let process = match session::process_or_create() {
        Ok(process) => process,
        Err(reason) => {
            let _ = say(connection, &handover::lacking(Lack::ProcessFile, reason), &[]);
            *served = Served::Hindered;
            return None;
        }
    };
    process.tell_clocks();
    let own_file = process.descriptor();
    say(connection, &ToDaemon::Hello { process_uid: process.uid }, own_file.as_slice())?;
    loop {
        feed_until_heard(connection);
        wait_until_heard(connection);
        wait_for_memory();
        let mut goes_on = false;
        // There is a process file: it cannot fail.
        let applied = session::apply(|| {
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

/// Notes the runtime directory if it is another by now and a daemon answers there: this one has made it anew, and says its
/// rules once more when it has. In another root directory nobody answers, and what was noted stays.
fn keep_directory_noted(place: &MeetingPlace, table: Table) {
    let answers =
        || socket::connect_placed(&place.agent_socket, true, |fd| table.place(fd)).is_ok();
    if !reach::is_where_it_was(&place.dir) && answers() {
        reach::note_directory(&place.dir);
    }
}

/// Sends a message from a buffer of its own: nothing is allocated.
fn say(connection: &OwnedFd, message: &ToDaemon, fds: &[BorrowedFd<'_>]) -> Option<()> {
    let mut buffer = [0; 64];
    socket::send(connection, encode_into(&mut buffer, message)?, fds, SendFlags::empty()).ok()
}

/// Receives what is there: rules are returned, anything else is done. `None`: the connection has ended, or said what no
/// daemon says, or what cannot be done. Keeps `served` up to date.
fn hear(connection: &OwnedFd, inbox: &mut Inbox, served: &mut Served) -> Option<Option<Rules>> {
    let received = match socket::receive(connection, RecvFlags::DONTWAIT, inbox) {
        // The registry is held meanwhile: nothing here may wait.
        Err(Errno::AGAIN | Errno::INTR) => return Some(None),
        received => received.ok()?,
    };
    match decode(received.untrusted_bytes)? {
        ToProcess::Welcome => {
            // A message whose descriptor there is no number for comes without it.
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

/// Waits until the daemon has said something. Where the kernel refuses to wait (a program may lower its limit of
/// descriptors to none), looks now and then.
fn wait_until_heard(connection: &OwnedFd) {
    loop {
        match poll(&mut [PollFd::new(connection, PollFlags::IN)], None) {
            Err(Errno::INTR) => {}
            Ok(_) => return,
            Err(_) => return std::thread::sleep(SHORTAGE_PAUSE),
        }
    }
}

/// While a channel has no memory, tries again to get it some; until the daemon says something, if it does.
fn feed_until_heard(connection: &OwnedFd) {
    let pause = Timespec { tv_sec: 0, tv_nsec: SHORTAGE_PAUSE.as_nanos() as _ };
    while session::is_starved() {
        match poll(&mut [PollFd::new(connection, PollFlags::IN)], Some(&pause)) {
            Ok(0) | Err(Errno::INTR) => session::feed(),
            _ => return,
        }
    }
}

/// Maps the daemon's doorbell, for good: a page for each daemon that this process has ever seen.
fn map_doorbell(fd: &OwnedFd) -> Option<&'static Doorbell> {
    if memfd::check(fd).ok()? < DOORBELL_BYTES {
        return None;
    }
    let map = Mapping::new(fd, DOORBELL_BYTES).ok()?;
    // Writers ring without asking whether there is memory.
    map.populate(0, DOORBELL_BYTES).ok()?;
    private::place(map).ok()?.at(0)
}

/// Whose descriptor table the agent uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Table {
    /// Its own, in which every number is free: a process with a limit of four descriptors, all taken, can still
    /// introduce itself.
    Own,
    /// The program's.
    Program,
}

impl Table {
    /// The descriptor, under a number that it may have.
    fn place(self, fd: OwnedFd) -> io::Result<OwnedFd> {
        match self {
            Table::Own => Ok(fd),
            Table::Program => clear_of_standard(fd),
        }
    }
}

/// A descriptor table of our own, with nothing in it but the process file, if it can be had.
fn leave_descriptors_behind() -> Table {
    let process = session::process().and_then(|process| process.descriptor());
    let keep = process.map(|fd| fd.as_raw_fd() as u32);
    // SAFETY: system calls on this thread's own table; if the first fails, the second is not made.
    unsafe {
        if libc::unshare(libc::CLONE_FILES) != 0 {
            return Table::Program;
        }
        let behind = keep.map_or(0, |fd| fd + 1);
        if let Some(last) = keep.and_then(|fd| fd.checked_sub(1)) {
            libc::syscall(libc::SYS_close_range, 0, last, 0);
        }
        libc::syscall(libc::SYS_close_range, behind, u32::MAX, 0);
    }
    Table::Own
}

/// How a wait for a daemon ended.
#[derive(Debug, PartialEq, Eq)]
enum Waited {
    /// One has come, or something like it.
    ForADaemon,
    /// None has; or it could not be told by this word.
    InVain,
}

/// The word in the runtime directory that a daemon changes when it comes.
///
/// It may be that of a directory which has been removed since, and made anew by a daemon that cannot wake by it: so
/// the word is looked up again once in a while.
///
///
/// It is compared by the kernel and read by `pread`, never loaded: a file can be truncated by whoever may
/// write to it, and a load beyond its end would be a SIGBUS.
struct WakeWord {
    fd: OwnedFd,
    map: Mapping,
}

impl WakeWord {
    fn open(dir: &RuntimeDir, table: Table) -> Option<Self> {
        // Never one in another root directory.
        if !reach::is_where_it_was(dir) {
            return None;
        }
        let fd = dir.create().ok()?.open_file(WAKE, OFlags::RDWR | OFlags::CREATE).ok()?;
        let fd = table.place(fd).ok()?;
        memfd::set_size(&fd, size_of::<u32>()).ok()?;
        let map = Mapping::new(fd.as_fd(), size_of::<u32>()).ok()?;
        Some(Self { fd, map })
    }

    fn value(&self) -> u32 {
        let mut bytes = [0; 4];
        let _ = rustix::io::pread(&self.fd, &mut bytes, 0);
        u32::from_ne_bytes(bytes)
    }

    fn wait(&self, seen: u32) -> Waited {
        let word = self.map.base().cast::<crate::sync::AtomicU32>();
        // SAFETY: mapped as long as `self`; the reference is only handed to the kernel, which reports a
        // page that is not there as an error.
        let word = unsafe { &*word };
        let timeout = Timespec { tv_sec: LOOK_AROUND_INTERVAL.as_secs() as _, tv_nsec: 0 };
        match futex::wait(word.futex(), futex::Flags::empty(), seen, Some(&timeout)) {
            Err(Errno::FAULT) => {
                // Somebody truncated it. Looking once in a while is all that is left.
                std::thread::sleep(Duration::from_secs(1));
                Waited::InVain
            }
            Err(Errno::TIMEDOUT) => Waited::InVain,
            _ => Waited::ForADaemon,
        }
    }
}
