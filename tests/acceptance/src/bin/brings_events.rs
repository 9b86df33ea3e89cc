//! `brings_events CLASSES EVENTS [EACH]`: declares events while it runs, and records each of them, or one of EACH, so often,
//! with its class's number.
//!
//! An observer counts how many were switched on. The report is that number, and how many events were recorded.

use core::ffi::c_void;
use ust::Level;
use ust::dynamic::{Description, DynamicEvent, Observer};
use ust_acceptance::report;
use ust_core::sync::{AtomicU64, Ordering};
use ust_core::wire::FieldType;

static SWITCHED_ON: AtomicU64 = AtomicU64::new(0);

extern "C" fn notify(_: *mut c_void, is_on: bool) {
    SWITCHED_ON.fetch_add(is_on.into(), Ordering::Relaxed);
}

// One tracepoint of its own: without any, no constructor starts the runtime.
#[ust::tracepoint(provider = "brought", level = Info)]
fn begun();

#[allow(unsafe_code)]
fn main() {
    let number = |text: String| text.parse::<u64>().expect("a number");
    let [classes, events] =
        [1, 2].map(|at| number(std::env::args().nth(at).expect("CLASSES EVENTS")));
    let each = std::env::args().nth(3).map_or(1, number);
    begun();
    for class in 0..classes {
        let description = Description {
            provider: "brought".to_owned(),
            name: format!("event_{class}"),
            level: Level::Info,
            file: String::new(),
            line: 0,
            fields: vec![
                ("class".to_owned(), FieldType::U64),
                ("text".to_owned(), FieldType::TEXT),
            ],
        };
        let observer = Observer { notify, data: core::ptr::null_mut() };
        let event = DynamicEvent::register(&description, Some(observer));
        let payload = [&class.to_ne_bytes()[..], b"brought\0"].concat();
        let recorded = if class % each == 0 { events } else { 0 };
        for _ in 0..recorded {
            // SAFETY: a number and a text.
            unsafe { event.record(&payload) };
        }
    }
    report::write(&[SWITCHED_ON.load(Ordering::Relaxed), classes.div_ceil(each) * events]);
}
