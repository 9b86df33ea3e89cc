//! `plugin` in a later version: the event of the same name has one more field.

use ust::tracepoint;

#[tracepoint(provider = "plugin", level = Info)]
fn told(thread: u64, sequence: u64, version: u32);

/// Emits events.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    (0..events).for_each(|sequence| told(thread, sequence, 2));
}
