//! What is recorded of libraries that come and go: by the set `dl`, and by LTTng-UST's names.
#![allow(unsafe_code)]

use crate::argument::{Address, Bits};
use crate::object::{MAX_BUILD_ID_BYTES, Object};
use crate::sets::lttng::{self as lttng_types, SignedBits, dl as lttng, statedump};
use core::ffi::c_int;
use core::ptr;
use ust_core::sync::{AtomicU32, Ordering};
use ust_core::wire;

mod event {
    use super::{Address, wire};
    use ust::tracepoint;

    #[tracepoint(provider = "dl", level = Debug)]
    pub fn object(base: Address, size: u64, path: wire::Text, build_id: &str, is_start: bool);
    #[tracepoint(provider = "dl", level = Debug)]
    pub fn object_gone(base: Address);
}

/// The flags of the last `dlopen`, which is the one whose objects are told next.
static FLAGS: AtomicU32 = AtomicU32::new(0);

/// A `dlopen` with these flags is called.
pub fn note_flags(flags: Bits) {
    FLAGS.store(flags.0, Ordering::Relaxed);
}

/// Whether anybody records libraries.
#[inline(always)]
pub fn is_on() -> bool {
    event::object::enabled()
        || event::object_gone::enabled()
        || lttng::dlopen::enabled()
        || statedump::bin_info::enabled()
}

/// The libraries present at start follow.
pub fn begins() {
    statedump::start();
    if statedump::procname::enabled() {
        statedump::procname(lttng_types::own_name());
    }
}

/// They were all.
pub fn is_complete() {
    statedump::end();
}

/// A library that was not there before.
pub fn has_come(object: &Object, is_start: bool) {
    let base: Address = ptr::without_provenance(object.base);
    let size = object.size as u64;
    let path = object.path();
    // SAFETY: the bytes live as long as the object.
    let path = || unsafe { wire::Text::from_raw(path.as_ptr(), path.len()) };
    let mut hex = [0; 2 * MAX_BUILD_ID_BYTES];
    let id = object.build_id();
    event::object(base, size, path(), in_hex(id, &mut hex), is_start);
    let has_build_id = u8::from(!id.is_empty());
    let digits = lttng_types::in_hexadecimal(id);
    if is_start {
        statedump::bin_info(base, size, path(), object.is_pic.into(), has_build_id, 0);
        if has_build_id != 0 {
            statedump::build_id(base, digits);
        }
    } else {
        let flags = FLAGS.load(Ordering::Relaxed);
        lttng::dlopen(base, size, SignedBits(flags as c_int), path(), has_build_id, 0);
        if has_build_id != 0 {
            lttng::build_id(base, digits);
        }
    }
}

/// A library that is there no more.
pub fn has_gone(base: usize) {
    event::object_gone(ptr::without_provenance(base));
}

/// Bytes as text.
fn in_hex<'a>(bytes: &[u8], room: &'a mut [u8; 2 * MAX_BUILD_ID_BYTES]) -> &'a str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in room.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    core::str::from_utf8(&room[..2 * bytes.len()]).unwrap_or_default()
}
