//! A plugin that declares an event at run time, with an observer of its own, and never takes the event back.

use core::ffi::c_void;
use std::sync::OnceLock;
use ust::Level;
use ust::dynamic::{Description, DynamicEvent, Observer};
use ust::tracepoint;
use ust_core::sync::{AtomicU64, Ordering};

#[tracepoint(provider = "keeper", level = Info)]
fn told(thread: u64, sequence: u64);

static SWITCHED: AtomicU64 = AtomicU64::new(0);

extern "C" fn notify(_: *mut c_void, _: bool) {
    SWITCHED.fetch_add(1, Ordering::Relaxed);
}

/// Emits events, and declares one.
#[unsafe(no_mangle)]
#[allow(unsafe_code)]
pub extern "C" fn emit(thread: u64, events: u64) {
    static KEPT: OnceLock<DynamicEvent> = OnceLock::new();
    KEPT.get_or_init(|| {
        let (provider, name) = ("keeper".to_owned(), "kept".to_owned());
        let (file, fields) = (String::new(), Vec::new());
        let description = Description { provider, name, level: Level::Info, file, line: 0, fields };
        let observer = Observer { notify, data: core::ptr::null_mut() };
        DynamicEvent::register(&description, Some(observer))
    });
    (0..events).for_each(|sequence| told(thread, sequence));
}
