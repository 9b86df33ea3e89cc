//! `lttng_ust_*`: the events of LTTng-UST's own wrappers, with their names and fields, for viewers that look for these.
//!
//! They are recorded by the functions of the other sets, beside or in place of the sets' own events.
#![allow(unsafe_code)]

use crate::argument::{Address, HexByte, typed};
use crate::lock::Also;
use core::ffi::c_int;
use ust_core::wire::{Base, Encoding, Field, Integer, Text};

/// Memory.
pub mod libc {
    use super::{Address, c_int};
    use ust::tracepoint;

    #[tracepoint(provider = "lttng_ust_libc", level = Debug, callsite = MALLOC)]
    pub fn malloc(size: usize, ptr: Address);
    #[tracepoint(provider = "lttng_ust_libc", level = Debug, callsite = CALLOC)]
    pub fn calloc(nmemb: usize, size: usize, ptr: Address);
    #[tracepoint(provider = "lttng_ust_libc", level = Debug, callsite = REALLOC)]
    pub fn realloc(in_ptr: Address, size: usize, ptr: Address);
    #[tracepoint(provider = "lttng_ust_libc", level = Debug, callsite = FREE)]
    pub fn free(ptr: Address);
    #[tracepoint(provider = "lttng_ust_libc", level = Debug, callsite = MEMALIGN)]
    pub fn memalign(alignment: usize, size: usize, ptr: Address);
    #[tracepoint(provider = "lttng_ust_libc", level = Debug)]
    pub fn posix_memalign(out_ptr: Address, alignment: usize, size: usize, result: c_int);
}

/// Mutexes.
mod pthread {
    use super::{Address, c_int};
    use ust::tracepoint;

    #[tracepoint(provider = "lttng_ust_pthread", level = Debug)]
    pub fn pthread_mutex_lock_req(mutex: Address);
    #[tracepoint(provider = "lttng_ust_pthread", level = Debug)]
    pub fn pthread_mutex_lock_acq(mutex: Address, status: c_int);
    #[tracepoint(provider = "lttng_ust_pthread", level = Debug)]
    pub fn pthread_mutex_trylock(mutex: Address, status: c_int);
    #[tracepoint(provider = "lttng_ust_pthread", level = Debug)]
    pub fn pthread_mutex_unlock(mutex: Address, status: c_int);
}

/// Libraries that are loaded and unloaded.
pub mod dl {
    use super::{Address, HexByte, SignedBits, Text};
    use ust::tracepoint;

    #[tracepoint(provider = "lttng_ust_dl", level = Debug)]
    pub fn dlopen(
        baddr: Address,
        memsz: u64,
        flags: SignedBits,
        path: Text,
        has_build_id: u8,
        has_debug_link: u8,
    );
    #[tracepoint(provider = "lttng_ust_dl", level = Debug)]
    pub fn build_id(baddr: Address, build_id: &[HexByte]);
    #[tracepoint(provider = "lttng_ust_dl", level = Debug)]
    pub fn dlclose(baddr: Address);
}

/// What a process has when it begins to be recorded.
pub mod statedump {
    use super::{Address, Character, HexByte, PROCNAME_BYTES, Text};
    use ust::tracepoint;

    #[tracepoint(provider = "lttng_ust_statedump", level = Debug)]
    pub fn start();
    #[tracepoint(provider = "lttng_ust_statedump", level = Debug)]
    pub fn procname(procname: [Character; PROCNAME_BYTES]);
    #[tracepoint(provider = "lttng_ust_statedump", level = Debug)]
    pub fn bin_info(
        baddr: Address,
        memsz: u64,
        path: Text,
        is_pic: u8,
        has_build_id: u8,
        has_debug_link: u8,
    );
    #[tracepoint(provider = "lttng_ust_statedump", level = Debug)]
    pub fn build_id(baddr: Address, build_id: &[HexByte]);
    #[tracepoint(provider = "lttng_ust_statedump", level = Debug)]
    pub fn end();
}

/// Of a process's name, and its zero.
pub const PROCNAME_BYTES: usize = 17;

typed! {
    /// A byte of text.
    Character(i8): Integer { encoding: Encoding::Utf8, ..<i8 as Field>::TYPE.number() };
    /// Flags, of which LTTng records an `int`.
    SignedBits(c_int): <c_int as Field>::TYPE.number().shown_in(Base::Hexadecimal);
}

/// Bytes that are shown in hexadecimal.
pub fn in_hexadecimal(bytes: &[u8]) -> &[HexByte] {
    // SAFETY: the type is a byte.
    unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) }
}

/// The calling thread's name: the process's, in its first thread.
pub fn own_name() -> [Character; PROCNAME_BYTES] {
    let mut name = [Character(0); PROCNAME_BYTES];
    // SAFETY: room for the 16 bytes that the kernel writes.
    unsafe { ::libc::prctl(::libc::PR_GET_NAME, name.as_mut_ptr()) };
    name
}

/// Functions of programs built for it.
pub mod functions {
    use super::Address;
    use ust::tracepoint;

    #[tracepoint(provider = "lttng_ust_cyg_profile", level = Debug)]
    pub fn func_entry(addr: Address, call_site: Address);
    #[tracepoint(provider = "lttng_ust_cyg_profile", level = Debug)]
    pub fn func_exit(addr: Address, call_site: Address);
}

/// What `pthread_mutex_lock` is recorded as.
pub enum MutexLock {}

impl Also for MutexLock {
    #[inline(always)]
    fn is_on() -> bool {
        pthread::pthread_mutex_lock_req::enabled() || pthread::pthread_mutex_lock_acq::enabled()
    }

    fn before(mutex: Address) {
        pthread::pthread_mutex_lock_req(mutex);
    }

    fn behind(mutex: Address, result: c_int) {
        pthread::pthread_mutex_lock_acq(mutex, result);
    }
}

/// What `pthread_mutex_trylock` is recorded as.
pub enum MutexTrylock {}

impl Also for MutexTrylock {
    #[inline(always)]
    fn is_on() -> bool {
        pthread::pthread_mutex_trylock::enabled()
    }

    fn before(_: Address) {}

    fn behind(mutex: Address, result: c_int) {
        pthread::pthread_mutex_trylock(mutex, result);
    }
}

/// What `pthread_mutex_unlock` is recorded as.
pub enum MutexUnlock {}

impl Also for MutexUnlock {
    #[inline(always)]
    fn is_on() -> bool {
        pthread::pthread_mutex_unlock::enabled()
    }

    fn before(_: Address) {}

    fn behind(mutex: Address, result: c_int) {
        pthread::pthread_mutex_unlock(mutex, result);
    }
}
