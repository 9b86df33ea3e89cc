//! What happens before `main`, and at the program's other turns: fork, and the end of a thread.
//!
//! Constructors run before std has set itself up: nothing here prints, and nothing may panic.
#![allow(unsafe_code)]

use crate::agent_thread;
use crate::callsite::Callsite;
use crate::declared;
use crate::election;
use crate::fork;
use crate::handover::Origin;
use crate::instance::RUNTIME;
use crate::meeting_place::MeetingPlace;
use crate::module;
use crate::undisturbed::Undisturbed;
use core::cell::Cell;
use rustix::io::Errno;
use std::os::raw::c_void;
use ust_core::cpu;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{Lack, MAX_MESSAGE_BYTES, Rules, decode};
use ust_core::sync::{AtomicBool, Ordering};

/// Makes this copy the process's runtime or joins it, and registers the module's callsites. Called by a constructor of each
/// tracepoint of the module, does its work in the first.
pub(crate) fn register_module() {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    // Relaxed: a thread that finds it done does nothing.
    if IS_REGISTERED.swap(true, Ordering::Relaxed) {
        return;
    }
    let mut callsites = declared::all().peekable();
    let Some(first) = callsites.peek() else { return };
    let first = core::ptr::from_ref(*first).cast();
    // A handler that forks would wait for the registry that this thread holds (in `dlopen`; there are no handlers
    // before `main`).
    let _undisturbed = Undisturbed::new();
    cpu::initialise();
    let mut found = election::find();
    // The copy that is elected is never unloaded.
    if found.elected.is_none() && stay_loaded(first) {
        found = election::elect(&module::TABLE);
    }
    match found.elected {
        Some(elected) => {
            module::join(elected);
            module::register_callsites(callsites);
        }
        None if module::TABLE.is_elected() => {
            if let Some(other) = found.other {
                RUNTIME.other_copy.get_or_init(|| Box::new(other));
            }
            module::register_callsites(callsites);
            start();
        }
        None => {}
    }
}

/// Takes the module's callsites back, if it may be about to be unloaded. Called by a destructor of each tracepoint of the
/// module, does its work in the first.
pub(crate) fn unregister_module() {
    let is_executable = || declared::all().next().is_none_or(lies_in_executable);
    // At the program's end as well: but what is not unloaded goes on to be recorded for as long as it runs.
    if module::is_joined() && !is_executable() {
        let _undisturbed = Undisturbed::new();
        module::leave();
    }
}

/// Starts the runtime of this copy, which is the process's.
fn start() {
    let Some(place) = MeetingPlace::from_environment() else { return };
    let place = RUNTIME.meeting_place.get_or_init(|| Box::new(place));
    if !RUNTIME.ancestry.initialise() {
        // The kernel does not know the advice, or there is no page to be had.
        RUNTIME.tell_lack(Lack::Forks, Errno::NOMEM);
        return;
    }
    RUNTIME.caches.initialise(thread_ends);
    // SAFETY: handlers that stay linked: `stay_loaded` saw to it.
    unsafe {
        libc::pthread_atfork(Some(before_fork), Some(after_fork_parent), Some(after_fork_child))
    };
    match RUNTIME.apply(|| published_rules(&place.dir)) {
        Ok(None) => {}
        Ok(Some(_)) => {
            place.note_directory();
            // If it fails the agent will say it, or the first event.
            let _ = RUNTIME.process().map(|process| place.introduce(process));
        }
        Err(reason) => RUNTIME.tell_lack(Lack::ProcessFile, reason),
    }
    start_agent();
}

/// Starts the agent, or tells that there is none.
fn start_agent() {
    if let Err(reason) = agent_thread::start() {
        RUNTIME.tell_lack(Lack::Agent, reason);
    }
}

/// Keeps the shared object in which a callsite lies in memory for good, and with it the one that this code is linked
/// into: the agent runs in it, threads that end call into it, and so do forks. `false` if that cannot be had; then the
/// module is not traced.
fn stay_loaded(callsite: *const c_void) -> bool {
    // SAFETY: plain data and valid pointers. `dlopen` of what is loaded already loads nothing; asking for
    // the executable by name fails, and need not be asked: it is never unloaded.
    unsafe {
        let mut object: libc::Dl_info = core::mem::zeroed();
        if libc::dladdr(callsite, &mut object) == 0 || object.dli_fname.is_null() {
            // Linked statically: there is no loader that could unload it.
            return true;
        }
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        !libc::dlopen(object.dli_fname, flags).is_null() || is_executable(&object)
    }
}

/// Whether an object is the program itself and no library: program headers of the main program lie in it.
fn is_executable(object: &libc::Dl_info) -> bool {
    // SAFETY: the auxiliary vector of this process.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) } as usize;
    let base = object.dli_fbase as usize;
    (base..base + ust_core::abi::PAGE_BYTES).contains(&headers)
}

/// Whether a callsite is the program's own.
fn lies_in_executable(callsite: &Callsite) -> bool {
    // SAFETY: plain data and valid pointers.
    unsafe {
        let mut object: libc::Dl_info = core::mem::zeroed();
        // Where there is no loader, nothing is unloaded.
        libc::dladdr(core::ptr::from_ref(callsite).cast(), &mut object) == 0
            || is_executable(&object)
    }
}

/// The rules as the daemon last published them. They may be a dead daemon's: then the first event's
/// handover finds nobody, and the agent switches everything off.
fn published_rules(dir: &RuntimeDir) -> Option<Rules> {
    // Whoever can write there would be obeyed, and sent our memory.
    let file = dir.open_rules()?;
    let mut bytes = vec![0; MAX_MESSAGE_BYTES];
    let length = rustix::io::read(&file, &mut bytes).ok()?;
    decode(&bytes[..length]).ok()
}

unsafe extern "C" fn thread_ends(value: *mut c_void) {
    // SAFETY: the key's value is what `Caches::own` set.
    unsafe { RUNTIME.caches.thread_ends(value, &RUNTIME.slots) };
}

thread_local! {
    // Of the forking thread, which is the child's only one: several threads may fork at once.
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" fn before_fork() {
    IS_HELD.set(fork::before(&RUNTIME));
}

unsafe extern "C" fn after_fork_parent() {
    if IS_HELD.take() {
        fork::after_in_parent(&RUNTIME);
    }
}

unsafe extern "C" fn after_fork_child() {
    // Without a process file its events are counted where they can be.
    let _ = fork::ensure_current(&RUNTIME, Origin::Fork);
    if IS_HELD.take() {
        fork::after_in_child(&RUNTIME);
        // Also if it is not traced for now: the agent, whose descriptors are its own, tries again.
        start_agent();
    }
}
