//! The same as `plugin`, with another provider.

use ust::tracepoint;

#[tracepoint(provider = "guest", level = Info)]
fn told(thread: u64, sequence: u64);

/// Emits events.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    (0..events).for_each(|sequence| told(thread, sequence));
}
