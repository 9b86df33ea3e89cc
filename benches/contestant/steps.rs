//! Counts instructions natively: the processor traps behind each of them, and a handler counts the traps.
//!
//! ```text
//!   int3   ------> on_trap   sets the trap flag in the flags that it returns to
//!   body   ------> on_trap   behind every instruction: one more
//!   int3   ------> on_trap   takes the flag back
//! ```
//!
//! A thread that traps is interrupted, and restartable sequences notice. So where it traps before the sequence
//! (`ust_core::sync::OfCpu`), the handler does what the sequence would have done, and counts its instructions.
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
    // SAFETY: a zeroed action is one; the handler makes no call and touches nothing but what it is given, an atomic, and the
    // word that the sequence stores.
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
    let registers = &mut context.uc_mcontext.gregs;
    // The code of `int3`. The code of a step varies: virtual processors do not always say what trapped.
    if info.si_code == libc::SI_KERNEL {
        registers[libc::REG_EFL as usize] ^= TRAP_FLAG;
        return;
    }
    let in_sequence = run_sequence(registers);
    TRAPS.store(TRAPS.load(Relaxed) + 1 + in_sequence, Relaxed);
}

/// Makes the store of the sequence, if the thread is about to, and has it go on behind. Returns how many instructions that was.
fn run_sequence(registers: &mut [libc::greg_t; 23]) -> u64 {
    /// The sequence is three instructions before a `ret`. Behind that is what the kernel wants to find there.
    const END: usize = 10;
    const RETURN: u8 = 0xc3;
    const SIGNATURE_AT: usize = 12;
    const SIGNATURE: u32 = 0x5305_3053;

    let next = registers[libc::REG_RIP as usize] as *const u8;
    let end = next.wrapping_add(END);
    // SAFETY: instructions of this program, none of which is its last. If they are the sequence, the registers have what it is
    // called with: a word of the stream, and its next value.
    unsafe {
        let signature = next.wrapping_add(SIGNATURE_AT).cast::<u32>().read_unaligned();
        if signature != SIGNATURE || *end != RETURN {
            return 0;
        }
        let word = registers[libc::REG_RCX as usize] as *const AtomicU64;
        (*word).store(registers[libc::REG_R11 as usize] as u64, Relaxed);
    }
    registers[libc::REG_RIP as usize] = end as libc::greg_t;
    // The zero flag: it was stored.
    registers[libc::REG_EFL as usize] |= 1 << 6;
    3
}
