//! Functions that set what happens when a signal arrives. A handler is [wrapped](super::delivered), and the program is told of
//! its own.
//!
//! `signal` and its like are made of `sigaction` here, as the C library makes them, so that each handler is told who sent its
//! signal. Their calls are recorded as `sigaction`.
#![allow(unsafe_code)]

use super::delivered::Handler;
use crate::argument::{Address, Bits};
use crate::calls::{aliases, events, function};
use core::ffi::{c_int, c_uint};
use core::mem::MaybeUninit;
use core::ptr;
use libc::{sigaction as Action, sighandler_t, sigset_t};
use ust_core::sync::{AtomicU64, Ordering};

/// The highest number of a signal.
const MAX_SIGNAL: c_int = 64;

/// `sigset`'s handler that only blocks the signal.
const SIG_HOLD: sighandler_t = 2;

/// A flag that the C library sets, and the kernel ignores.
const SA_INTERRUPT: c_int = 0x2000_0000;

/// Behind the shim's.
pub mod real {
    use super::{Action, c_int};

    crate::real::real! {
        pub fn sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int;
        pub fn siginterrupt(signal: c_int, interrupts: c_int) -> c_int;
    }
}

events! {
    provider = "proc", begin = "proc_begin";
    quick sigaction(signal: c_int, handler: Address, flags: Bits) -> c_int;
    quick siginterrupt(signal: c_int, interrupts: c_int) -> c_int;
}

/// Signals whose arrival ends calls that wait, if `signal` sets their handler: `siginterrupt` says so. A bit each.
static INTERRUPTING: AtomicU64 = AtomicU64::new(0);

/// Whether a number is a signal's. The C library refuses others before it looks at what it was given.
fn is_signal(signal: c_int) -> bool {
    (1..=MAX_SIGNAL).contains(&signal)
}

fn bit_of(signal: c_int) -> u64 {
    if is_signal(signal) { 1 << (signal - 1) } else { 0 }
}

/// The C library's functions, with trampolines for handlers.
mod wrapped {
    use super::{Action, INTERRUPTING, MaybeUninit, Ordering, bit_of, c_int, is_signal, real};

    pub unsafe fn sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int {
        let mut changed = MaybeUninit::uninit();
        let action = if action.is_null() || !is_signal(signal) {
            action
        } else {
            // SAFETY: the C library reads it, too.
            changed.write(super::with_trampoline(unsafe { *action }))
        };
        // SAFETY: the caller's promise.
        let result = unsafe { real::sigaction(signal, action, old) };
        if result == 0 && !old.is_null() {
            // SAFETY: the call succeeded, so it has written it.
            unsafe { *old = super::without_trampoline(*old) };
        }
        result
    }

    pub unsafe fn siginterrupt(signal: c_int, interrupts: c_int) -> c_int {
        // SAFETY: the caller's promise.
        let result = unsafe { real::siginterrupt(signal, interrupts) };
        if result == 0 && interrupts != 0 {
            INTERRUPTING.fetch_or(bit_of(signal), Ordering::Relaxed);
        } else if result == 0 {
            INTERRUPTING.fetch_and(!bit_of(signal), Ordering::Relaxed);
        }
        result
    }
}

/// The action that the kernel gets. It is always asked for the signal's information.
fn with_trampoline(given: Action) -> Action {
    let address = given.sa_sigaction;
    let is_function = address > SIG_HOLD && address != libc::SIG_ERR;
    if !is_function || Handler::of_trampoline(address).is_some() {
        return given;
    }
    let takes_info = given.sa_flags & libc::SA_SIGINFO != 0;
    match (Handler { address, takes_info }).trampoline() {
        Some(trampoline) => Action {
            sa_sigaction: trampoline,
            sa_flags: given.sa_flags | libc::SA_SIGINFO,
            ..given
        },
        None => given,
    }
}

/// The action that the program gave.
fn without_trampoline(found: Action) -> Action {
    let Some(handler) = Handler::of_trampoline(found.sa_sigaction) else { return found };
    let info = if handler.takes_info { libc::SA_SIGINFO } else { 0 };
    Action {
        sa_sigaction: handler.address,
        sa_flags: found.sa_flags & !libc::SA_SIGINFO | info,
        ..found
    }
}

/// What is recorded of an action.
struct Asked {
    handler: Address,
    flags: Bits,
}

impl Asked {
    /// Of the action that `sigaction` is given: `SIG_ERR` where that is none.
    fn of(signal: c_int, action: *const Action) -> Self {
        if action.is_null() || !is_signal(signal) {
            return Self { handler: ptr::without_provenance(libc::SIG_ERR), flags: Bits(0) };
        }
        // SAFETY: the C library reads it, too.
        let action = unsafe { &*action };
        Self {
            handler: ptr::without_provenance(action.sa_sigaction),
            flags: Bits(action.sa_flags as c_uint),
        }
    }
}

function!(
    wrapped quick sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int,
    sigaction(signal, asked.handler, asked.flags),
    where [asked = Asked::of(signal, action)], data [], then []
);
aliases!(sigaction(signal: c_int, action: *const Action, old: *mut Action) -> c_int, __sigaction);

function!(
    wrapped quick siginterrupt(signal: c_int, interrupts: c_int) -> c_int,
    siginterrupt(signal, interrupts),
    where [], data [], then []
);

/// No signals.
fn no_signals() -> sigset_t {
    // SAFETY: zeroes are the empty set.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// One signal; none if there is no such.
fn one_signal(signal: c_int) -> sigset_t {
    let mut set = no_signals();
    // SAFETY: it refuses what is no signal.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    set
}

/// Sets an action, if there is one, and returns the handler before.
unsafe fn set(signal: c_int, action: Option<Action>) -> sighandler_t {
    let given = action.as_ref().map_or(ptr::null(), ptr::from_ref);
    let mut old = MaybeUninit::<Action>::uninit();
    // SAFETY: an action, or none, and room for one.
    if unsafe { sigaction(signal, given, old.as_mut_ptr()) } != 0 {
        return libc::SIG_ERR;
    }
    // SAFETY: the call succeeded, so it has written it.
    unsafe { old.assume_init() }.sa_sigaction
}

/// Sets a handler, and returns the one before. `SIG_ERR` is refused, as is what is no signal.
unsafe fn set_handler(
    signal: c_int,
    handler: sighandler_t,
    mask: sigset_t,
    flags: c_int,
) -> sighandler_t {
    let signal = if handler == libc::SIG_ERR { 0 } else { signal };
    let action =
        Action { sa_sigaction: handler, sa_mask: mask, sa_flags: flags, sa_restorer: None };
    // SAFETY: the caller's promise.
    unsafe { set(signal, Some(action)) }
}

/// In place of the C library's: BSD's, which keeps the handler, and goes on with the interrupted call.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn signal(signal: c_int, handler: sighandler_t) -> sighandler_t {
    let interrupts = INTERRUPTING.load(Ordering::Relaxed) & bit_of(signal) != 0;
    let flags = if interrupts { 0 } else { libc::SA_RESTART };
    // SAFETY: the caller's promise.
    unsafe { set_handler(signal, handler, one_signal(signal), flags) }
}

aliases!(signal(number: c_int, handler: sighandler_t) -> sighandler_t, bsd_signal ssignal);

/// In place of the C library's: System V's, whose handler is called once.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn sysv_signal(signal: c_int, handler: sighandler_t) -> sighandler_t {
    let flags = libc::SA_RESETHAND | libc::SA_NODEFER | SA_INTERRUPT;
    // SAFETY: the caller's promise.
    unsafe { set_handler(signal, handler, no_signals(), flags) }
}

aliases!(sysv_signal(signal: c_int, handler: sighandler_t) -> sighandler_t, __sysv_signal);

/// In place of the C library's: it blocks the signal, or sets a handler and unblocks it.
///
/// # Safety
/// As the C library says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn sigset(signal: c_int, handler: sighandler_t) -> sighandler_t {
    let holds = handler == SIG_HOLD;
    // SAFETY: the caller's promise.
    let before = unsafe {
        if holds { set(signal, None) } else { set_handler(signal, handler, no_signals(), 0) }
    };
    if before == libc::SIG_ERR {
        return before;
    }
    let how = if holds { libc::SIG_BLOCK } else { libc::SIG_UNBLOCK };
    let (own, mut blocked) = (one_signal(signal), no_signals());
    // SAFETY: sets of signals.
    let was_blocked = unsafe {
        libc::pthread_sigmask(how, &raw const own, &raw mut blocked);
        libc::sigismember(&raw const blocked, signal) == 1
    };
    if was_blocked { SIG_HOLD } else { before }
}
