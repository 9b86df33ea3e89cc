//! Signals that are delivered. The kernel calls a trampoline of the shim's in place of the program's handler.
//!
//! ```text
//!   sigaction(SIGUSR1, { handler })     the kernel gets  { trampoline 5 }     HANDLERS[5] = handler, once and for all
//!
//!   SIGUSR1 arrives     kernel --> trampoline 5 --> delivered --> handler     proc_begin:signal, proc:signal
//! ```
//!
//! **Invariant:** a trampoline has one handler, and keeps it. So the kernel's own table of actions is the only one:
//! - A signal that arrives while its handler is replaced finds the handler that the kernel chose.
//! - A child of `vfork` has the memory of its parent and a table of its own. What it sets changes nothing for its parent.
//! - What a trampoline stands for is read from its address: the program is told its own handler.
//! - The C library copies and resets actions itself (`siginterrupt`, `system`), and need not be told.
//!
//! A handler that leaves by `siglongjmp` has no event at its end.
#![allow(unsafe_code)]

use crate::argument::Address;
use crate::entry::jump;
use crate::errno::Errno;
use crate::stopwatch::Stopwatch;
use core::ffi::{c_int, c_void};
use core::{mem, ptr};
use libc::siginfo_t;
use ust::inside::is_inside;
use ust_core::sync::{AtomicPtr, Ordering};

mod event {
    use super::{Address, c_int};
    use ust::tracepoint;

    #[tracepoint(provider = "proc", level = Debug)]
    pub fn signal(
        signal: c_int,
        code: c_int,
        pid: c_int,
        addr: Address,
        handler: Address,
        duration: u64,
    );
}

mod begin {
    use super::{Address, c_int};
    use ust::tracepoint;

    #[tracepoint(provider = "proc_begin", level = Debug)]
    pub fn signal(signal: c_int, code: c_int, pid: c_int, addr: Address, handler: Address);
}

/// Trampolines. A handler that finds none is called by the kernel itself, and not recorded.
const TRAMPOLINES: usize = 512;

/// From one to the next.
const TRAMPOLINE_BYTES: usize = 16;

/// The handler of each trampoline; null: nobody's yet. Every second one, from the second on, has handlers that asked for the
/// signal's information.
static HANDLERS: [AtomicPtr<c_void>; TRAMPOLINES] =
    [const { AtomicPtr::new(ptr::null_mut()) }; TRAMPOLINES];

/// A handler of the program's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Handler {
    /// Where it is.
    pub address: usize,
    /// Whether it asked for the signal's information (`SA_SIGINFO`).
    pub takes_info: bool,
}

impl Handler {
    /// The trampoline that calls it. `None` if all have other handlers.
    // Relaxed: the kernel orders what is told of a signal before what it delivers.
    pub fn trampoline(self) -> Option<usize> {
        let own = ptr::without_provenance_mut(self.address);
        let first = usize::from(self.takes_info);
        let index = (first..TRAMPOLINES).step_by(2).find(|index| {
            let slot = &HANDLERS[*index];
            let found = slot.load(Ordering::Relaxed);
            found == own
                || (found.is_null()
                    && match slot.compare_exchange(found, own, Ordering::Relaxed, Ordering::Relaxed)
                    {
                        Ok(_) => true,
                        Err(other) => other == own,
                    })
        })?;
        Some(base() + index * TRAMPOLINE_BYTES)
    }

    /// The handler that the trampoline at this address calls. `None` if there is no trampoline.
    pub fn of_trampoline(address: usize) -> Option<Self> {
        let index = address.checked_sub(base())? / TRAMPOLINE_BYTES;
        let handler = HANDLERS.get(index)?.load(Ordering::Relaxed);
        Some(Self { address: handler.addr(), takes_info: index % 2 == 1 })
    }
}

/// Where the first trampoline is.
fn base() -> usize {
    (trampolines as unsafe extern "C" fn() as usize).next_multiple_of(TRAMPOLINE_BYTES)
}

/// The instruction that makes its own place the fourth argument.
#[cfg(target_arch = "x86_64")]
macro_rules! load_own_place {
    () => {
        "lea rcx, [rip]"
    };
}
#[cfg(target_arch = "aarch64")]
macro_rules! load_own_place {
    () => {
        "adr x3, ."
    };
}

/// All of them. Each passes on the kernel's three arguments, and where it is itself.
#[unsafe(naked)]
unsafe extern "C" fn trampolines() {
    core::arch::naked_asm!(
        ".cfi_startproc",
        ".rept {count}",
        ".balign {bytes}",
        load_own_place!(),
        jump!(),
        ".endr",
        ".cfi_endproc",
        count = const TRAMPOLINES,
        bytes = const TRAMPOLINE_BYTES,
        behind = sym delivered,
    )
}

/// What the kernel calls. One that asked for a number alone does not look at the others.
type Function = unsafe extern "C-unwind" fn(c_int, *mut siginfo_t, *mut c_void);

/// A signal has arrived, by the trampoline at `place`.
unsafe extern "C-unwind" fn delivered(
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
    place: usize,
) {
    let handler = HANDLERS[(place - base()) / TRAMPOLINE_BYTES].load(Ordering::Relaxed);
    // SAFETY: the kernel was told of a trampoline only when it had a handler, which the program gave.
    let function = unsafe { mem::transmute::<*mut c_void, Function>(handler) };
    if event::signal::enabled() || begin::signal::enabled() {
        // SAFETY: what the kernel passes.
        return unsafe { recorded(function, signal, info, context) };
    }
    // SAFETY: as above.
    unsafe { function(signal, info, context) }
}

#[cold]
#[inline(never)]
unsafe extern "C-unwind" fn recorded(
    function: Function,
    signal: c_int,
    info: *mut siginfo_t,
    context: *mut c_void,
) {
    if is_inside() {
        // SAFETY: the caller's promise.
        return unsafe { function(signal, info, context) };
    }
    let handler = function as Address;
    // SAFETY: the kernel has written it: it is always asked to.
    let (code, pid, addr) = unsafe { ((*info).si_code, sender(&*info), fault(&*info)) };
    {
        let _errno = Errno::keep();
        begin::signal(signal, code, pid, addr, handler);
    }
    let watch = Stopwatch::start();
    // SAFETY: the caller's promise.
    unsafe { function(signal, info, context) };
    let duration = watch.elapsed_ns();
    let _errno = Errno::keep();
    event::signal(signal, code, pid, addr, handler, duration);
}

/// The process that sent the signal, or the child that it tells of; 0: none, or not known.
fn sender(info: &siginfo_t) -> c_int {
    let is_sent =
        matches!(info.si_code, libc::SI_USER | libc::SI_QUEUE | libc::SI_TKILL | libc::SI_MESGQ);
    let is_of_child = info.si_signo == libc::SIGCHLD && info.si_code > 0;
    // SAFETY: signals of these codes have the field.
    if is_sent || is_of_child { unsafe { info.si_pid() } } else { 0 }
}

/// The address whose use made the processor stop; null for signals of other kinds.
fn fault(info: &siginfo_t) -> Address {
    let is_fault = matches!(
        info.si_signo,
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGTRAP
    );
    // What is sent has no positive code, and what the kernel cannot place has `SI_KERNEL`.
    if is_fault && info.si_code > 0 && info.si_code != libc::SI_KERNEL {
        // SAFETY: signals of these codes have the field.
        return unsafe { info.si_addr() };
    }
    ptr::null()
}
