//! The attacks: one attempt each. An attempt may fail in the middle (the daemon hangs up, its queue is full).

use super::forge::{self, Ring, Shared};
use super::scribble::{Scribbler, Victim};
use super::{Briefing, Peer, Target, noise};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, open};
use rustix::io;
use std::collections::{BTreeMap, VecDeque};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use ust_core::abi::PROCESS_FILE_BYTES;
use ust_core::protocol::{ChannelRules, OtherCopy, PREAMBLE, ToDaemon, encode};
use ust_core::shm::Mapping;
use ust_core::shm::doorbell::DOORBELL_BYTES;
use ust_core::socket::MAX_FDS;
use ust_core::sync::AtomicU32;
use ust_core::version::{Mismatch, Version};
use ust_test_support::random::Random;

/// Identities that one attacker uses in turn. Children have others.
const IDENTITIES: u64 = 16;

/// Connections that it holds open.
const MOST_IDLE: usize = 200;

/// Messages of one flood at most: until the daemon's queue is full, usually.
const FLOOD_MESSAGES: u64 = 4000;

/// A death costs a process, and a flood a queue: each is in only one of so many decks.
const RARELY: u64 = 12;

/// The argument by which the program `hostile` knows that it is a child.
pub const CHILD: &str = "child";

/// One attempt. An error says that it was cut short: the daemon refused a step before the last.
type Attack = fn(&mut Attacker) -> io::Result<()>;

/// All of them, by name.
pub const ATTACKS: [(&str, Attack); 15] = [
    ("garbage", garbage),
    ("half_valid", half_valid),
    ("wrong_descriptors", wrong_descriptors),
    ("mutated_process_file", mutated_process_file),
    ("mutated_class_log", mutated_class_log),
    ("mutated_ring_file", mutated_ring_file),
    ("ring_that_changes", ring_that_changes),
    ("ring_of_another", ring_of_another),
    ("wild_numbers", wild_numbers),
    ("flood", flood),
    ("hang_up", hang_up),
    ("silence", silence),
    ("doorbell", doorbell),
    ("control_garbage", control_garbage),
    ("death", death),
];

/// One attacker: its seed, and what it holds.
#[derive(Debug)]
pub struct Attacker {
    target: Target,
    random: Random,
    scribbler: Scribbler,
    idle: VecDeque<Peer>,
    channels: Vec<ChannelRules>,
    doorbell: Option<OwnedFd>,
    deck: Vec<(&'static str, Attack)>,
    decks: u64,
    made: BTreeMap<&'static str, Made>,
}

/// How often an attack was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Made {
    /// In all.
    pub attempts: u64,
    /// Up to its last step.
    pub whole: u64,
}

impl Attacker {
    /// One that starts at `seed`.
    pub fn new(target: Target, seed: u64) -> Self {
        Self {
            target,
            random: Random::new(seed),
            scribbler: Scribbler::start(seed),
            idle: VecDeque::new(),
            channels: Vec::new(),
            doorbell: None,
            deck: Vec::new(),
            decks: 0,
            made: BTreeMap::new(),
        }
    }

    /// Makes the next attempt: each attack is made once in a deck, in an order that the seed decides.
    pub fn attack(&mut self) {
        if self.deck.is_empty() {
            self.shuffle();
        }
        let Some((name, attack)) = self.deck.pop() else { return };
        let is_whole = attack(self).is_ok();
        let made = self.made.entry(name).or_default();
        made.attempts += 1;
        made.whole += u64::from(is_whole);
    }

    fn shuffle(&mut self) {
        let is_rare_deck = self.decks.is_multiple_of(RARELY);
        let is_in = |name: &str| is_rare_deck || !is_rare(name);
        self.deck.extend(ATTACKS.iter().filter(|(name, _)| is_in(name)));
        for last in (1..self.deck.len()).rev() {
            self.deck.swap(last, self.random.below(last as u64 + 1) as usize);
        }
        self.decks += 1;
    }

    /// Whether it has made each attack.
    pub fn has_made_all(&self) -> bool {
        self.made.len() == ATTACKS.len()
    }

    /// Introduces a process with a ring, and changes the ring by so many stores.
    pub fn die_with_a_ring(&mut self) {
        for _ in 0..3 {
            let _ = ring_that_changes(self);
        }
    }

    /// Ends it: how often it has made each attack, and how many stores.
    pub fn end(self) -> (BTreeMap<&'static str, Made>, u64) {
        (self.made, self.scribbler.end())
    }

    /// One of its identities.
    fn uid(&mut self) -> [u8; 16] {
        let number = self.random.below(IDENTITIES) as u8;
        let mut uid = [number; 16];
        uid[..4].copy_from_slice(&std::process::id().to_ne_bytes());
        uid
    }

    /// A process file with a class and its identity.
    fn process(&mut self) -> io::Result<([u8; 16], Shared)> {
        let uid = self.uid();
        let file = forge::process_file(uid, std::process::id(), "hostile")?;
        forge::add_class(&file, "tick", 1);
        Ok((uid, file))
    }

    /// Introduces a process as an agent does, and takes note of the channels.
    fn greet(&mut self) -> io::Result<(Peer, [u8; 16], Shared)> {
        let (uid, file) = self.process()?;
        let peer = self.target.connect()?;
        if let Some(Briefing { channels, doorbell }) = peer.greet(uid, &file.fd) {
            self.channels = channels;
            self.doorbell = doorbell;
        }
        Ok((peer, uid, file))
    }

    /// A ring file for a channel that there is.
    fn ring(&mut self, uid: [u8; 16], index: u32) -> Option<(u64, Ring)> {
        let channel =
            self.channels.get(self.random.below(8) as usize % self.channels.len().max(1))?;
        let ring = forge::ring_file(uid, channel, index)?;
        Some((channel.channel_uid, ring))
    }

    fn hold(&mut self, peer: Peer) {
        self.idle.push_back(peer);
        if self.idle.len() > MOST_IDLE {
            self.idle.pop_front();
        }
    }
}

/// Whether an attack is made less often than the others.
pub fn is_rare(name: &str) -> bool {
    matches!(name, "death" | "flood")
}

/// The daemon has not said which channels there are, or not handed out its doorbell.
const UNTOLD: io::Errno = io::Errno::NODATA;

fn garbage(attacker: &mut Attacker) -> io::Result<()> {
    let random = &mut attacker.random;
    let length = [0, 1, 4, 5, 64, 4096, 1 << 16, 100_000][random.below(8) as usize];
    let mut bytes = noise(random, length);
    if random.below(2) == 0 && length >= PREAMBLE.len() {
        bytes[..PREAMBLE.len()].copy_from_slice(&PREAMBLE);
    }
    attacker.target.connect()?.send(&bytes, &[])
}

fn half_valid(attacker: &mut Attacker) -> io::Result<()> {
    let (process_uid, file) = attacker.process()?;
    let random = &mut attacker.random;
    let found = Version { major: random.below(1 << 16) as u16, minor: random.below(4) as u16 };
    let mismatch = Mismatch { found, own: found };
    let message = match random.below(6) {
        0 => ToDaemon::Hello { process_uid },
        1 => ToDaemon::Introduction { process_uid },
        2 => ToDaemon::SnapshotWanted { process_uid },
        3 => ToDaemon::Apart { from: OtherCopy::Table(mismatch) },
        4 => ToDaemon::Apart { from: OtherCopy::Abi(mismatch) },
        _ => ToDaemon::Applied { generation: random.below(u64::MAX) },
    };
    let mut bytes = encode(&message);
    for _ in 0..random.below(3) {
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] = random.below(256) as u8;
    }
    bytes.truncate(1 + random.below(bytes.len() as u64) as usize);
    let more = [0, 0, 0, 7][random.below(4) as usize];
    bytes.extend(noise(random, more));
    let peer = attacker.target.connect()?;
    peer.send(&bytes, &[file.fd.as_fd()])?;
    attacker.hold(peer);
    Ok(())
}

fn wrong_descriptors(attacker: &mut Attacker) -> io::Result<()> {
    let process_uid = attacker.uid();
    let random = &mut attacker.random;
    let memfd = |flags| memfd_create(c"ust-process", MemfdFlags::CLOEXEC | flags);
    let fd = match random.below(9) {
        0 => open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?,
        1 => open("/proc/self/mem", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?,
        2 => open("/", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?,
        3 => open("/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?,
        4 => rustix::pipe::pipe()?.0,
        // Without seals, so that its size can be changed.
        5 => {
            let fd = memfd(MemfdFlags::ALLOW_SEALING)?;
            rustix::fs::ftruncate(&fd, PROCESS_FILE_BYTES as u64)?;
            fd
        }
        // Sealed, and of any size.
        6 => Shared::sealed(1 + random.below(2 * PROCESS_FILE_BYTES as u64) as usize)?.fd,
        // Sealed, and larger than any machine.
        7 => {
            let fd = memfd(MemfdFlags::ALLOW_SEALING)?;
            rustix::fs::ftruncate(&fd, (1 << 62) + random.below(1 << 40))?;
            fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW)?;
            fd
        }
        _ => {
            let fd = memfd(MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB)?;
            rustix::fs::ftruncate(&fd, PROCESS_FILE_BYTES as u64)?;
            fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW)?;
            fd
        }
    };
    let fds = [fd.as_fd(), fd.as_fd()];
    let fds = &fds[..random.below(MAX_FDS as u64 + 1) as usize];
    let channel_uid = attacker.channels.first().map_or(7, |channel| channel.channel_uid);
    let message = match random.below(3) {
        0 => ToDaemon::Hello { process_uid },
        1 => ToDaemon::Introduction { process_uid },
        _ => ToDaemon::Handover { process_uid, channel_uid, file_index: random.below(600) as u32 },
    };
    attacker.target.connect()?.say(&message, fds)
}

fn mutated_process_file(attacker: &mut Attacker) -> io::Result<()> {
    let (process_uid, file) = attacker.process()?;
    for _ in 0..1 + attacker.random.below(4) {
        let word = attacker.random.below(80) as usize;
        file.store(4 * word, attacker.random.below(1 << 32) as u32);
    }
    let peer = attacker.target.connect()?;
    peer.say(&ToDaemon::Introduction { process_uid }, &[file.fd.as_fd()])?;
    attacker.scribbler.give(Victim::Process(file));
    attacker.hold(peer);
    Ok(())
}

fn mutated_class_log(attacker: &mut Attacker) -> io::Result<()> {
    let (process_uid, file) = attacker.process()?;
    let random = &mut attacker.random;
    for number in 0..random.below(64) as u32 {
        match random.below(4) {
            0 => forge::add_class(&file, "\x1b[31mtock\n\u{202e}", number),
            1 => forge::add_class(&file, "", random.below(1 << 32) as u32),
            2 => forge::add_class(&file, &"x".repeat(random.below(8000) as usize), number),
            _ => forge::add_class_bytes(&file, &noise(random, 200), number),
        }
    }
    let peer = attacker.target.connect()?;
    peer.say(&ToDaemon::Hello { process_uid }, &[file.fd.as_fd()])?;
    let generation = attacker.random.below(1 << 62);
    (0..3).try_for_each(|_| peer.say(&ToDaemon::Applied { generation }, &[]))?;
    attacker.scribbler.give(Victim::Process(file));
    attacker.hold(peer);
    Ok(())
}

fn mutated_ring_file(attacker: &mut Attacker) -> io::Result<()> {
    let (peer, process_uid, _file) = attacker.greet()?;
    let file_index = attacker.random.below(8) as u32;
    let (channel_uid, ring) = attacker.ring(process_uid, file_index).ok_or(UNTOLD)?;
    ring.fill(0, 10);
    for _ in 0..1 + attacker.random.below(3) {
        let word = attacker.random.below(32) as usize;
        ring.file.store(4 * word, attacker.random.below(1 << 32) as u32);
    }
    let message = ToDaemon::Handover { process_uid, channel_uid, file_index };
    peer.say(&message, &[ring.file.fd.as_fd()])
}

fn ring_that_changes(attacker: &mut Attacker) -> io::Result<()> {
    let (peer, process_uid, file) = attacker.greet()?;
    let file_index = attacker.random.below(8) as u32;
    let (channel_uid, ring) = attacker.ring(process_uid, file_index).ok_or(UNTOLD)?;
    let records = attacker.random.below(2000) as usize;
    (0..2).for_each(|stream| ring.fill(stream, records));
    let message = ToDaemon::Handover { process_uid, channel_uid, file_index };
    peer.say(&message, &[ring.file.fd.as_fd(), file.fd.as_fd()])?;
    attacker.scribbler.give(Victim::Ring(ring));
    attacker.hold(peer);
    Ok(())
}

/// A process file that another process has sent before, and a ring that says that it is of yet another.
fn ring_of_another(attacker: &mut Attacker) -> io::Result<()> {
    let (peer, _, file) = attacker.greet()?;
    let (process_uid, other) = (attacker.uid(), attacker.uid());
    let (channel_uid, ring) = attacker.ring(other, 3).ok_or(UNTOLD)?;
    peer.say(&ToDaemon::Introduction { process_uid }, &[file.fd.as_fd()])?;
    let message = ToDaemon::Handover { process_uid, channel_uid, file_index: 3 };
    // Descriptors in the wrong order, too.
    peer.say(&message, &[file.fd.as_fd(), ring.file.fd.as_fd()])
}

fn wild_numbers(attacker: &mut Attacker) -> io::Result<()> {
    let (peer, process_uid, _file) = attacker.greet()?;
    let random = &mut attacker.random;
    let (channel_uid, file_index) = (random.below(u64::MAX), random.below(1 << 32) as u32);
    peer.say(&ToDaemon::Applied { generation: u64::MAX }, &[])?;
    peer.say(&ToDaemon::Handover { process_uid, channel_uid, file_index }, &[])?;
    let known = attacker.channels.first().map_or(0, |channel| channel.channel_uid);
    let message = ToDaemon::Handover { process_uid, channel_uid: known, file_index };
    peer.say(&message, &[peer.0.as_fd()])
}

fn flood(attacker: &mut Attacker) -> io::Result<()> {
    let (peer, process_uid, file) = attacker.greet()?;
    let is_hello = attacker.random.below(2) == 0;
    let message = match is_hello {
        true => ToDaemon::Hello { process_uid },
        false => ToDaemon::Applied { generation: attacker.random.below(1 << 20) },
    };
    let bytes = encode(&message);
    let fds = [file.fd.as_fd()];
    let fds = if is_hello { &fds[..] } else { &[] };
    // It does not read the answers.
    let sent = (0..FLOOD_MESSAGES).map_while(|_| peer.send(&bytes, fds).ok()).count();
    if sent > 0 { Ok(()) } else { Err(io::Errno::AGAIN) }
}

fn hang_up(attacker: &mut Attacker) -> io::Result<()> {
    let (process_uid, file) = attacker.process()?;
    let (count, speaks) = (attacker.random.below(50), attacker.random.below(2) == 0);
    for _ in 0..count {
        let peer = attacker.target.connect()?;
        if speaks {
            peer.say(&ToDaemon::Hello { process_uid }, &[file.fd.as_fd()])?;
        }
    }
    Ok(())
}

fn silence(attacker: &mut Attacker) -> io::Result<()> {
    for _ in 0..attacker.random.below(20) {
        let peer = attacker.target.connect()?;
        attacker.hold(peer);
    }
    Ok(())
}

/// Writes all over the words by which the daemon is woken, and rings without end.
fn doorbell(attacker: &mut Attacker) -> io::Result<()> {
    if attacker.doorbell.is_none() {
        attacker.greet()?;
    }
    let fd = attacker.doorbell.as_ref().ok_or(UNTOLD)?;
    let map = Mapping::new(fd, DOORBELL_BYTES)?;
    let rings = map.at::<AtomicU32>(4).ok_or(UNTOLD)?;
    for _ in 0..1000 {
        let word = attacker.random.below(1 << 32) as u32;
        rings.store(word, ust_core::sync::Ordering::Relaxed);
        let _ = rustix::thread::futex::wake(
            rings.futex(),
            rustix::thread::futex::Flags::empty(),
            i32::MAX as u32,
        );
    }
    Ok(())
}

/// Talks to the socket where `ust` gives its commands, which is not for agents.
fn control_garbage(attacker: &mut Attacker) -> io::Result<()> {
    let failed = |error: std::io::Error| io::Errno::from_io_error(&error).unwrap_or(io::Errno::IO);
    let mut socket = UnixStream::connect(attacker.target.control_socket()).map_err(failed)?;
    let length = [0, 1, 100, 5000][attacker.random.below(4) as usize];
    let mut bytes = noise(&mut attacker.random, length);
    if attacker.random.below(2) == 0 {
        bytes = b"{\"version\":4,\"request\":\"Nothing\"}\n".to_vec();
    }
    socket.write_all(&bytes).map_err(failed)?;
    if attacker.random.below(2) == 0 {
        socket.shutdown(std::net::Shutdown::Write).map_err(failed)?;
        let _ = socket.read(&mut [0; 512]);
    }
    Ok(())
}

/// A child with rings that change. It is killed or ends by itself.
fn death(attacker: &mut Attacker) -> io::Result<()> {
    let failed = |error: std::io::Error| io::Errno::from_io_error(&error).unwrap_or(io::Errno::IO);
    let dir = attacker.target.control_socket();
    let dir = dir.parent().ok_or(io::Errno::NOENT)?;
    let seed = attacker.random.below(1 << 32);
    let mut child = Command::new("/proc/self/exe")
        .arg(dir)
        .arg(seed.to_string())
        .arg(CHILD)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(failed)?;
    if attacker.random.below(2) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(attacker.random.below(40)));
        let _ = child.kill();
    }
    let _ = child.wait();
    Ok(())
}
