//! A guard over mappings whose pages others may remove: loading a missing page must not kill the reader.
//!
//! ```text
//!   load --> page is gone --> SIGBUS --> in a guarded range?  put zeroes there and up to its end, and set a flag
//!                                        anywhere else?       the previous handler decides, as without this guard
//! ```
//!
//! Only the consumer uses this, for everything that it maps from processes. Ring files with a name can be truncated;
//! sealed memory cannot, as far as we know. The ring's reader accepts any bytes, zeroes too, and its caller checks the
//! flag afterwards. The zeroes reach to the range's end, so a range costs at most one signal, however large it is.
#![allow(unsafe_code)]

use super::Mapping;
use crate::sync::{AtomicBool, AtomicU64, Ordering};
use once_cell::race::OnceBox;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous};
use rustix::param::page_size;
use std::os::raw::c_void;
use std::sync::Arc;

/// The most ranges guarded at once. Linux hardly allows a process as many mappings (`vm.max_map_count`).
const MAX_RANGES: usize = 1 << 16;

#[derive(Debug)]
struct Range {
    is_claimed: AtomicBool,
    has_faulted: AtomicBool,
    start: AtomicU64,
    /// 0 while the range guards nothing. Written last, and cleared first.
    end: AtomicU64,
}

static RANGES: [Range; MAX_RANGES] = [const {
    Range {
        is_claimed: AtomicBool::new(false),
        has_faulted: AtomicBool::new(false),
        start: AtomicU64::new(0),
        end: AtomicU64::new(0),
    }
}; MAX_RANGES];

/// How many of the ranges, counted from the first, have ever been used.
static USED: AtomicU64 = AtomicU64::new(0);

/// Where to look for a free range first: all ranges before it are claimed, as far as the last claim or release has
/// seen.
static FIRST_FREE: AtomicU64 = AtomicU64::new(0);

/// The action for SIGBUS before ours.
static PREVIOUS: OnceBox<libc::sigaction> = OnceBox::new();

/// Guards a mapping as long as it lives.
#[derive(Debug)]
pub struct Guard {
    range: &'static Range,
    // Keeps the mapping until the guard is gone: otherwise something else might be mapped there.
    _map: Arc<Mapping>,
}

impl Guard {
    /// Guards a mapping. `None` if there are too many guards, or if the signal cannot be handled.
    pub fn new(map: Arc<Mapping>) -> Option<Self> {
        install()?;
        let free = |range: &&Range| {
            !range.is_claimed.load(Ordering::Relaxed)
                && !range.is_claimed.swap(true, Ordering::AcqRel)
        };
        let first = FIRST_FREE.load(Ordering::Acquire) as usize;
        let all = || RANGES.iter().enumerate();
        // A range before it may have become free at the same moment.
        let (index, range) = all()
            .skip(first)
            .find(|(_, range)| free(range))
            .or_else(|| all().find(|(_, range)| free(range)))?;
        FIRST_FREE.fetch_max(index as u64 + 1, Ordering::AcqRel);
        let start = map.base() as u64;
        range.has_faulted.store(false, Ordering::Relaxed);
        range.start.store(start, Ordering::Release);
        range.end.store(start + map.len() as u64, Ordering::Release);
        USED.fetch_max(index as u64 + 1, Ordering::Release);
        Some(Self { range, _map: map })
    }

    /// Whether part of the file was missing when it was loaded, so that zeroes replaced it.
    pub fn has_faulted(&self) -> bool {
        self.range.has_faulted.load(Ordering::Acquire)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.range.end.store(0, Ordering::Release);
        self.range.is_claimed.store(false, Ordering::Release);
        let index =
            (self.range as *const Range as usize - RANGES.as_ptr() as usize) / size_of::<Range>();
        if (index as u64) < FIRST_FREE.load(Ordering::Acquire) {
            FIRST_FREE.store(index as u64, Ordering::Release);
        }
    }
}

/// Installs the handler at the first guard.
fn install() -> Option<()> {
    if PREVIOUS.get().is_some() {
        return Some(());
    }
    // SAFETY: plain data, valid pointers, and a handler that is async-signal-safe.
    unsafe {
        let mut previous: libc::sigaction = core::mem::zeroed();
        if libc::sigaction(libc::SIGBUS, core::ptr::null(), &mut previous) != 0 {
            return None;
        }
        // Before the handler can run, because the handler reads it.
        let _ = PREVIOUS.set(Box::new(previous));
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut c_void) = on_bus_error;
        let mut ours: libc::sigaction = core::mem::zeroed();
        ours.sa_sigaction = handler as usize;
        ours.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
        libc::sigemptyset(&mut ours.sa_mask);
        (libc::sigaction(libc::SIGBUS, &ours, core::ptr::null_mut()) == 0).then_some(())
    }
}

extern "C" fn on_bus_error(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    // SAFETY: the kernel passes a valid structure, of a SIGBUS.
    let (address, code) = unsafe { ((*info).si_addr() as u64, (*info).si_code) };
    // Positive: raised by the processor, not by a `kill`.
    if code > 0 && stand_in(address) {
        return;
    }
    // SAFETY: async-signal-safe calls on valid data. The instruction is retried with the previous handler, and faults
    // again.
    unsafe {
        if let Some(previous) = PREVIOUS.get() {
            libc::sigaction(signal, previous, core::ptr::null_mut());
        }
        if code <= 0 {
            libc::raise(signal);
        }
    }
}

/// Puts zeroes where a guarded page is missing, and up to the range's end. `false` if the page is not guarded, or no
/// memory can be had.
fn stand_in(address: u64) -> bool {
    let used = (USED.load(Ordering::Acquire) as usize).min(MAX_RANGES);
    let holds = |range: &&Range| {
        let end = range.end.load(Ordering::Acquire);
        address < end && address >= range.start.load(Ordering::Acquire)
    };
    let Some(range) = RANGES[..used].iter().find(holds) else { return false };
    range.has_faulted.store(true, Ordering::Release);
    let page = address as usize / page_size() * page_size();
    // The guard may have been dropped after the search found it.
    let end = range.end.load(Ordering::Acquire) as usize;
    let Some(behind) = end.checked_sub(page) else { return false };
    let protection = ProtFlags::READ | ProtFlags::WRITE;
    let flags = MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE;
    // SAFETY: pages of a mapping that its guard keeps mapped; any bytes are a valid value there.
    unsafe { mmap_anonymous(page as *mut c_void, behind, protection, flags) }.is_ok()
}

#[cfg(test)]
mod tests {
    use super::super::own_dir::OwnDir;
    use super::super::{memfd, named};
    use super::*;
    use rustix::fd::OwnedFd;
    use rustix::fs::CWD;

    fn file(dir: &tempfile::TempDir, name: &core::ffi::CStr, size_bytes: usize) -> OwnedFd {
        let (dir, _) = OwnDir::make_at(CWD, dir.path().join("own").as_path()).unwrap();
        named::create(&dir, name, size_bytes).unwrap()
    }

    #[test]
    fn a_file_that_is_truncated_under_its_mapping_reads_as_zeroes_and_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let size_bytes = 4 * page_size();
        let fd = file(&dir, c"f", size_bytes);
        let map = Arc::new(Mapping::new(&fd, size_bytes).unwrap());
        let guards = [(); 3].map(|()| Guard::new(map.clone()).unwrap());
        let [_, guard, _] = guards;
        assert_eq!(rustix::io::pwrite(&fd, b"here", page_size() as u64), Ok(4));
        assert_eq!(map.copy_out(page_size(), 4).unwrap(), b"here");
        assert!(!guard.has_faulted());

        memfd::set_size(&fd, page_size()).unwrap();
        assert_eq!(map.copy_out(page_size(), 4).unwrap(), [0; 4]);
        assert_eq!(map.copy_out(size_bytes - 1, 1).unwrap(), [0]);
    }

    #[test]
    fn the_guard_of_the_mapping_that_is_damaged_says_so_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let guarded = |name: &core::ffi::CStr| {
            let fd = file(&dir, name, page_size());
            let map = Arc::new(Mapping::new(&fd, page_size()).unwrap());
            (fd, map.clone(), Guard::new(map).unwrap())
        };
        let (whole, damaged) = (guarded(c"whole"), guarded(c"damaged"));
        memfd::set_size(&damaged.0, 0).unwrap();
        damaged.1.copy_out(0, 1).unwrap();
        whole.1.copy_out(0, 1).unwrap();
        assert!(damaged.2.has_faulted());
        assert!(!whole.2.has_faulted());
        // A range that is free again forgets its fault.
        drop(damaged.2);
        assert!(!Guard::new(whole.1.clone()).unwrap().has_faulted());
    }
}
