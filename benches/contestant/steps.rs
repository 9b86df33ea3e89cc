//! Counts instructions natively: the processor traps behind each of them, and a handler counts the traps.
//!
//! ```text
//!   int3   ------> on_trap   sets the trap flag in the flags that it returns to
//!   body   ------> on_trap   behind every instruction: one more
//!   int3   ------> on_trap   takes the flag back
//! ```
//!
//! Code that blocks signals, as a first event does, cannot be counted: the kernel kills a thread that traps while SIGTRAP
//! is blocked.
#![allow(unsafe_code)]

use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use std::arch::asm;
use ust_benches::Result;
use ust_core::sync::{AtomicU64, Ordering::Relaxed};

/// The processor's trap flag.
const TRAP_FLAG: libc::greg_t = 1 << 8;

/// Traps so far. Relaxed, because only one thread traps.
static TRAPS: AtomicU64 = AtomicU64::new(0);

/// Pins this thread to its CPU, because the first event on another CPU is slow, and takes over SIGTRAP.
///
/// # Errors
/// The kernel refuses it.
pub fn prepare() -> Result<()> {
    let mut here = CpuSet::new();
    here.set(sched_getcpu());
    sched_setaffinity(None, &here)?;
    // SAFETY: a zeroed action is one; the handler makes no call and touches nothing but what it is given and an atomic.
    let set = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_trap as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGTRAP, &action, std::ptr::null_mut())
    };
    if set == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
}

/// Instructions of `body`, and a constant number of those that lead there and back. [`prepare`] comes first.
pub fn count(body: impl FnOnce()) -> u64 {
    let before = TRAPS.load(Relaxed);
    breakpoint();
    body();
    breakpoint();
    TRAPS.load(Relaxed) - before
}

#[inline(always)]
fn breakpoint() {
    // SAFETY: `prepare` has set the handler, which comes back with every register as it was.
    unsafe { asm!("int3") };
}

extern "C" fn on_trap(_: libc::c_int, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: the kernel's, for a handler with SA_SIGINFO.
    let (info, context) = unsafe { (&*info, &mut *context.cast::<libc::ucontext_t>()) };
    // The code of `int3`. The code of a step varies: virtual processors do not always say what trapped.
    if info.si_code == libc::SI_KERNEL {
        context.uc_mcontext.gregs[libc::REG_EFL as usize] ^= TRAP_FLAG;
    } else {
        TRAPS.store(TRAPS.load(Relaxed) + 1, Relaxed);
    }
}
