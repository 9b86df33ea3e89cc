//! The runtime of programs that carry `include/ust.h`.
//!
//! ```text
//!   program, plugin.so                          this shim
//!   constructor --looks for an ELF note-------> note --> TABLE           (note.rs)
//!               --join(callsites)-------------> header.rs, described.rs, then the registry
//!   tracepoint, on --record(bytes)------------> payload.rs, then the hot path of any tracepoint
//!                  --record_by(encode)-------->    '-- calls back `encode`, to write the fields into the ring
//!   destructor  --leave-----------------------> unregistered
//! ```
//!
//! **Invariant:** the table and the structures of `header` are those of `ust.h`, and are never changed but by appending: a
//! program that was compiled yesterday meets the shim of tomorrow. The minor says what has been appended.
#![allow(unsafe_code)]

mod described;
mod header;
mod note;
mod payload;

use crate::stopwatch::Stopwatch;
use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::panic::AssertUnwindSafe;
use core::slice;
use described::described;
use header::{Callsite, Module};
use payload::Fields;
use std::panic::catch_unwind;
use ust::dynamic::{Declaration, Registration, Switch, lies_in_executable, record};
use ust_core::abi::C_API;
use ust_core::wire::{Encoded, Field, Text};

const MAGIC: u64 = u64::from_ne_bytes(*b"ustc_api");

/// `struct ust_api_` of `ust.h`.
#[repr(C)]
struct Table {
    magic: u64,
    major: u32,
    minor: u32,
    bytes: u32,
    reserved: u32,
    join: unsafe extern "C" fn(*const Module) -> *mut c_void,
    leave: unsafe extern "C" fn(*mut c_void) -> *mut c_void,
    record_4: unsafe extern "C-unwind" fn(*const Switch, u32),
    record_8: unsafe extern "C-unwind" fn(*const Switch, u64),
    record: unsafe extern "C-unwind" fn(*const Switch, *const u8, usize),
    record_by: unsafe extern "C-unwind" fn(*const Switch, usize, header::Encode, *const c_void),
    write_text: unsafe extern "C" fn(*mut u8, *const c_char, usize) -> *mut u8,
    start: unsafe extern "C" fn(*mut [u64; 2]),
    elapsed_ns: unsafe extern "C" fn(*const [u64; 2]) -> u64,
}

// What a program of version 1.0 calls: as `tests/fixtures/c-api-1/layout.txt` has it.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Table>() >= 96 && offset_of!(Table, join) == 24);
    assert!(offset_of!(Table, record_4) == 40 && offset_of!(Table, record_by) == 64);
    assert!(offset_of!(Table, write_text) == 72 && offset_of!(Table, elapsed_ns) == 88);
};

static TABLE: Table = Table {
    magic: MAGIC,
    major: C_API.major as u32,
    minor: C_API.minor as u32,
    bytes: size_of::<Table>() as u32,
    reserved: 0,
    join,
    leave,
    record_4,
    record_8,
    record: record_encoded,
    record_by,
    write_text,
    start,
    elapsed_ns,
};

/// A module that has joined.
struct Joined {
    registration: Registration,
    /// In the executable, which stays for as long as the process does.
    stays: bool,
}

/// Registers a module's tracepoints. Null if the module speaks otherwise, or has none.
unsafe extern "C" fn join(module: *const Module) -> *mut c_void {
    // A constructor must not unwind into the loader.
    let joined = catch_unwind(|| {
        // The constructors of libraries run before that of the shim.
        ust::__private::register_module();
        // SAFETY: the header's structure, in the form of its version.
        let module = unsafe { &*module };
        if module.major != u32::from(C_API.major) {
            return None;
        }
        // SAFETY: the header's section.
        let mut callsites = unsafe { module.callsites() }.to_vec();
        // Files of one module share some callsites, and each names them.
        callsites.sort_unstable();
        callsites.dedup();
        let first = *callsites.first()?;
        // SAFETY: as above.
        let callsites =
            callsites.into_iter().map(|callsite| unsafe { (callsite, described(&*callsite)) });
        let callsites: Vec<_> = callsites.collect();
        let declarations = callsites.iter().map(|(callsite, description)| Declaration {
            switch: Callsite::switch(*callsite),
            description,
            observer: None,
        });
        // SAFETY: the module's memory is there until it leaves.
        let registration = unsafe { Registration::of(declarations) };
        Some(Box::new(Joined { registration, stays: lies_in_executable(first.cast()) }))
    });
    joined.ok().flatten().map_or(core::ptr::null_mut(), |joined| Box::into_raw(joined).cast())
}

/// Unregisters the tracepoints of a module that may be about to be unloaded. Returns what has still joined; null if nothing has.
unsafe extern "C" fn leave(joined: *mut c_void) -> *mut c_void {
    let joined = joined.cast::<Joined>();
    // Also called at the program's end. What stays goes on recording for as long as it runs.
    // SAFETY: what `join` or this returned.
    if unsafe { &*joined }.stays {
        return joined.cast();
    }
    // SAFETY: as above, and it is given back for good.
    let joined = unsafe { Box::from_raw(joined) };
    let _ = catch_unwind(AssertUnwindSafe(|| drop(joined.registration)));
    core::ptr::null_mut()
}

unsafe extern "C-unwind" fn record_4(switch: *const Switch, encoded: u32) {
    // SAFETY: the callsite's switch.
    record(unsafe { &*switch }, (encoded,));
}

unsafe extern "C-unwind" fn record_8(switch: *const Switch, encoded: u64) {
    // SAFETY: the callsite's switch.
    record(unsafe { &*switch }, (encoded,));
}

unsafe extern "C-unwind" fn record_encoded(
    switch: *const Switch,
    encoded: *const u8,
    bytes: usize,
) {
    // SAFETY: the callsite's switch, and the fields that the header encoded.
    let (switch, encoded) = unsafe { (&*switch, slice::from_raw_parts(encoded, bytes)) };
    record(switch, Encoded(encoded));
}

unsafe extern "C-unwind" fn record_by(
    switch: *const Switch,
    bytes: usize,
    encode: header::Encode,
    fields: *const c_void,
) {
    // SAFETY: the callsite's switch; the header's function writes as many bytes as it has measured.
    let (switch, payload) = unsafe { (&*switch, Fields::new(bytes, encode, fields)) };
    record(switch, payload);
}

unsafe extern "C" fn write_text(at: *mut u8, text: *const c_char, length: usize) -> *mut u8 {
    // SAFETY: the caller lends as many bytes, and one for the zero.
    unsafe { Text::from_raw(text.cast(), length).encode(at) }
}

unsafe extern "C" fn start(moment: *mut [u64; 2]) {
    // SAFETY: the header's structure.
    unsafe { moment.write(Stopwatch::start().to_words()) };
}

unsafe extern "C" fn elapsed_ns(moment: *const [u64; 2]) -> u64 {
    // SAFETY: what `start` wrote.
    Stopwatch::from_words(unsafe { moment.read() }).elapsed_ns()
}
