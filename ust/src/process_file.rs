//! The process file: who this process is, and the log of its event classes.
//!
//! See [`ust_core::abi`] for the layout. It has one writer at a time, the thread that holds the registry, and readers
//! in another process. A forked child makes a file of its own, with a copy of its parent's log.
//!
//! If a channel's rings are to outlive both sides (`--shm-path`), the memfd has a *mirror* beside them: a file with a
//! name that stores everything once more, so that `ust recover` can read those rings (see [`mirror`](crate::mirror)).
#![allow(unsafe_code)]

use crate::lockfree::Announced64;
use crate::mirror::{Mirror, Mirrors};
use crate::program;
use core::mem::ManuallyDrop;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open, stat};
use rustix::io::{self, Errno};
use rustix::rand::{GetRandomFlags, getrandom};
use ust_core::abi::{
    CLASS_LOG_OFFSET, ClassEntry, PAGE_BYTES, PROCESS_FILE_MEMFD, PROGRAM_OFFSET, ProcessHeader,
    Program, ShmPath, SlotLosses, process_file_bytes,
};
use ust_core::clock::{realtime_less_monotonic_ns, realtime_ns};
use ust_core::shm::out_of_the_way::out_of_the_way;
use ust_core::shm::{Mapping, memfd, named, private};
use ust_core::sync::{AtomicU32, AtomicU64, Ordering};

/// The process file, mapped.
#[derive(Debug)]
pub struct ProcessFile {
    /// Identity of the process: random, so it never repeats.
    pub uid: [u8; 16],
    map: Mapping,
    fd: ManuallyDrop<OwnedFd>,
    identity: (u64, u64),
    /// The length of the log, and how many classes have a number. In private memory, so that a forked child finds the
    /// parent's state at the fork; the file itself goes on with the parent.
    log_bytes: Announced64,
    numbered: AtomicU32,
    /// By channel slot.
    mirrors: Mirrors,
}

impl ProcessFile {
    /// Creates the calling process's file, with an empty log. Allocates nothing.
    ///
    /// # Errors
    /// The kernel gives no descriptor or no memory; `FBIG`: the file size limit is below even the shortest process
    /// file.
    pub fn create() -> io::Result<Self> {
        let file_bytes = process_file_bytes(memfd::size_limit_bytes()).ok_or(Errno::FBIG)?;
        let fd = out_of_the_way(memfd::create(PROCESS_FILE_MEMFD, file_bytes)?);
        let identity = memfd::identity(&fd)?;
        let map = Mapping::new(&fd, file_bytes)?;
        let mut uid = [0; 16];
        getrandom(&mut uid, GetRandomFlags::empty())?;
        map.populate(0, PAGE_BYTES)?;
        let pid = rustix::process::getpid().as_raw_nonzero().get() as u32;
        let mut header = ProcessHeader::new(pid, uid, realtime_ns(), procname());
        header.file_bytes = file_bytes as u64;
        header.time_namespace = time_namespace();
        header.realtime_less_monotonic_ns = AtomicU64::new(realtime_less_monotonic_ns());
        map.initialise(0, header).ok_or(Errno::INVAL)?;
        // SAFETY: it lies within the first page, aligned; nobody else has the file yet.
        program::describe(unsafe { &mut *map.base().add(PROGRAM_OFFSET).cast::<Program>() });
        let (log_bytes, numbered) = (Announced64::nothing(), AtomicU32::new(0));
        let fd = ManuallyDrop::new(fd);
        Ok(Self { uid, map, fd, identity, log_bytes, numbered, mirrors: Mirrors::new() })
    }

    /// Creates the file of a forked child: its own identity, and its parent's log as it was at the fork. Allocates
    /// nothing.
    ///
    /// # Errors
    /// As for [`create`](Self::create).
    pub fn create_after_fork(parent: &ProcessFile) -> io::Result<Self> {
        let child = Self::create()?;
        let log_bytes = parent.log_bytes.get() as usize;
        if log_bytes > child.log_capacity_bytes() {
            // The parent's file size limit may be higher than the child's.
            return Err(Errno::FBIG);
        }
        child.map.populate(CLASS_LOG_OFFSET, log_bytes)?;
        // SAFETY: both mappings have that many bytes at that offset. Nobody else uses the child's yet, and a parent
        // that appends meanwhile does so behind these bytes.
        unsafe {
            let from = parent.map.base().add(CLASS_LOG_OFFSET);
            from.copy_to_nonoverlapping(child.map.base().add(CLASS_LOG_OFFSET), log_bytes);
        }
        child.forget_numbers_from(parent.numbered.load(Ordering::Relaxed), log_bytes);
        child.header().ok_or(Errno::INVAL)?.raise_log(log_bytes as u64);
        child.log_bytes.set(log_bytes as u64);
        Ok(child)
    }

    /// Clears the numbers that the parent assigned after the fork: the child will give them to other classes.
    fn forget_numbers_from(&self, first: u32, log_bytes: usize) {
        let mut at = 0;
        while at + size_of::<ClassEntry>() <= log_bytes {
            let Some(entry) = self.map.at::<ClassEntry>(CLASS_LOG_OFFSET + at) else { break };
            if entry.class_id.load(Ordering::Relaxed) > first {
                entry.class_id.store(0, Ordering::Relaxed);
            }
            at += (size_of::<ClassEntry>() + entry.body_bytes as usize).next_multiple_of(4);
        }
        self.numbered.store(first, Ordering::Relaxed);
    }

    fn header(&self) -> Option<&ProcessHeader> {
        self.map.at(0)
    }

    fn log_capacity_bytes(&self) -> usize {
        self.map.len() - CLASS_LOG_OFFSET
    }

    /// Stores anew how this process's clocks relate: the wall clock may have been set since.
    pub fn tell_clocks(&self) {
        if let Some(header) = self.header() {
            // Relaxed: nothing else depends on this word.
            header
                .realtime_less_monotonic_ns
                .store(realtime_less_monotonic_ns(), Ordering::Relaxed);
        }
    }

    /// Counts classes that are not in the log: the log has no room for them, or they are beyond the bounds of a class.
    pub fn leave_out(&self, classes: u32) {
        if let Some(header) = self.header() {
            header.classes_left_out.fetch_add(classes, Ordering::Relaxed);
        }
    }

    /// Appends an event class, by its body (see [`ClassBody`](ust_core::protocol::ClassBody)), and returns its entry's
    /// offset in the file. `None` if the log is full, which is counted, or if there is no memory.
    pub fn log_class(&self, body: &[u8]) -> Option<usize> {
        let start = self.log_bytes.get() as usize;
        let entry_bytes = (size_of::<ClassEntry>() + body.len()).next_multiple_of(4);
        let end = start + entry_bytes;
        if end > self.log_capacity_bytes() {
            self.leave_out(1);
            return None;
        }
        append_to(&self.map, start, end, body)?;
        for mirror in self.mirrors.all().filter(|mirror| mirror.holds(start)) {
            if append_to(&mirror.map, start, end, body).is_some() {
                mirror.note_held(end);
            }
        }
        self.log_bytes.set(end as u64);
        Some(CLASS_LOG_OFFSET + start)
    }

    /// Stores which number the records of a logged class carry.
    pub fn assign_class_id(&self, entry_offset: usize, class_id: u32) {
        let start = entry_offset - CLASS_LOG_OFFSET;
        let mirrors = self.mirrors.all().filter(|mirror| mirror.holds_entry(start));
        for map in core::iter::once(&self.map).chain(mirrors.map(|mirror| &mirror.map)) {
            if let Some(entry) = map.at::<ClassEntry>(entry_offset) {
                entry.assign(class_id);
            }
        }
        // Numbers are assigned in order.
        self.numbered.store(class_id + 1, Ordering::Relaxed);
    }

    /// Begins to count the losses of a channel that has taken a slot.
    pub fn begin_losses(&self, slot: usize, channel_uid: u64) {
        self.losses(slot).for_each(|losses| losses.begin(channel_uid));
    }

    /// Counts an event of the channel in `slot` for which no stream could be had, by `reason`.
    pub fn count_lost(&self, slot: usize, reason: Errno) {
        self.losses(slot).for_each(|losses| losses.count(reason.raw_os_error()));
    }

    /// Gives the slot of a new channel the mirror in the channel's directory. It gets none if it has no directory, or
    /// if no mirror can be had: then its rings are recorded as usual, but cannot be recovered. The caller holds the
    /// registry, or nobody else has seen this file. Allocates nothing.
    pub fn set_mirror(&self, slot: usize, dir: Option<ShmPath>) {
        let mirror = dir.and_then(|dir| self.mirrors.of(dir).or_else(|| self.create_mirror(dir)));
        self.mirrors.set(slot, mirror);
    }

    /// Removes the slot's mirror, because its channel is about to be freed. Returns the mirror, to be freed after the
    /// channel, unless another channel has the same directory. The caller holds the registry.
    pub fn take_mirror(&self, slot: usize) -> Option<&'static Mirror> {
        self.mirrors.take(slot)
    }

    /// Removes the mirror's name, if the file will never be used.
    pub fn remove_mirror(&self, dir: ShmPath) {
        named::remove(dir, dir.process_file(self.uid).file_name());
    }

    fn create_mirror(&self, dir: ShmPath) -> Option<&'static Mirror> {
        let name = dir.process_file(self.uid);
        let own_dir = named::open_directory(dir).ok()?;
        let fd = named::create(&own_dir, name.file_name(), self.map.len()).ok()?;
        let map = Mapping::new(&fd, self.map.len()).ok();
        let whole = map.filter(|map| self.copy_to(map).is_some());
        let held_bytes = self.log_bytes.get();
        let placed = whole.and_then(|map| private::place(Mirror::new(map, dir, held_bytes)).ok());
        if placed.is_none() {
            own_dir.remove(name.file_name());
        }
        placed
    }

    fn copy_to(&self, mirror: &Mapping) -> Option<()> {
        let header = self.header()?;
        let log_bytes = self.log_bytes.get() as usize;
        mirror.populate(0, CLASS_LOG_OFFSET + log_bytes).ok()?;
        let ProcessHeader { pid, process_uid, created_realtime_ns, procname, .. } = *header;
        let mut copy = ProcessHeader::new(pid, process_uid, created_realtime_ns, procname);
        copy.file_bytes = header.file_bytes;
        copy.time_namespace = header.time_namespace;
        let clocks = header.realtime_less_monotonic_ns.load(Ordering::Relaxed);
        copy.realtime_less_monotonic_ns = AtomicU64::new(clocks);
        copy.raise_log(log_bytes as u64);
        // SAFETY: both have that many bytes there; ours change only while the registry is held.
        unsafe {
            let from = self.map.base().add(CLASS_LOG_OFFSET);
            from.copy_to_nonoverlapping(mirror.base().add(CLASS_LOG_OFFSET), log_bytes);
        }
        mirror.initialise(0, copy)?;
        // SAFETY: both have a whole first page, and nobody changes this part of it.
        unsafe {
            let from = self.map.base().add(PROGRAM_OFFSET);
            from.copy_to_nonoverlapping(mirror.base().add(PROGRAM_OFFSET), size_of::<Program>());
        }
        Some(())
    }

    /// The counters of the losses of the channel in `slot`.
    fn losses(&self, slot: usize) -> impl Iterator<Item = &SlotLosses> {
        let maps: [Option<&Mapping>; 2] =
            [Some(&self.map), self.mirrors.at(slot).map(|mirror| &mirror.map)];
        let headers = maps.into_iter().flatten().filter_map(|map| map.at::<ProcessHeader>(0));
        headers.map(move |header| &header.losses[slot])
    }

    /// Counts the same for a forked child without a file of its own, as long as the slot is still that channel's.
    pub fn count_lost_of(&self, slot: usize, channel_uid: u64, reason: Errno) {
        self.losses(slot).for_each(|losses| losses.count_of(channel_uid, reason.raw_os_error()));
    }

    /// Notes that a child is being forked. The child counts its losses here until it has a file of its own.
    pub fn add_heir(&self) {
        if let Some(header) = self.header() {
            header.heirs.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The child has a file of its own, and does not count here any more.
    pub fn remove_heir(&self) {
        if let Some(header) = self.header() {
            // Adds -1.
            header.heirs.fetch_add(u32::MAX, Ordering::Relaxed);
        }
    }

    /// In a forked child: closes the descriptor, which is the parent's file's. The mapping stays.
    pub fn close_descriptor(&self) {
        if let Some(fd) = self.descriptor() {
            // SAFETY: still our own descriptor. It is not used again: its identity no longer matches.
            unsafe { memfd::close(fd.as_raw_fd()) };
        }
    }

    /// The descriptor, if it still is this file's (see `RingFile::descriptor`).
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        (memfd::identity(&*self.fd) == Ok(self.identity)).then(|| self.fd.as_fd())
    }
}

impl Drop for ProcessFile {
    fn drop(&mut self) {
        self.close_descriptor();
    }
}

/// Writes an entry from `start` to `end` of the log, which has that much room. `None` if there is no memory.
fn append_to(map: &Mapping, start: usize, end: usize, body: &[u8]) -> Option<()> {
    let header = map.at::<ProcessHeader>(0)?;
    if header.own_log_bytes() != start as u64 {
        // A mirror that had no room for an earlier entry.
        return None;
    }
    let offset = CLASS_LOG_OFFSET + start;
    let first_page = offset / PAGE_BYTES * PAGE_BYTES;
    map.populate(first_page, CLASS_LOG_OFFSET + end - first_page).ok()?;
    map.initialise(offset, ClassEntry::new(body.len() as u32))?;
    // SAFETY: `end` is within the log, and readers look no further than `log_bytes`.
    unsafe {
        let to = map.base().add(offset + size_of::<ClassEntry>());
        body.as_ptr().copy_to_nonoverlapping(to, body.len());
    }
    header.raise_log(end as u64);
    Some(())
}

/// Inode of this process's time namespace; 0 without `/proc`. Allocates nothing.
fn time_namespace() -> u64 {
    stat(c"/proc/self/ns/time").map_or(0, |stat| stat.st_ino)
}

/// The process's name as the kernel has it: the first thread's name, whichever thread asks. Allocates nothing.
pub fn procname() -> [u8; 16] {
    let mut name = [0u8; 16];
    let comm = open(c"/proc/self/comm", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let read = comm.and_then(|comm| rustix::io::read(comm, &mut name)).unwrap_or(0);
    if read == 0 {
        // Without /proc: the calling thread's name.
        // SAFETY: the kernel writes at most 16 bytes.
        unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    }
    name.map(|byte| if byte == b'\n' { 0 } else { byte })
}
