//! `prints_to_nobody EVENTS`: starts itself anew without standard descriptors, and prints all the same.
//!
//! The report is how often a standard descriptor was there: at the start of `main`, when the tracer had already
//! begun, and after threads had had their first events.

use std::ffi::CString;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "prints", level = Info)]
fn told(thread: u32, sequence: u64);

const THREADS: u32 = 8;

#[allow(unsafe_code)]
fn close_standard() {
    for number in 0..3 {
        // SAFETY: nothing in this program uses them.
        unsafe { libc::close(number) };
    }
}

/// Goes on as the same program, with `closed` before its arguments. What lies in between, constructors, finds no
/// standard descriptors.
#[allow(unsafe_code)]
fn start_anew(events: &str) -> ! {
    close_standard();
    let arguments = ["prints_to_nobody", "closed", events];
    let arguments = arguments.map(|argument| CString::new(argument).expect("no zero in it"));
    let pointers: Vec<_> =
        arguments.iter().map(|argument| argument.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: a list of strings that ends with a null pointer.
    unsafe { libc::execv(c"/proc/self/exe".as_ptr(), pointers.as_ptr()) };
    panic!("{}", std::io::Error::last_os_error());
}

/// What was opened before the runtime put /dev/null in all three places.
fn strangers() -> usize {
    let target = |number: &i32| std::fs::read_link(format!("/proc/self/fd/{number}"));
    (0..3).filter(|number| !target(number).is_ok_and(|path| path.ends_with("null"))).count()
}

/// Prints to both standard streams; returns how many of them there were.
#[allow(unsafe_code)]
fn print() -> usize {
    let text = b"to nobody\n";
    // SAFETY: a system call on bytes that are there.
    let is_written = |number: &i32| unsafe { libc::write(*number, text.as_ptr().cast(), 10) } >= 0;
    [1, 2].iter().filter(|number| is_written(number)).count()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [events] = &arguments[..] else {
        return closed(arguments[1].parse().expect("closed EVENTS"));
    };
    start_anew(events)
}

fn closed(events: u64) {
    let strangers = strangers();
    close_standard();
    let barrier = std::sync::Barrier::new(THREADS as usize + 1);
    let barrier = &barrier;
    let mut heard = 0;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                (0..events).for_each(|sequence| told(thread, sequence));
                barrier.wait();
                // Their rings stay until everything has been printed.
                barrier.wait();
            });
        }
        barrier.wait();
        heard = print();
        barrier.wait();
    });
    report::write(&[strangers, heard]);
}
