//! The agent: how the process and the daemon find each other, and what starts before `main`.
//!
//! ```text
//!   .init_array of each module
//!      register_module --> callsites into the registry
//!           first time --> read the rules file: on before main, nobody waits
//!                      --> agent thread: connect, or wait for a daemon to come
//!   a thread's first event --> handover: claims a stream, sends its memfd
//!   fork                   --> child: own process, own agent
//!   a thread's end         --> its streams go back to their channel
//! ```
//!
//! `protocol`, `paths` and `socket` are leaves that the daemon uses too.

mod handover;
mod held;
pub mod paths;
pub mod protocol;
mod reach;
pub mod socket;
mod start;
mod thread;

pub use handover::{first_event, forget_closed, give_up, want_snapshot};
pub use start::register_module;

use once_cell::race::OnceBox;
use rustix::net::SocketAddrUnix;

/// Where the daemon is met. Set before the first callsite can be on; read in signal handlers.
static MEETING_PLACE: OnceBox<MeetingPlace> = OnceBox::new();

/// The runtime directory as the environment named it before `main`, and what is worked out from it once.
struct MeetingPlace {
    dir: paths::RuntimeDir,
    agent_socket: SocketAddrUnix,
}

/// Every signal but those that an instruction of the thread itself raises: blocking one of these does not
/// put it off, it kills, even where the program has a handler (a sandbox's, for SIGSYS, say).
///
/// # Safety
/// `set` points to a signal set; what it holds does not matter.
#[allow(unsafe_code)]
unsafe fn fill_with_asynchronous(set: *mut libc::sigset_t) {
    let synchronous =
        [libc::SIGSYS, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGTRAP];
    // SAFETY: the caller's promise.
    unsafe {
        libc::sigfillset(set);
        for signal in synchronous {
            libc::sigdelset(set, signal);
        }
    }
}

fn meeting_place() -> Option<&'static MeetingPlace> {
    MEETING_PLACE.get()
}
