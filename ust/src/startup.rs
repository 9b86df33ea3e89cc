//! What the runtime does before `main`, at a fork, and at the end of a thread.
//!
//! Constructors run before std has set itself up: nothing here may print or panic.
#![allow(unsafe_code)]

use crate::agent_thread;
use crate::declared;
use crate::election;
use crate::executable;
use crate::fork;
use crate::handover::Origin;
use crate::inside::Inside;
use crate::instance::RUNTIME;
use crate::last_thread;
use crate::meeting_place::MeetingPlace;
use crate::module;
use crate::registry::Registry;
use crate::undisturbed::Undisturbed;
use core::cell::Cell;
use rustix::io::Errno;
use std::os::raw::c_void;
use ust_core::cpu;
use ust_core::moment;
use ust_core::paths::RuntimeDir;
use ust_core::protocol::{Lack, MAX_MESSAGE_BYTES, Rules, decode};
use ust_core::shim::{OPTIONS_VARIABLE, Options};
use ust_core::sync::{AtomicBool, Ordering};

/// If it is set, the process and its children have no agent, and so no thread that is not their own: they keep the rules
/// that they begin with. `docs/environments.md` says what for.
const NO_AGENT_VARIABLE: &str = "UST_NO_AGENT";

/// Makes this copy the process's runtime or joins it, and registers the module's callsites. Each tracepoint of the
/// module has a constructor that calls this; the first call does the work.
pub(crate) fn register_module() {
    static IS_REGISTERED: AtomicBool = AtomicBool::new(false);
    // Relaxed: a thread that finds it set does nothing. Most calls do: a look is cheaper than a swap.
    if IS_REGISTERED.load(Ordering::Relaxed) || IS_REGISTERED.swap(true, Ordering::Relaxed) {
        return;
    }
    let Some(first) = declared::address() else { return };
    // A handler that forks would wait for the registry, which this thread holds (in `dlopen`; before `main` there are
    // no handlers).
    let _undisturbed = Undisturbed::new();
    cpu::initialise();
    moment::set_anchor();
    let mut found = election::find();
    // The copy that is elected is never unloaded.
    if found.elected.is_none() && stay_loaded(first) {
        found = election::elect(&module::TABLE);
    }
    match found.elected {
        Some(elected) => {
            module::join(elected);
            module::register_callsites();
        }
        None if module::TABLE.is_elected() => {
            if let Some(other) = found.other {
                RUNTIME.other_copy.get_or_init(|| Box::new(other));
            }
            start();
        }
        None => {}
    }
}

/// Unregisters the module's callsites, if it may be about to be unloaded. Each tracepoint of the module has a
/// destructor that calls this; the first call does the work.
pub(crate) fn unregister_module() {
    let is_executable = || declared::address().is_none_or(executable::holds);
    // Also called at the program's end. Modules that stay loaded must go on recording for as long as they run.
    if module::is_joined() && !is_executable() {
        let _undisturbed = Undisturbed::new();
        module::leave();
    }
}

/// Starts the runtime in this copy, which is elected.
fn start() {
    let Some(place) = MeetingPlace::from_environment() else { return };
    let place = RUNTIME.meeting_place.get_or_init(|| Box::new(place));
    if let Ok(options) = std::env::var(OPTIONS_VARIABLE) {
        RUNTIME.set_follows_children(Options::parse(&options).follow);
    }
    RUNTIME
        .set_without_agent(std::env::var_os(NO_AGENT_VARIABLE).is_some_and(|set| !set.is_empty()));
    if !RUNTIME.ancestry.initialise() {
        // The kernel does not know MADV_WIPEONFORK, or gives no page.
        RUNTIME.tell_lack(Lack::Forks, Errno::NOMEM);
        return;
    }
    RUNTIME.caches.initialise(thread_ends);
    // SAFETY: handlers that stay linked: `stay_loaded` has made sure.
    unsafe {
        libc::pthread_atfork(Some(before_fork), Some(after_fork_parent), Some(after_fork_child))
    };
    match RUNTIME.apply(&mut || published_rules(&place.dir)) {
        Ok(None) => {}
        Ok(Some(_)) => {
            place.note_directory();
            // If it fails, the agent or the first event introduces the process.
            let _ = RUNTIME.process().map(|process| place.introduce(process));
        }
        Err(reason) => RUNTIME.tell_lack(Lack::ProcessFile, reason),
    }
    start_agent();
}

/// Starts the agent, or tells the consumer that there is none. A user who wants none knows.
fn start_agent() {
    if RUNTIME.is_without_agent() {
        return;
    }
    if let Err(reason) = agent_thread::start() {
        RUNTIME.tell_lack(Lack::Agent, reason);
    }
}

/// Keeps the shared object that contains a callsite loaded for good, and with it the one that contains this code: the
/// agent runs in it, and ending threads and forks call into it. `false` if that fails; then the module is not traced.
fn stay_loaded(callsite: *const c_void) -> bool {
    // SAFETY: plain data and valid pointers. `dlopen` with RTLD_NOLOAD loads nothing. For the executable it fails by
    // name, but the executable is never unloaded.
    unsafe {
        let mut object: libc::Dl_info = core::mem::zeroed();
        if libc::dladdr(callsite, &mut object) == 0 || object.dli_fname.is_null() {
            // Statically linked: there is no loader that could unload it.
            return true;
        }
        let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
        !libc::dlopen(object.dli_fname, flags).is_null() || executable::is(&object)
    }
}

/// The rules as a consumer last published them. That consumer may be dead: then the first event's handover finds
/// nobody, and the agent switches everything off.
fn published_rules(dir: &RuntimeDir) -> Option<Rules> {
    // Opens only a file that nobody else could have written: its writer is obeyed, and gets this process's memory.
    let file = dir.open_rules()?;
    let mut bytes = vec![0; MAX_MESSAGE_BYTES];
    let length = rustix::io::read(&file, &mut bytes).ok()?;
    decode(&bytes[..length]).ok()
}

unsafe extern "C" fn thread_ends(value: *mut c_void) {
    // SAFETY: the key's value is what `Caches` set.
    unsafe { RUNTIME.caches.thread_ends(value, &RUNTIME.slots) };
    last_thread::thread_ends();
}

thread_local! {
    // A thread-local, because several threads may fork at once. The forking thread is the child's only thread.
    static IS_HELD: Cell<bool> = const { Cell::new(false) };
}

unsafe extern "C" fn before_fork() {
    let _inside = Inside::new();
    IS_HELD.set(fork::before(&RUNTIME));
}

unsafe extern "C" fn after_fork_parent() {
    let _inside = Inside::new();
    if IS_HELD.take() {
        fork::after_in_parent(&RUNTIME);
    }
}

unsafe extern "C" fn after_fork_child() {
    let _inside = Inside::new();
    // The parent's thread may have had no event.
    RUNTIME.caches.notice_end();
    // On failure (no process file) the child's events are counted where they can be.
    let _ = fork::ensure_current(&RUNTIME, Origin::Fork);
    if IS_HELD.take() {
        fork::after_in_child(&RUNTIME);
        if !RUNTIME.follows_children() {
            RUNTIME.registry.with(Registry::silence);
            return;
        }
        // Even if the process is not traced for now: the agent has its own descriptors, and tries again.
        start_agent();
    }
}
