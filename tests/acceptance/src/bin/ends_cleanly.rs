//! `ends_cleanly EVENTS`: emits in two threads, in a child and in a grandchild, each of which ends by `exit`: for tools
//! that look at the end of a process for what it has left behind.

use ust::tracepoint;

#[tracepoint(provider = "ends_cleanly", level = Info)]
fn step(generation: u32, sequence: u64);

fn main() {
    let events: u64 = std::env::args().nth(1).expect("EVENTS").parse().expect("a number");
    let emit = move |generation| (0..events).for_each(|sequence| step(generation, sequence));
    emit(0);
    std::thread::spawn(move || emit(0)).join().expect("it does not panic");
    in_child(|| {
        emit(1);
        std::thread::spawn(move || emit(1)).join().expect("it does not panic");
        in_child(|| emit(2));
    });
    emit(0);
}

/// Runs the closure in a child, which then exits as programs do, and waits for it.
#[allow(unsafe_code)]
fn in_child(job: impl FnOnce()) {
    // SAFETY: this thread is the only one of the program's own.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        job();
        std::process::exit(0);
    }
    let mut status = 0;
    // SAFETY: a valid pointer.
    assert_eq!((unsafe { libc::waitpid(child, &mut status, 0) }, status), (child, 0));
}
