//! A plugin: a shared object with tracepoints of its own, to be loaded, called and closed by `loads_plugin`.

use ust::tracepoint;

#[tracepoint(provider = "plugin", level = Info)]
fn told(thread: u64, sequence: u64);

/// Emits events. Also asks std for the thread's handle: that makes thread-local state in the plugin's std.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    assert!(std::thread::current().name().is_none_or(|name| !name.is_empty()));
    (0..events).for_each(|sequence| told(thread, sequence));
}
