//! `odd_places`: emits where programs rarely do, one event for each place. Where it can be, the event is its thread's
//! first.
//!
//! The report is the names of the places.

use std::cell::RefCell;
use ust::tracepoint;
use ust_acceptance::report;

#[tracepoint(provider = "odd", level = Info)]
fn place(number: u64);

/// The names in the report, by number.
const PLACES: [&str; 10] = [
    "main",
    "a thread's destructor, first event",
    "a thread's destructor, after others",
    "a handler on a small stack, first event",
    "a thread with the smallest stack, first event",
    "a thread that main does not wait for",
    "atexit",
    "a constructor before main, linked first",
    "a constructor before main, of no priority",
    "a destructor of a pthread key, after the others",
];

struct EmitsAtTheEnd(u64);

impl Drop for EmitsAtTheEnd {
    fn drop(&mut self) {
        place(self.0);
    }
}

thread_local! {
    static AT_THE_END: RefCell<Option<EmitsAtTheEnd>> = const { RefCell::new(None) };
}

fn in_a_thread(job: impl FnOnce() + Send + 'static) {
    std::thread::spawn(job).join().expect("it does not panic");
}

extern "C" fn handler(_: libc::c_int) {
    place(3);
}

/// The size that users of `sigaltstack` take: the old SIGSTKSZ.
const SMALL_STACK_BYTES: usize = 8192;

#[allow(unsafe_code)]
fn on_a_small_stack() {
    let mut stack = vec![0u8; SMALL_STACK_BYTES];
    // SAFETY: a stack that lives until it is taken away, and a handler that is async-signal-safe.
    unsafe {
        let mut alternative: libc::stack_t = core::mem::zeroed();
        alternative.ss_sp = stack.as_mut_ptr().cast();
        alternative.ss_size = stack.len();
        let mut before: libc::stack_t = core::mem::zeroed();
        libc::sigaltstack(&alternative, &mut before);
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigaction(libc::SIGUSR1, &action, core::ptr::null_mut());
        libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1);
        libc::sigaltstack(&before, core::ptr::null_mut());
    }
}

extern "C" fn at_exit() {
    place(6);
}

/// C's `__attribute__((constructor(101)))`, the first that programs may have, and the plain one.
#[used]
#[allow(unsafe_code)]
#[unsafe(link_section = ".init_array.00101")]
static FIRST: extern "C" fn() = first_constructor;

#[used]
#[allow(unsafe_code)]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = constructor;

extern "C" fn first_constructor() {
    place(7);
}

extern "C" fn constructor() {
    place(8);
}

/// A key that is made after the tracer's has its destructor called after it.
#[allow(unsafe_code)]
fn with_a_key() {
    unsafe extern "C" fn destructor(_: *mut libc::c_void) {
        place(9);
    }
    let mut key = 0;
    // SAFETY: valid pointers, and a destructor that stays; the value is only not null.
    unsafe {
        assert_eq!(libc::pthread_key_create(&mut key, Some(destructor)), 0);
        assert_eq!(libc::pthread_setspecific(key, core::ptr::dangling()), 0);
    }
    place(100);
}

#[allow(unsafe_code)]
fn main() {
    // SAFETY: a function that stays.
    unsafe { libc::atexit(at_exit) };
    in_a_thread(|| AT_THE_END.with_borrow_mut(|it| *it = Some(EmitsAtTheEnd(1))));
    in_a_thread(|| {
        AT_THE_END.with_borrow_mut(|it| *it = Some(EmitsAtTheEnd(2)));
        place(100);
    });
    in_a_thread(on_a_small_stack);
    in_a_thread(with_a_key);
    // SAFETY: asks for a number.
    let smallest = unsafe { libc::sysconf(libc::_SC_THREAD_STACK_MIN) }.max(16384) as usize;
    let tiny = std::thread::Builder::new().stack_size(smallest).spawn(|| place(4));
    tiny.expect("it starts").join().expect("it does not panic");
    let (told, hears) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        place(5);
        told.send(()).expect("main waits for this");
        loop {
            std::thread::park();
        }
    });
    hears.recv().expect("the thread says so");
    place(0);
    report::write(&PLACES);
}
