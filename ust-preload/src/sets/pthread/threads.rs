//! Threads, and the ways of waiting that have no holder.
#![allow(unsafe_code)]

use crate::argument::{Address, Argument, Code, Status, Text};
use crate::calls::calls;
use crate::pass_on::pass_on;
use core::ffi::{c_int, c_uint, c_ulong, c_void};
use ust::inside::is_inside;

/// A thread that a call makes; 0 where it failed.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Made(*const c_ulong);

impl Argument for Made {
    type Field = Address;

    fn field(self, error: c_int) -> Address {
        // SAFETY: the call succeeded, so it has written it.
        let thread = if error == 0 { unsafe { *self.0 } } else { 0 };
        core::ptr::without_provenance(thread as usize)
    }
}

calls! {
    provider = "pthread", begin = "pthread_begin";

    quick fn pthread_create(thread: Made, attr: Address, start_routine: Address, arg: Address) -> Code;
    waiting fn pthread_join(thread: Address, retval: Address) -> Code;
    quick fn pthread_tryjoin_np(thread: Address, retval: Address) -> Code;
    waiting fn pthread_timedjoin_np(thread: Address, retval: Address, until: Address) -> Code;
    quick fn pthread_detach(thread: Address) -> Code;
    quick fn pthread_cancel(thread: Address) -> Code;
    quick fn pthread_setname_np(thread: Address, name: Text) -> Code;

    waiting fn pthread_barrier_wait(barrier: Address) -> Code;
    waiting fn sem_wait(sem: Address) -> c_int;
    waiting fn sem_timedwait(sem: Address, until: Address) -> c_int;
    waiting fn sem_clockwait(sem: Address, clock: c_int, until: Address) -> c_int;
    quick fn sem_trywait(sem: Address) -> c_int;
    quick fn sem_post(sem: Address) -> c_int;

    quick fn pthread_mutex_init(mutex: Address, attr: Address) -> Code;
    quick fn pthread_mutex_destroy(mutex: Address) -> Code;
    quick fn pthread_rwlock_init(rwlock: Address, attr: Address) -> Code;
    quick fn pthread_rwlock_destroy(rwlock: Address) -> Code;

    quick fn thrd_create(thread: Made, start_routine: Address, arg: Address) -> Code;
    waiting fn thrd_join(thread: Address, result: Status) -> Code;
}

mod real_exit {
    use super::c_int;

    crate::real::real! {
        pub fn pthread_exit() -> c_int;
        pub fn thrd_exit() -> c_int;
    }
}

#[allow(dead_code)]
mod exits {
    use super::Address;

    #[ust::tracepoint(provider = "pthread", level = Debug)]
    pub fn pthread_exit(retval: Address);
}

pass_on!(pthread_exit => before_exit);
pass_on!(thrd_exit => before_c_exit);

unsafe extern "C" fn before_exit(retval: Address) -> *mut c_void {
    if !is_inside() {
        exits::pthread_exit(retval);
    }
    real_exit::pthread_exit::REAL.address()
}

unsafe extern "C" fn before_c_exit(result: c_uint) -> *mut c_void {
    if !is_inside() {
        exits::pthread_exit(core::ptr::without_provenance(result as usize));
    }
    real_exit::thrd_exit::REAL.address()
}
