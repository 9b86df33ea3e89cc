//! How often a thread has left its processor between two of its recorded calls: of its own accord, because it waited, or because
//! the kernel gave the processor to another one.
//!
//! ```text
//!   read(3, p, 512)                                          --context-switches
//!
//!   libc_io:read           { fd = 3, ..., duration = 81200 }
//!   proc:context_switches  { voluntary = 1, involuntary = 0 }    since this thread's last look
//! ```
//!
//! A look is a system call (`getrusage`) behind each recorded call that can wait. So the kernel is asked only if the option says
//! so. A look that finds no switch leaves no event.
//!
//! A thread's word has the counts of its last look. It is odd; the word that a thread begins with is an address, and even:
//!
//! ```text
//!    63          62 .......... 32 31 ......... 1 0
//!   +--------------+-------------+--------------+---+
//!   | 0            | involuntary | voluntary    | 1 |      each modulo 2^31
//!   +--------------+-------------+--------------+---+
//! ```

use crate::options::options;
use core::mem::MaybeUninit;
use core::ptr;

mod event {
    #[ust::tracepoint(provider = "proc", level = Debug)]
    pub fn context_switches(voluntary: u32, involuntary: u32);
}

/// Where the word of a thread points that has not looked yet.
static NO_LOOK: u64 = 0;

ust_core::thread_word!(mod word "ust_preload_context_switches" crate::context_switches::NO_LOOK);

/// Looks, and tells what it has found. Behind a recorded call, whose `errno` the caller keeps.
#[inline(always)]
pub fn tell() {
    if event::context_switches::enabled() && options().context_switches {
        look();
    }
}

/// In the child of a fork: its thread is a new one of the kernel's, whose counts begin at 0.
pub fn forget() {
    word::set((&raw const NO_LOOK).cast());
}

#[cold]
#[inline(never)]
fn look() {
    let Some(now) = Counts::of_this_thread() else { return };
    // A signal handler that looks between these two has its switches told twice.
    let last = Counts::of_last_look();
    let (voluntary, involuntary) = now.since(last);
    // They never go back. A child of `vfork` has its parent's words and counts of its own, and a handler that looked behind
    // `of_this_thread` has told more than was seen here.
    if voluntary.max(involuntary) > Counts::MASK / 2 {
        return;
    }
    now.keep();
    if voluntary.max(involuntary) > 0 {
        event::context_switches(voluntary, involuntary);
    }
}

/// A thread's switches since it began.
#[derive(Clone, Copy)]
struct Counts {
    voluntary: u32,
    involuntary: u32,
}

impl Counts {
    const MASK: u32 = u32::MAX >> 1;

    /// By the kernel's account. `None` if a sandbox forbids to ask.
    #[allow(unsafe_code)]
    fn of_this_thread() -> Option<Self> {
        let mut usage = MaybeUninit::<libc::rusage>::uninit();
        // SAFETY: room for what is asked for.
        if unsafe { libc::getrusage(libc::RUSAGE_THREAD, usage.as_mut_ptr()) } != 0 {
            return None;
        }
        // SAFETY: the kernel has written it.
        let usage = unsafe { usage.assume_init() };
        let count = |all: libc::c_long| all as u32 & Self::MASK;
        Some(Self { voluntary: count(usage.ru_nvcsw), involuntary: count(usage.ru_nivcsw) })
    }

    fn of_last_look() -> Self {
        let word = word::get().addr() as u64;
        if word & 1 == 0 {
            return Self { voluntary: 0, involuntary: 0 };
        }
        Self { voluntary: word as u32 >> 1, involuntary: (word >> 32) as u32 }
    }

    fn keep(self) {
        let word = u64::from(self.involuntary) << 32 | u64::from(self.voluntary) << 1 | 1;
        word::set(ptr::without_provenance(word as usize));
    }

    fn since(self, last: Self) -> (u32, u32) {
        let since = |now: u32, last: u32| now.wrapping_sub(last) & Self::MASK;
        (since(self.voluntary, last.voluntary), since(self.involuntary, last.involuntary))
    }
}
