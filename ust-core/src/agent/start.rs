//! What happens before `main`, and at the program's other turns: fork, and the end of a thread.
//!
//! Constructors run before std has set itself up: nothing here prints, and nothing may panic.
#![allow(unsafe_code)]

use super::paths::RuntimeDir;
use super::protocol::{MAX_MESSAGE_BYTES, Rules, decode};
use super::{ENDPOINT, handover, thread};
use crate::callsite::Callsite;
use crate::session::{self, fork};
use crate::sync::{AtomicBool, Ordering};
use crate::thread_cache;
use rustix::net::SocketAddrUnix;
use std::os::raw::c_void;

/// Registers a module's callsites; the first time, starts everything else. Called by the constructor of
/// each tracepoint of the module, does its work in the first.
pub fn register_module(callsites: &'static [&'static Callsite]) {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    if IS_REGISTERED.swap(true, Ordering::AcqRel) {
        return;
    }
    session::register(callsites.iter().copied());
    let dir = RuntimeDir::from_environment();
    // Longer than a socket's address can be: no daemon could listen there either.
    let Ok(address) = SocketAddrUnix::new(dir.agent_socket()) else { return };
    let _ = ENDPOINT.set(Box::new(address));
    if !fork::initialise() {
        return;
    }
    thread_cache::initialise(thread_ends);
    // SAFETY: handlers that stay linked: this crate's code is unloaded with nobody left to fork.
    unsafe {
        libc::pthread_atfork(Some(before_fork), Some(after_fork_parent), Some(after_fork_child))
    };
    if let Some(rules) = published_rules(&dir) {
        session::apply(rules);
        // If it fails the agent will say it, or the first event.
        let _ = handover::introduce();
    }
    thread::start();
}

/// The rules as the daemon last published them. They may be a dead daemon's: then the first event's
/// handover finds nobody, and the agent switches everything off.
fn published_rules(dir: &RuntimeDir) -> Option<Rules> {
    let bytes = std::fs::read(dir.rules()).ok()?;
    (bytes.len() <= MAX_MESSAGE_BYTES).then(|| decode(&bytes))?
}

unsafe extern "C" fn thread_ends(value: *mut c_void) {
    // SAFETY: the key's value is what `thread_cache::own` set.
    unsafe {
        thread_cache::thread_ends(value, |stream| {
            let channels = (0..super::protocol::MAX_CHANNELS).filter_map(session::channel);
            let _ = channels.flat_map(|channel| channel.files()).any(|file| file.release(stream));
        });
    }
}

/// Whether this fork's `before` holds the registry. Forks of several threads are one after the other:
/// glibc runs the handlers under its own lock.
static IS_HELD: AtomicBool = AtomicBool::new(false);

unsafe extern "C" fn before_fork() {
    IS_HELD.store(fork::before(), Ordering::Relaxed);
}

unsafe extern "C" fn after_fork_parent() {
    if IS_HELD.swap(false, Ordering::Relaxed) {
        fork::let_registry_go();
    }
}

unsafe extern "C" fn after_fork_child() {
    let is_current = fork::ensure_current();
    if IS_HELD.swap(false, Ordering::Relaxed) {
        fork::let_registry_go();
        if is_current {
            let _ = handover::introduce();
            thread::start();
        }
    }
}
