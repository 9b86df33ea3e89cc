//! Descriptors: numbers, and the paths that they stand for.
//!
//! ```text
//!   openat(5, "file", O_RDONLY)                         --resolve
//!
//!   libc_io_path:fd { fd = 5, path = "/home/me" }
//!   libc_io:openat  { dirfd = 5, path = "file", ... }
//! ```
//!
//! The kernel knows the path: asking it costs a system call for each descriptor of each recorded call. So it is asked only if
//! the option says so.
#![allow(unsafe_code)]

use super::short_text::ShortText;
use super::value::Argument;
use crate::errno::Errno;
use crate::options::options;
use core::ffi::c_int;
use core::fmt::Write;
use ust_core::wire;

/// Of a path. Longer ones are cut.
const MAX_PATH_BYTES: usize = 1024;

mod event {
    use super::{c_int, wire};
    use ust::tracepoint;

    #[tracepoint(provider = "libc_io_path", level = Debug)]
    pub fn fd(fd: c_int, path: wire::Text);
}

/// A descriptor, or `AT_FDCWD`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Fd(pub c_int);

impl Argument for Fd {
    type Field = c_int;

    #[inline(always)]
    fn field(self, _: c_int) -> c_int {
        self.0
    }

    #[inline(always)]
    fn tell(self) {
        if event::fd::enabled() && options().resolve {
            self.tell_path();
        }
    }
}

impl Fd {
    #[cold]
    #[inline(never)]
    fn tell_path(self) {
        let _errno = Errno::keep();
        let mut link = ShortText::new();
        // It fits. The table of descriptors is the thread's: that of the process goes with its first thread.
        let _ = match self.0 {
            libc::AT_FDCWD => write!(link, "/proc/thread-self/cwd\0"),
            number => write!(link, "/proc/thread-self/fd/{number}\0"),
        };
        let mut path = [0_u8; MAX_PATH_BYTES];
        // SAFETY: a path, and room for one.
        let length = unsafe {
            libc::syscall(
                libc::SYS_readlinkat,
                libc::AT_FDCWD,
                link.as_ptr(),
                path.as_mut_ptr(),
                MAX_PATH_BYTES,
            )
        };
        // What is no descriptor has no path.
        if let Ok(length) = usize::try_from(length) {
            // SAFETY: so many bytes were written.
            event::fd(self.0, unsafe { wire::Text::from_raw(path.as_ptr(), length) });
        }
    }
}
