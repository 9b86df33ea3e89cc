//! The process file: who the process is, and every event class it has.
//!
//! ```text
//!   0                2048      4096                                               file_bytes
//!   | ProcessHeader  | Program | ClassEntry | body | ClassEntry | body | ...          zero    |
//!                    '--------------- log_bytes ---------------'
//! ```
//!
//! A process with a limit on file sizes (RLIMIT_FSIZE) has a shorter file, with room for fewer classes. Both sides go
//! by `file_bytes`, which the consumer compares with the sealed size.
//!
//! A memfd, so that it outlives the process: even if the process is killed after one event, the event's class is known.
//! The log only grows. The writer raises `log_bytes`, with release, after whole entries. The body is a serialised
//! [`ClassBody`](crate::protocol::ClassBody). An entry's `class_id` is written once, when the class is first switched
//! on. So the low identifiers, which have the short record header, go to classes that are recorded.

use super::PAGE_BYTES;
use super::layout::layout;
use super::losses::SlotLosses;
use super::orderings as order;
use crate::sync::{AtomicU32, AtomicU64};
use core::ffi::CStr;

/// First eight bytes of a process file: "USTPROC" and a zero byte.
pub const PROCESS_MAGIC: u64 = u64::from_le_bytes(*b"USTPROC\0");

/// The name of a process file's memfd. `/proc/PID/maps` shows it as long as the process maps the file.
pub const PROCESS_FILE_MEMFD: &CStr = c"ust-process";

/// Bytes of a process file without a limit. The file is sparse: nearly all of it is never touched.
pub const PROCESS_FILE_BYTES: usize = 16 << 20;

/// Bytes of the shortest process file: the header, and one page of classes.
pub const MIN_PROCESS_FILE_BYTES: usize = 2 * PAGE_BYTES;

/// Where the log begins.
pub const CLASS_LOG_OFFSET: usize = PAGE_BYTES;

/// The maximum size of the log, in the longest file.
pub const CLASS_LOG_BYTES: usize = PROCESS_FILE_BYTES - CLASS_LOG_OFFSET;

/// First page of a process file.
#[repr(C)]
pub struct ProcessHeader {
    /// [`PROCESS_MAGIC`].
    pub magic: u64,
    /// [`ABI`](super::ABI).
    pub abi_version: u32,
    /// Process id, in the process's own namespace.
    pub pid: u32,
    /// Random identity: the system reuses process ids, but this never repeats.
    pub process_uid: [u8; 16],
    /// When the identity was made, in nanoseconds since the epoch.
    pub created_realtime_ns: u64,
    /// Bits of a pointer.
    pub pointer_bits: u32,
    /// Forked children without a file of their own so far. Their losses are counted in this file, so it must be kept
    /// even when the process is dead.
    pub heirs: AtomicU32,
    /// The kernel's process name, zero-padded.
    pub procname: [u8; 16],
    /// Bytes of whole entries in the log.
    pub log_bytes: AtomicU64,
    /// Bytes of this file.
    pub file_bytes: u64,
    /// Inode of the process's time namespace; 0 if the process cannot tell (no `/proc`).
    pub time_namespace: u64,
    /// `CLOCK_REALTIME` less `CLOCK_MONOTONIC` in the process, in nanoseconds, wrapping; 0 if the process does not
    /// tell. It differs between processes whose `CLOCK_MONOTONIC` differs at one moment: realtime has no namespace.
    pub realtime_less_monotonic_ns: AtomicU64,
    /// Event classes for which the log had no room, or whose description is beyond the bounds of a class. Their events
    /// are not recorded.
    pub classes_left_out: AtomicU32,
    reserved: u32,
    /// Records lost because no stream could be had, by channel slot.
    pub losses: [SlotLosses; CHANNEL_SLOTS],
}

/// The most channels that a process records into at once.
pub const CHANNEL_SLOTS: usize = 64;

/// Precedes each serialised class in the log.
#[repr(C)]
pub struct ClassEntry {
    /// Bytes of the body that follows. The next entry follows the body, at a multiple of four.
    pub body_bytes: u32,
    /// Event id plus one; 0 until the class is first switched on.
    pub class_id: AtomicU32,
}

layout!(ProcessHeader as "ProcessHeader" {
    magic @ 0,
    abi_version @ 8,
    pid @ 12,
    process_uid @ 16,
    created_realtime_ns @ 32,
    pointer_bits @ 40,
    heirs @ 44,
    procname @ 48,
    log_bytes @ 64,
    file_bytes @ 72,
    time_namespace @ 80,
    realtime_less_monotonic_ns @ 88,
    classes_left_out @ 96,
    reserved @ 100,
    losses @ 104,
} ends 1640);

layout!(ClassEntry as "ClassEntry" {
    body_bytes @ 0,
    class_id @ 4,
} ends 8);

/// Bytes of the process file if no file may be longer than `most_bytes`. `None` if that is too short for any.
pub fn process_file_bytes(most_bytes: u64) -> Option<usize> {
    let most_bytes = most_bytes.min(PROCESS_FILE_BYTES as u64) as usize;
    is_process_file_size(most_bytes / PAGE_BYTES * PAGE_BYTES)
}

/// Returns the size if a process file can have it.
pub fn is_process_file_size(bytes: usize) -> Option<usize> {
    let range = MIN_PROCESS_FILE_BYTES..=PROCESS_FILE_BYTES;
    (range.contains(&bytes) && bytes.is_multiple_of(PAGE_BYTES)).then_some(bytes)
}

impl ProcessHeader {
    /// The header of a fresh process file of [`PROCESS_FILE_BYTES`] that does not tell its clocks.
    pub fn new(
        pid: u32,
        process_uid: [u8; 16],
        created_realtime_ns: u64,
        procname: [u8; 16],
    ) -> Self {
        Self {
            magic: PROCESS_MAGIC,
            abi_version: super::ABI.to_word(),
            pid,
            process_uid,
            created_realtime_ns,
            pointer_bits: usize::BITS,
            heirs: AtomicU32::new(0),
            procname,
            log_bytes: AtomicU64::new(0),
            file_bytes: PROCESS_FILE_BYTES as u64,
            time_namespace: 0,
            realtime_less_monotonic_ns: AtomicU64::new(0),
            classes_left_out: AtomicU32::new(0),
            reserved: 0,
            losses: core::array::from_fn(|_| SlotLosses::nobodys()),
        }
    }

    /// The length of the log's whole entries, as the file says.
    pub fn log_bytes(&self) -> u64 {
        self.log_bytes.load(order::log_load())
    }

    /// The same, read by the log's writer.
    pub fn own_log_bytes(&self) -> u64 {
        self.log_bytes.load(order::own_log_load())
    }

    /// Sets the length of the log, after whole entries.
    pub fn raise_log(&self, bytes: u64) {
        self.log_bytes.store(bytes, order::log_raise());
    }
}

impl ClassEntry {
    /// The entry of a class without a number, before its body.
    pub fn new(body_bytes: u32) -> Self {
        Self { body_bytes, class_id: AtomicU32::new(0) }
    }

    /// Gives the class its number.
    pub fn assign(&self, class_id: u32) {
        self.class_id.store(class_id + 1, order::class_assign());
    }

    /// The number of the class plus one, as the entry says; 0 if it has none.
    pub fn number(&self) -> u32 {
        self.class_id.load(order::class_load())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_file_is_as_long_as_it_may_be() {
        for (most_bytes, bytes) in [
            (u64::MAX, Some(16 << 20)),
            (16 << 20, Some(16 << 20)),
            (10_240_000, Some(10_240_000)),
            (10_000_000, Some(9_998_336)),
            (8192, Some(8192)),
            (8191, None),
            (0, None),
        ] {
            assert_eq!(process_file_bytes(most_bytes), bytes, "{most_bytes}");
        }
        assert_eq!(is_process_file_size(8193), None);
    }
}
