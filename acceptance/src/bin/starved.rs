//! `starved LIMIT EVENTS`: emits where no ring can be had, for want of `descriptors`, of `addresses` or of a
//! `file-size`; and again once there is enough.
//!
//! Two threads each time, of which each has its first event. The account is how many were emitted, poor and rich.

use std::time::Duration;
use ust_acceptance::report;
use ust_core::tracepoint;

#[tracepoint(provider = "starved", level = Info)]
fn told(is_rich: bool, sequence: u64);

/// Room for a thread and what it allocates, and for no ring.
const SPARE_BYTES: u64 = 64 << 20;

/// Addresses in use.
fn address_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("/proc is mounted");
    pages.split(' ').next().and_then(|n| n.parse::<u64>().ok()).expect("a number") * 4096
}

#[allow(unsafe_code)]
fn set_limit(limit: &str, is_rich: bool) {
    let (resource, poor) = match limit {
        "descriptors" => (libc::RLIMIT_NOFILE, 0),
        "addresses" => (libc::RLIMIT_AS, address_bytes() + SPARE_BYTES),
        "file-size" => (libc::RLIMIT_FSIZE, 4096),
        other => panic!("{other} is no limit"),
    };
    // SAFETY: plain data and valid pointers.
    unsafe {
        let mut limit: libc::rlimit = core::mem::zeroed();
        assert_eq!(libc::getrlimit(resource, &mut limit), 0);
        limit.rlim_cur = if is_rich { limit.rlim_max } else { poor as libc::rlim_t };
        assert_eq!(libc::setrlimit(resource, &limit), 0);
    }
}

fn emit(is_rich: bool, events: u64) {
    let emit = move || (0..events).for_each(|sequence| told(is_rich, sequence));
    let small = std::thread::Builder::new().stack_size(256 << 10);
    let thread = small.spawn(emit).expect("there is room for a thread");
    emit();
    thread.join().expect("it does not panic");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, limit, events] = &arguments[..] else { panic!("LIMIT EVENTS") };
    let events = events.parse().expect("a number");
    set_limit(limit, false);
    emit(false, events);
    set_limit(limit, true);
    std::thread::sleep(Duration::from_millis(20));
    emit(true, events);
    report::write(&[2 * events, 2 * events]);
}
