//! `one_event END`: emits one event and ends at once, by `_exit`, by a SIGKILL to itself, or by returning from `main`.

use ust::tracepoint;

#[tracepoint(provider = "one", level = Info)]
fn event(process: u32, text: &str);

#[allow(unsafe_code)]
fn main() {
    let end = std::env::args().nth(1).unwrap_or_default();
    event(std::process::id(), &end);
    // SAFETY: both end the process, and touch no memory.
    unsafe {
        match &*end {
            "exit" => libc::_exit(0),
            "kill" => drop(libc::kill(libc::getpid(), libc::SIGKILL)),
            _ => {}
        }
    }
}
