//! `odd_endings`: instrumented functions that are entered or left in ways of their own: signal handlers, futures that are dropped
//! half-way, panics that must not leave a function of C. `tests/odd_endings.rs` has what they leave.
#![allow(unsafe_code)]

use std::future::poll_fn;
use std::os::unix::process::ExitStatusExt as _;
use std::pin::pin;
use std::process::{Command, ExitStatus, Stdio};
use std::task::{Context, Poll, Waker};
use ust::tracepoint;

/// What no call sets.
const ODD_ERRNO: i32 = 4711;

#[tracepoint(provider = "odd")]
extern "C" fn handler(signal: i32) {
    let _ = signal;
}

#[tracepoint(provider = "odd")]
fn interrupted(number: u32) -> u32 {
    // SAFETY: the handler is installed, and this thread has an errno.
    unsafe {
        *libc::__errno_location() = ODD_ERRNO;
        libc::raise(libc::SIGUSR1);
        assert_eq!(*libc::__errno_location(), ODD_ERRNO);
    }
    number + 1
}

fn install() {
    let handler: extern "C" fn(i32) = handler;
    // SAFETY: a zeroed action is one, and the handler is async-signal-safe: tracepoints are.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
}

#[tracepoint(provider = "odd")]
async fn quick(number: u32) -> u32 {
    number
}

#[tracepoint(provider = "odd")]
async fn inner(number: u32) {
    poll_fn(|_| Poll::<()>::Pending).await;
    let _ = number;
}

#[tracepoint(provider = "odd")]
async fn slow(number: u32) -> u32 {
    inner(number + 1).await;
    number
}

/// As `tokio::select!`: the first that is ready, and the other is dropped where it waits.
async fn either(slow: impl Future<Output = u32>, quick: impl Future<Output = u32>) -> u32 {
    let (mut slow, mut quick) = (pin!(slow), pin!(quick));
    poll_fn(|context| match slow.as_mut().poll(context) {
        Poll::Pending => quick.as_mut().poll(context),
        ready => ready,
    })
    .await
}

#[tracepoint(provider = "odd")]
extern "C" fn panics(number: u32) -> u32 {
    assert_eq!(number, 0, "no");
    number
}

#[tracepoint(provider = "odd", span)]
extern "C" fn panics_in_a_span(number: u32) {
    assert_eq!(number, 0, "no");
}

extern "C" fn panics_plainly(number: u32) {
    assert_eq!(number, 0, "no");
}

/// How this program ends if it is to do that.
fn ends(how: &str) -> ExitStatus {
    let program = std::env::current_exe().expect("itself");
    let mut command = Command::new(program);
    command.arg(how).stderr(Stdio::null()).status().expect("a child")
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("panics") => drop(panics(1)),
        Some("panics_in_a_span") => panics_in_a_span(2),
        Some("panics_plainly") => panics_plainly(3),
        _ => {
            install();
            // The first event of a thread comes from its handler.
            std::thread::spawn(|| {
                // SAFETY: the handler is installed.
                unsafe { libc::raise(libc::SIGUSR1) };
            })
            .join()
            .expect("a thread");
            assert_eq!(interrupted(1), 2);
            let mut raced = pin!(either(slow(1), quick(7)));
            let polled = raced.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(polled, Poll::Ready(7));
            drop(slow(0));
            let plainly = ends("panics_plainly").signal();
            assert_eq!(plainly, Some(libc::SIGABRT));
            assert_eq!(ends("panics").signal(), plainly);
            assert_eq!(ends("panics_in_a_span").signal(), plainly);
        }
    }
}
