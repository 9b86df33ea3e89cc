//! Whether the program's memory can be read, before this library reads what nobody else has.
//!
//! The kernel is asked, by a call that reads eight bytes and then fails, because its first argument makes no sense:
//!
//! ```text
//!   rt_sigprocmask(no way, address, nothing)     EFAULT: the page cannot be read      EINVAL: it can
//! ```
//!
//! So a page costs a system call. It needs no descriptor and no memory, and sandboxes allow it. The program may give the page
//! back right behind the answer; so it may while its own call reads it.
#![allow(unsafe_code)]

use crate::errno::Errno;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// No page of any machine is smaller.
pub const PAGE_BYTES: usize = 4096;

/// What the kernel reads: its set of signals.
const SET_BYTES: usize = 8;

/// No way to change a set of signals.
const NO_WAY: c_int = -1;

/// Reads memory that may not be there. It asks once for many reads of one page.
pub struct Reader {
    /// The page that was asked for last, and can be read; `None` before that.
    page: Option<usize>,
}

impl Reader {
    /// One that has asked for nothing.
    pub fn new() -> Self {
        Self { page: None }
    }

    /// Whether these bytes can be read.
    pub fn can_read(&mut self, start: *const c_void, bytes: usize) -> bool {
        let Some(last) = start.addr().checked_add(bytes.saturating_sub(1)) else { return false };
        (start.addr() / PAGE_BYTES..=last / PAGE_BYTES).all(|page| self.can_read_page(page))
    }

    /// A value that lies at this address; `None` if it cannot be read.
    pub fn read<T: Copy>(&mut self, at: *const T) -> Option<T> {
        // SAFETY: it can be read, at any address.
        self.can_read(at.cast(), size_of::<T>()).then(|| unsafe { at.read_unaligned() })
    }

    /// The length of a string, or `max` if it is longer; `None` if it cannot be read.
    pub fn length(&mut self, text: *const c_char, max: usize) -> Option<usize> {
        let mut length = 0;
        while length < max {
            let at = text.wrapping_add(length);
            let rest_of_page = PAGE_BYTES - at.addr() % PAGE_BYTES;
            if !self.can_read(at.cast(), rest_of_page) {
                return None;
            }
            let looked_at = rest_of_page.min(max - length);
            // SAFETY: the page can be read.
            let found = unsafe { libc::strnlen(at, looked_at) };
            length += found;
            if found < looked_at {
                break;
            }
        }
        Some(length)
    }

    fn can_read_page(&mut self, page: usize) -> bool {
        if self.page == Some(page) {
            return true;
        }
        let can = ask(page * PAGE_BYTES);
        if can {
            self.page = Some(page);
        }
        can
    }
}

/// Whether the eight bytes at this address can be read. Null is no address to the kernel here: nothing is read there.
fn ask(address: usize) -> bool {
    let _errno = Errno::keep();
    let set = ptr::without_provenance::<c_void>(address);
    // SAFETY: the call only reads, and fails if it cannot.
    unsafe {
        libc::syscall(libc::SYS_rt_sigprocmask, NO_WAY, set, ptr::null_mut::<c_void>(), SET_BYTES)
            == -1
            && Errno::keep().number() == libc::EINVAL
    }
}
