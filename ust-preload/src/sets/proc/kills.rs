//! Signals that are sent.
//!
//! ```text
//!   kill(getpid(), SIGTERM)     proc:kill_self { signal }    the call    proc:kill { pid, signal, result, errno }
//! ```
//!
//! A process that kills itself leaves no event behind the call. So there is one before each call that may reach the caller.
#![allow(unsafe_code)]

use crate::argument::{Address, Code};
use crate::calls::{aliases, events, function};
use core::ffi::{c_int, c_ulong};
use ust::inside::is_inside;

mod before {
    use super::c_int;

    #[ust::tracepoint(provider = "proc", level = Debug)]
    pub fn kill_self(signal: c_int);
}

/// A call sends a signal, to the caller's process among others if `reaches_self` says so.
#[inline(always)]
fn announce(signal: c_int, reaches_self: impl FnOnce() -> bool) {
    // Signal 0 is sent to nobody.
    if before::kill_self::enabled() && signal != 0 && !is_inside() && reaches_self() {
        before::kill_self(signal);
    }
}

/// Whether `kill` sends to the caller's process. (-1 is everybody else.)
fn is_own(pid: c_int) -> bool {
    // SAFETY: they always succeed.
    let (own, group) = unsafe { (libc::getpid(), libc::getpgrp()) };
    pid == 0 || pid == own || (pid < -1 && pid == -group)
}

/// Functions that send `signal`, and whether that reaches the caller's process.
macro_rules! sends {
    ($(
        fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty,
            sends $signal:ident, to itself if $reaches_self:expr $(, also $alias:ident)*;
    )*) => {
        mod real {
            use super::*;

            crate::real::real! {
                $(pub fn $name($($argument: $type),*) -> $result;)*
            }
        }

        events! {
            provider = "proc", begin = "proc_begin";
            $(quick $name($($argument: $type),*) -> $result;)*
        }

        /// The C library's, which are announced.
        mod announced {
            use super::*;

            $(
                #[inline(always)]
                pub unsafe fn $name($($argument: $type),*) -> $result {
                    announce($signal, || $reaches_self);
                    // SAFETY: the caller's promise.
                    unsafe { real::$name($($argument),*) }
                }
            )*
        }

        $(
            function!(
                announced quick $name($($argument: $type),*) -> $result, $name($($argument),*), where [], data [], then []
            );
            aliases!($name($($argument: $type),*) -> $result, $($alias)*);
        )*
    };
}

sends! {
    fn kill(pid: c_int, signal: c_int) -> c_int, sends signal, to itself if is_own(pid);
    fn killpg(group: c_int, signal: c_int) -> c_int, sends signal, to itself if is_own(group.wrapping_neg());
    fn tgkill(group: c_int, tid: c_int, signal: c_int) -> c_int, sends signal, to itself if is_own(group);
    fn raise(signal: c_int) -> c_int, sends signal, to itself if true, also gsignal;
    fn pthread_kill(thread: c_ulong, signal: c_int) -> Code, sends signal, to itself if true;
    fn pthread_sigqueue(thread: c_ulong, signal: c_int, value: Address) -> Code, sends signal, to itself if true;
    fn sigqueue(pid: c_int, signal: c_int, value: Address) -> c_int, sends signal, to itself if is_own(pid);
}
