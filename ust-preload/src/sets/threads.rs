//! `pthread`: threads, from their making to their end.
//!
//! A thread's start routine is passed on as it is: what ends a thread (`pthread_exit`, a cancellation, an exception) finds the
//! stack that it would find without the shim.
#![allow(unsafe_code)]

use crate::argument::{Address, Argument, Code, Text};
use crate::lock::C11;
use crate::lock_calls::lock_calls;
use crate::pass_on::pass_on;
use crate::real::Real;
use core::ffi::{c_int, c_void};
use core::ptr;
use ust::inside::is_inside;

lock_calls! {
    provider = "pthread", begin = "pthread_begin";

    does fn pthread_create(thread: Written, attr: Address, start_routine: Address, arg: Address) -> Code, 4;
    does fn thrd_create(thread: Written, start_routine: Address, arg: Address) -> C11, 3;
    waits fn pthread_join(thread: Address, value: Written) -> Code, 2;
    does fn pthread_tryjoin_np(thread: Address, value: Written) -> Code, 2;
    waits fn pthread_timedjoin_np(thread: Address, value: Written, deadline: Address) -> Code, 3;
    waits fn pthread_clockjoin_np(thread: Address, value: Written, clock: c_int, deadline: Address) -> Code, 4;
    waits fn thrd_join(thread: Address, value: Address) -> C11, 2;
    does fn pthread_detach(thread: Address) -> Code, 1;
    does fn thrd_detach(thread: Address) -> C11, 1;
    does fn pthread_setname_np(thread: Address, name: Text) -> Code, 2;
}

/// A word that the call writes where it succeeds; recorded as 0 where it does not, or nobody wants it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Written(*const Address);

impl Argument for Written {
    type Field = Address;

    #[inline(always)]
    fn field(self, error: c_int) -> Address {
        if error != 0 || self.0.is_null() {
            return ptr::null();
        }
        // SAFETY: the call has just written there.
        unsafe { *self.0 }
    }
}

/// Threads that end themselves. Their events have the value that they leave.
mod end {
    use super::Address;
    use core::ffi::c_int;

    #[ust::tracepoint(provider = "pthread", level = Debug)]
    pub fn pthread_exit(value: Address);
    #[ust::tracepoint(provider = "pthread", level = Debug)]
    pub fn thrd_exit(value: c_int);
}

pass_on!(pthread_exit => pthread_exit_to);

extern "C" fn pthread_exit_to(value: Address) -> *mut c_void {
    static REAL: Real = Real::new(c"pthread_exit");
    if end::pthread_exit::enabled() && !is_inside() {
        end::pthread_exit(value);
    }
    REAL.address()
}

pass_on!(thrd_exit => thrd_exit_to);

extern "C" fn thrd_exit_to(value: c_int) -> *mut c_void {
    static REAL: Real = Real::new(c"thrd_exit");
    if end::thrd_exit::enabled() && !is_inside() {
        end::thrd_exit(value);
    }
    REAL.address()
}
