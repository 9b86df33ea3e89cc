//! `pthread`: condition variables, barriers and semaphores.
//!
//! Waiting for a condition ends the hold of the mutex, and begins a new one. Both are the C library's own affair, in which it
//! calls no function that the shim could see.
#![allow(unsafe_code)]

use super::locks::Mutex;
use crate::argument::{Address, Code};
use crate::lock::{C11, Posix};
use crate::lock_calls::lock_calls;
use core::ffi::{c_int, c_uint};

lock_calls! {
    provider = "pthread", begin = "pthread_begin";

    does fn pthread_cond_init(cond: Address, attr: Address) -> Code, 2, version "GLIBC_2.3.2";
    does fn pthread_cond_destroy(cond: Address) -> Code, 1, version "GLIBC_2.3.2";
    suspends fn pthread_cond_wait(cond: Address, mutex: Mutex) -> Code, 2, version "GLIBC_2.3.2";
    suspends fn pthread_cond_timedwait(cond: Address, mutex: Mutex, deadline: Address) -> Code, 3, version "GLIBC_2.3.2";
    suspends fn pthread_cond_clockwait(cond: Address, mutex: Mutex, clock: c_int, deadline: Address) -> Code, 4;
    does fn pthread_cond_signal(cond: Address) -> Code, 1, version "GLIBC_2.3.2";
    does fn pthread_cond_broadcast(cond: Address) -> Code, 1, version "GLIBC_2.3.2";
    does fn cnd_init(cond: Address) -> C11, 1;
    does fn cnd_destroy(cond: Address) -> (), 1, as pthread_cond_destroy;
    suspends fn cnd_wait(cond: Address, mutex: Mutex) -> C11, 2, as pthread_cond_wait;
    suspends fn cnd_timedwait(cond: Address, mutex: Mutex, deadline: Address) -> C11, 3, as pthread_cond_timedwait;
    does fn cnd_signal(cond: Address) -> C11, 1, as pthread_cond_signal;
    does fn cnd_broadcast(cond: Address) -> C11, 1, as pthread_cond_broadcast;

    does fn pthread_barrier_init(barrier: Address, attr: Address, count: c_uint) -> Code, 3;
    does fn pthread_barrier_destroy(barrier: Address) -> Code, 1;
    waits fn pthread_barrier_wait(barrier: Address) -> Code, 1;

    does fn sem_init(sem: Address, shared: c_int, value: c_uint) -> Posix, 3;
    does fn sem_destroy(sem: Address) -> Posix, 1;
    waits fn sem_wait(sem: Address) -> Posix, 1;
    does fn sem_trywait(sem: Address) -> Posix, 1;
    waits fn sem_timedwait(sem: Address, deadline: Address) -> Posix, 2;
    waits fn sem_clockwait(sem: Address, clock: c_int, deadline: Address) -> Posix, 3;
    does fn sem_post(sem: Address) -> Posix, 1;
}
