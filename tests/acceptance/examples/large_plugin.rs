//! A plugin with more thread-locals than `dlopen` has room for at a fixed distance from the thread pointer. It has the
//! library with the feature `dynamic-tls`. Loaded, called and closed by `loads_plugin`.

use other_ust::tracepoint;
use std::cell::Cell;

/// Glibc sets some 1600 bytes aside.
const MANY: usize = 64 << 10;

thread_local! {
    static LARGE: [Cell<u8>; MANY] = const { [const { Cell::new(0) }; MANY] };
}

#[tracepoint(provider = "plugin", level = Info, crate = other_ust)]
fn told(thread: u64, sequence: u64);

/// Emits events, and uses its thread-locals.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    LARGE.with(|large| large.iter().for_each(|byte| byte.set(byte.get().wrapping_add(1))));
    (0..events).for_each(|sequence| told(thread, sequence));
}
