//! The process file: who this process is, and the log of its event classes.
//!
//! See [`crate::abi`] for the layout. One writer at a time (whoever holds the registry), readers in
//! another process; a forked child makes one of its own, as a copy of its parent's log.
#![allow(unsafe_code)]

use crate::abi::{
    CLASS_LOG_BYTES, CLASS_LOG_OFFSET, ClassEntry, PAGE_BYTES, PROCESS_FILE_BYTES, ProcessHeader,
};
use crate::agent::protocol::ClassBody;
use crate::clock::realtime_ns;
use crate::event::EventDescription;
use crate::shm::{Mapping, memfd};
use crate::sync::{AtomicU32, Ordering};
use core::mem::ManuallyDrop;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::rand::{GetRandomFlags, getrandom};

/// The process file, mapped.
#[derive(Debug)]
pub struct ProcessFile {
    /// Identity of the process: random, so that it never comes again.
    pub uid: [u8; 16],
    map: Mapping,
    fd: ManuallyDrop<OwnedFd>,
    identity: (u64, u64),
}

impl ProcessFile {
    /// Creates the file of the calling process, its log empty. Allocates nothing.
    pub fn create() -> Option<Self> {
        let fd = memfd::create(c"ust-process", PROCESS_FILE_BYTES).ok()?;
        let identity = memfd::identity(&fd).ok()?;
        let map = Mapping::new(&fd, PROCESS_FILE_BYTES).ok()?;
        let mut uid = [0; 16];
        getrandom(&mut uid, GetRandomFlags::empty()).ok()?;
        if !map.populate(0, PAGE_BYTES) {
            return None;
        }
        let pid = rustix::process::getpid().as_raw_nonzero().get() as u32;
        map.initialise(0, ProcessHeader::new(pid, uid, realtime_ns(), procname()))?;
        Some(Self { uid, map, fd: ManuallyDrop::new(fd), identity })
    }

    /// The file of a forked child: its own identity, its parent's log. Allocates nothing.
    pub fn create_after_fork(parent: &ProcessFile) -> Option<Self> {
        let child = Self::create()?;
        let log_bytes = parent.header()?.log_bytes.load(Ordering::Acquire) as usize;
        if log_bytes > CLASS_LOG_BYTES || !child.map.populate(CLASS_LOG_OFFSET, log_bytes) {
            return None;
        }
        // SAFETY: both mappings have that many bytes at that offset; the child's is nobody else's yet, and
        // the parent, if it appends meanwhile, does so behind them.
        unsafe {
            let from = parent.map.base().add(CLASS_LOG_OFFSET);
            from.copy_to_nonoverlapping(child.map.base().add(CLASS_LOG_OFFSET), log_bytes);
        }
        child.header()?.log_bytes.store(log_bytes as u64, Ordering::Release);
        Some(child)
    }

    fn header(&self) -> Option<&ProcessHeader> {
        self.map.at(0)
    }

    /// Appends an event class; returns where its entry stands. `None` if the log is full.
    pub fn log_class(&self, description: &EventDescription) -> Option<usize> {
        let body = encode_class(description);
        let header = self.header()?;
        // Ours alone to write; masked all the same, for who knows what the daemon does.
        let start = (header.log_bytes.load(Ordering::Relaxed) as usize).min(CLASS_LOG_BYTES) & !3;
        let entry_bytes = (size_of::<ClassEntry>() + body.len()).next_multiple_of(4);
        let end = start + entry_bytes;
        let offset = CLASS_LOG_OFFSET + start;
        let first_page = offset / PAGE_BYTES * PAGE_BYTES;
        let reach = CLASS_LOG_OFFSET + end - first_page;
        if end > CLASS_LOG_BYTES || !self.map.populate(first_page, reach) {
            return None;
        }
        let entry = ClassEntry { body_bytes: body.len() as u32, class_id: AtomicU32::new(0) };
        self.map.initialise(offset, entry)?;
        // SAFETY: `end` is within the log, and readers look no further than `log_bytes`.
        unsafe {
            let to = self.map.base().add(offset + size_of::<ClassEntry>());
            body.as_ptr().copy_to_nonoverlapping(to, body.len());
        }
        // Release: pairs with the daemon's acquire; the entry is whole.
        header.log_bytes.store(end as u64, Ordering::Release);
        Some(offset)
    }

    /// Says which number the records of a logged class carry.
    pub fn assign_class_id(&self, entry_offset: usize, class_id: u32) {
        if let Some(entry) = self.map.at::<ClassEntry>(entry_offset) {
            // Release: before any record that carries the number.
            entry.class_id.store(class_id + 1, Ordering::Release);
        }
    }

    /// Begins to count the losses of a channel that has taken a slot.
    pub fn begin_losses(&self, slot: usize, channel_uid: u64) {
        if let Some(header) = self.header() {
            // In this order the daemon may see a new channel with no losses, never with another's.
            header.losses[slot].no_stream.store(0, Ordering::Release);
            header.losses[slot].channel_uid.store(channel_uid, Ordering::Release);
        }
    }

    /// Counts an event of the channel in `slot` for which no stream could be had.
    pub fn count_lost(&self, slot: usize) {
        if let Some(header) = self.header() {
            header.losses[slot].no_stream.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The descriptor, if it still is this file's (see `RingFile::descriptor`).
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        (memfd::identity(&*self.fd) == Ok(self.identity)).then(|| self.fd.as_fd())
    }
}

impl Drop for ProcessFile {
    fn drop(&mut self) {
        if let Some(fd) = self.descriptor() {
            // SAFETY: still our own descriptor, and dropped only once.
            unsafe { libc::close(fd.as_raw_fd()) };
        }
    }
}

fn encode_class(description: &EventDescription) -> Vec<u8> {
    let fields = description.fields.iter().map(|field| (field.name, field.ty)).collect();
    let body = ClassBody {
        provider: description.provider,
        name: description.name,
        level: description.level as u8,
        file: description.file,
        line: description.line,
        module_path: description.module_path,
        fields,
    };
    // Serialising plain data into memory cannot fail.
    postcard::to_stdvec(&body).unwrap_or_default()
}

/// The process's name as the kernel has it: its first thread's, whichever thread asks. Allocates nothing.
fn procname() -> [u8; 16] {
    let mut name = [0u8; 16];
    let comm = open(c"/proc/self/comm", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
    let read = comm.and_then(|comm| rustix::io::read(comm, &mut name)).unwrap_or(0);
    if read == 0 {
        // No /proc: the calling thread's.
        // SAFETY: the kernel writes at most 16 bytes.
        unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
    }
    name.map(|byte| if byte == b'\n' { 0 } else { byte })
}
