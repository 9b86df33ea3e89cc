//! The same as `plugin`, with a library that was built without restartable sequences: its events take the locked way into
//! streams of CPUs, whatever the program's take.

use without_sequences::tracepoint;

#[tracepoint(provider = "plugin", level = Info, crate = without_sequences)]
fn told(thread: u64, sequence: u64);

/// Emits events.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    (0..events).for_each(|sequence| told(thread, sequence));
}
