//! What `exec` handed on to this process, before anything here changed it.
//!
//! ```text
//!   exec         ignored signals, blocked signals, closed standard streams, limits
//!   .init_array  looks at them                                          <-- this file
//!   Rust         ignores SIGPIPE, opens /dev/null for closed standard streams
//!   main         `adopt`: waits for children, hears signals, opens as many files as it may
//!   fork, exec   `hand_on`: the program that it starts gets what was there in the first line
//! ```
//!
//! A program that is recorded must not be able to tell: it inherits what it would inherit without `ust`. Everything
//! else that `exec` hands on (umask, groups, capabilities, priority, ...) is changed nowhere. Do not change any of it,
//! or record it here and hand it on.
#![allow(unsafe_code)]

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

static INHERITED: OnceLock<Inherited> = OnceLock::new();

/// Runs before the Rust runtime does.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look_before_main;

extern "C" fn look_before_main() {
    INHERITED.get_or_init(Inherited::look);
}

/// The highest signal of Linux.
const MAX_SIGNAL: i32 = 64;

/// The state when this process began.
#[derive(Debug)]
pub struct Inherited {
    /// Bit 0 for signal 1.
    ignored: u64,
    blocked: libc::sigset_t,
    is_open: [bool; 3],
    open_files: Rlimit,
}

impl Inherited {
    /// The state when this process began.
    pub fn get() -> &'static Self {
        INHERITED.get_or_init(Self::look)
    }

    fn look() -> Self {
        // SAFETY: any bytes are a signal set.
        let mut blocked = unsafe { MaybeUninit::<libc::sigset_t>::zeroed().assume_init() };
        // SAFETY: it may be written to, and nothing is changed.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), &mut blocked) };
        // SAFETY: a system call on plain numbers, for descriptors open or not.
        let is_open = [0, 1, 2].map(|fd| unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0);
        let ignored = (1..=MAX_SIGNAL).filter(|signal| is_ignored(*signal));
        Self {
            ignored: ignored.fold(0, |all, signal| all | bit(signal)),
            blocked,
            is_open,
            open_files: getrlimit(Resource::Nofile),
        }
    }

    /// Whether a signal was ignored. Then the program that started this process (nohup(1), a shell that runs it in the
    /// background) wanted it so.
    pub fn ignores(&self, signal: i32) -> bool {
        self.ignored & bit(signal) != 0
    }

    /// Lets this process do its work: its children can be waited for, and no signal is blocked.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn adopt(&self) -> io::Result<()> {
        // A process that ignores SIGCHLD is not told how its children end.
        set_disposition(libc::SIGCHLD, libc::SIG_DFL)?;
        // SAFETY: any bytes are a signal set.
        let mut none = unsafe { MaybeUninit::<libc::sigset_t>::zeroed().assume_init() };
        // SAFETY: it may be written to.
        unsafe { libc::sigemptyset(&mut none) };
        set_mask(&none)
    }

    /// Gives this process back what it inherited, for the program that it is about to become. Must be called with every
    /// signal blocked, so that none finds a handler of another program.
    ///
    /// Async-signal-safe.
    ///
    /// # Errors
    /// The kernel's error.
    pub fn hand_on(&self) -> io::Result<()> {
        for signal in 1..=MAX_SIGNAL {
            let wanted = if self.ignores(signal) { libc::SIG_IGN } else { libc::SIG_DFL };
            // Refused for signals that no process can change: SIGKILL, SIGSTOP.
            let _ = set_disposition(signal, wanted);
        }
        for (fd, _) in (0..).zip(self.is_open).filter(|(_, is_open)| !is_open) {
            // SAFETY: the Rust runtime has opened it, and the program must find it closed.
            unsafe { libc::close(fd) };
        }
        setrlimit(Resource::Nofile, self.open_files)?;
        set_mask(&self.blocked)
    }
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// The kernel's form of a `sigaction`. The disposition comes first, and zeros are right for the rest.
///
/// Not libc's: libc keeps its own two signals to itself. A parent may well hand these on ignored (as for a program
/// started by posix_spawn(3)), and they change with the first thread.
#[repr(C)]
struct KernelAction {
    disposition: libc::sighandler_t,
    /// Flags, restorer, mask, and room to spare.
    rest: [usize; 7],
}

impl KernelAction {
    const SIGNAL_SET_BYTES: usize = 8;

    const fn new(disposition: libc::sighandler_t) -> Self {
        Self { disposition, rest: [0; 7] }
    }
}

fn is_ignored(signal: i32) -> bool {
    let mut action = KernelAction::new(libc::SIG_DFL);
    let nothing = std::ptr::null::<KernelAction>();
    // SAFETY: it may be written to, and is at least as large as what the kernel writes; nothing is changed.
    let asked = unsafe {
        let (call, bytes) = (libc::SYS_rt_sigaction, KernelAction::SIGNAL_SET_BYTES);
        libc::syscall(call, signal, nothing, &raw mut action, bytes)
    };
    asked == 0 && action.disposition == libc::SIG_IGN
}

fn set_disposition(signal: i32, disposition: libc::sighandler_t) -> io::Result<()> {
    let action = KernelAction::new(disposition);
    let nothing = std::ptr::null_mut::<KernelAction>();
    // SAFETY: the disposition is the default or ignore, so no code of ours runs with it. The structure is at least as
    // large as what the kernel reads.
    let set = unsafe {
        let (call, bytes) = (libc::SYS_rt_sigaction, KernelAction::SIGNAL_SET_BYTES);
        libc::syscall(call, signal, &raw const action, nothing, bytes)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn set_mask(mask: &libc::sigset_t) -> io::Result<()> {
    // SAFETY: a valid set; the old set is not wanted.
    match unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut()) } {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_looks_before_the_rust_runtime_ignores_sigpipe() {
        assert!(is_ignored(libc::SIGPIPE), "the Rust runtime does that");
        assert!(!Inherited::get().ignores(libc::SIGPIPE), "cargo starts tests without that");
    }
}
