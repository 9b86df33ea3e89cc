//! A plugin: a shared object with tracepoints and its own copy of the library, to be loaded, called and closed. It has no
//! thread-local of std's with a destructor, which would keep it loaded, or crash its host.

use ust::tracepoint;

#[tracepoint(provider = "plugin", level = Info)]
fn told(thread: u64, sequence: u64);

/// Emits events.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    (0..events).for_each(|sequence| told(thread, sequence));
}
