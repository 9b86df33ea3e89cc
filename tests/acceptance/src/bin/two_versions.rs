//! `two_versions EVENTS`: a program with two versions of the library in it emits as many events by each.
//!
//! Each version emits in the main thread, in a thread that ends, and in a child of `fork`. The report is how many by each.

use ust_acceptance::report;

#[ust::tracepoint(provider = "newer", level = Info)]
fn told(sequence: u64);

mod older {
    #[other_ust::tracepoint(provider = "older", level = Info, crate = other_ust)]
    pub fn told(sequence: u64);
}

fn main() {
    let events: u64 = std::env::args().nth(1).expect("EVENTS").parse().expect("a number");
    let emit = move || {
        for sequence in 0..events {
            told(sequence);
            older::told(sequence);
        }
    };
    emit();
    std::thread::spawn(emit).join().expect("it does not panic");
    // SAFETY: the child emits and exits.
    #[allow(unsafe_code)]
    unsafe {
        let child = libc::fork();
        if child == 0 {
            emit();
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!((libc::waitpid(child, &mut status, 0), status), (child, 0));
    }
    report::write(&[3 * events, 3 * events]);
}
