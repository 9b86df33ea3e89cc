//! `starved LIMIT EVENTS`: emits where no ring can be had, for want of `descriptors`, of `addresses` or of a
//! `file-size`; and again once there is enough.
//!
//! Two threads each time, and each has its first event. The report is how many events were emitted without and with enough.

use std::sync::Barrier;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "starved", level = Info)]
fn told(is_rich: bool, sequence: u64);

#[allow(unsafe_code)]
fn set_limit(limit: &str, is_rich: bool) {
    let (resource, poor) = match limit {
        "descriptors" => (libc::RLIMIT_NOFILE, 0),
        "addresses" => (libc::RLIMIT_AS, 4096),
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

/// Emits from two threads, once `prepared`. The second thread is started before, because starting one takes address space
/// too.
fn emit(is_rich: bool, events: u64, prepare: impl FnOnce()) {
    let [is_running, is_prepared] = [Barrier::new(2), Barrier::new(2)];
    let emit = || (0..events).for_each(|sequence| told(is_rich, sequence));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            is_running.wait();
            is_prepared.wait();
            emit();
        });
        is_running.wait();
        prepare();
        is_prepared.wait();
        emit();
    });
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, limit, events] = &arguments[..] else { panic!("LIMIT EVENTS") };
    let events = events.parse().expect("a number");
    emit(false, events, || set_limit(limit, false));
    set_limit(limit, true);
    std::thread::sleep(Duration::from_millis(20));
    emit(true, events, || ());
    report::write(&[2 * events, 2 * events]);
}
