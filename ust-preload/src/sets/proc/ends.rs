//! `proc`, of the process's own end: calls that do not return, so each event is written before.
#![allow(unsafe_code)]

use crate::pass_on::pass_on;
use core::ffi::{c_int, c_void};
use ust::inside::is_inside;

mod real {
    use core::ffi::c_int;

    crate::real::real! {
        pub fn exit(status: c_int) -> c_int;
        pub fn _exit(status: c_int) -> c_int;
        pub fn _Exit(status: c_int) -> c_int;
        pub fn quick_exit(status: c_int) -> c_int;
        pub fn abort() -> c_int;
    }
}

#[allow(dead_code)]
mod event {
    use core::ffi::c_int;
    use ust::tracepoint;

    #[tracepoint(provider = "proc", level = Debug)]
    pub fn exit(status: c_int);
    #[tracepoint(provider = "proc", level = Debug)]
    pub fn _exit(status: c_int);
    #[tracepoint(provider = "proc", level = Debug)]
    pub fn quick_exit(status: c_int);
    #[tracepoint(provider = "proc", level = Debug)]
    pub fn abort();
}

/// Functions that are given a status.
macro_rules! ends {
    ($($name:ident => $before:ident, $event:ident;)*) => {$(
        pass_on!($name => $before);

        unsafe extern "C" fn $before(status: c_int) -> *mut c_void {
            if !is_inside() {
                event::$event(status);
            }
            real::$name::REAL.address()
        }
    )*};
}

ends! {
    exit => before_exit, exit;
    _exit => before_exit_at_once, _exit;
    _Exit => before_c_exit, _exit;
    quick_exit => before_quick_exit, quick_exit;
}

pass_on!(abort => before_abort);

unsafe extern "C" fn before_abort() -> *mut c_void {
    if !is_inside() {
        event::abort();
    }
    real::abort::REAL.address()
}
