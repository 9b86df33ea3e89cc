//! `begets HOW EVENTS`: emits, begets another process in one of the ways in which programs do, and emits on.
//!
//! | HOW | children |
//! | --- | --- |
//! | `daemon` | `daemon(3)`: the child goes on, with one more thread |
//! | `double-fork` | a child that forks and ends, and a grandchild that outlives it |
//! | `posix-spawn` | this program as `leaf`, by `std::process::Command` |
//! | `pre-exec` | the same with a closure that emits in the forked child, before `exec` |
//! | `system` | a shell that starts `leaf`, by `system(3)` |
//! | `vfork` | a child of `vfork` that only executes `leaf` |
//! | `emitting-vfork` | a child of `vfork` that emits, then executes `leaf` |
//!
//! Each record says which process wrote it and in which role. Where there is one process to beget the next (all but `daemon`
//! and `double-fork`), other threads of it emit all the time. The report is how many events those have emitted.

use std::ffi::CString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::report;
use ust_core::sync::{AtomicBool, Ordering};

#[tracepoint(provider = "begets", level = Info)]
fn told(process: u32, role: &str, sequence: u64);

/// Threads that emit meanwhile.
const THREADS: usize = 2;

/// Between two events of such a thread: what is written is read back by a slow reader.
const PAUSE: Duration = Duration::from_micros(20);

/// How often a child is begotten.
const CHILDREN: u64 = 10;

fn emit(role: &str, events: u64) {
    (0..events).for_each(|sequence| told(std::process::id(), role, sequence));
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, how, events] = &arguments[..] else { panic!("HOW EVENTS") };
    let events: u64 = events.parse().expect("a number");
    match how.as_str() {
        "leaf" => emit("leaf", events),
        "daemon" => become_daemon(events),
        "double-fork" => fork_twice(events),
        how => beget_among_threads(how, events),
    }
}

#[allow(unsafe_code)]
fn become_daemon(events: u64) {
    emit("before", events);
    // SAFETY: there is one thread of ours, and the child does what any process may.
    assert_eq!(unsafe { libc::daemon(0, 0) }, 0);
    emit("daemon", events);
    let thread = std::thread::spawn(move || emit("thread", events));
    thread.join().expect("it does not panic");
}

#[allow(unsafe_code)]
fn fork_twice(events: u64) {
    emit("parent", events);
    let (mut from_grandchild, to_parent) = std::io::pipe().expect("there are descriptors");
    // SAFETY: there is one thread of ours, and the children do what any process may.
    let child = unsafe { libc::fork() };
    if child == 0 {
        emit("child", events);
        // SAFETY: as above.
        if unsafe { libc::fork() } == 0 {
            emit("grandchild", events);
        }
        // SAFETY: ends the process.
        unsafe { libc::_exit(0) };
    }
    // SAFETY: our own child.
    assert_eq!(unsafe { libc::waitpid(child, ptr::null_mut(), 0) }, child);
    drop(to_parent);
    // The end of the pipe tells that the grandchild has ended, which is no child of this process.
    from_grandchild.read_to_end(&mut Vec::new()).expect("it can be read");
    emit("parent", events);
}

fn beget_among_threads(how: &str, events: u64) {
    let is_over = AtomicBool::new(false);
    let flood = || {
        let mut emitted = 0;
        while !is_over.load(Ordering::Acquire) {
            told(std::process::id(), "beside", emitted);
            emitted += 1;
            std::thread::sleep(PAUSE);
        }
        emitted
    };
    let beside: u64 = std::thread::scope(|scope| {
        let threads = [(); THREADS].map(|()| scope.spawn(flood));
        emit("parent", events);
        (0..CHILDREN).for_each(|_| beget(how, events));
        emit("parent", events);
        is_over.store(true, Ordering::Release);
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).sum()
    });
    report::write(&beside);
}

#[allow(unsafe_code)]
fn beget(how: &str, events: u64) {
    let itself = std::env::current_exe().expect("it has a path");
    let words = [itself.to_str().expect("text"), "leaf", &events.to_string()].map(str::to_owned);
    let mut command = Command::new(&itself);
    command.args(&words[1..]);
    let ended_well = match how {
        "posix-spawn" => command.status().expect("it can be started").success(),
        "pre-exec" => {
            let emit_there = move || {
                emit("forked", events);
                Ok(())
            };
            // SAFETY: a tracepoint is async-signal-safe.
            unsafe { command.pre_exec(emit_there) };
            command.status().expect("it can be started").success()
        }
        "system" => {
            let line = CString::new(words.join(" ")).expect("no zero");
            // SAFETY: a command line of ours.
            unsafe { libc::system(line.as_ptr()) == 0 }
        }
        "vfork" => vfork_and_execute(&words, 0),
        "emitting-vfork" => vfork_and_execute(&words, events),
        _ => panic!("{how}: no such way"),
    };
    assert!(ended_well, "a child ended badly");
}

/// What a child of `vfork` does.
struct Task {
    emits: u64,
    words: Vec<*const libc::c_char>,
}

/// Runs `words` by a child that shares this process's memory until then and, before that, emits; whether it ended well.
///
/// By `clone`, on a stack of its own, for Rust has no function that returns twice. To the kernel it is what `vfork` is.
#[allow(unsafe_code)]
fn vfork_and_execute(words: &[String; 3], emits: u64) -> bool {
    let words = words.clone().map(|word| CString::new(word).expect("no zero"));
    let pointers = words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect();
    let mut task = Task { emits, words: pointers };
    let mut stack = vec![0_u128; 16 << 10];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: stack and task are the child's alone until it executes; this thread waits for that.
    unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        let pid = libc::clone(run_task, top, flags, (&raw mut task).cast());
        let mut status = -1;
        assert!(pid > 0 && libc::waitpid(pid, &mut status, 0) == pid);
        status == 0
    }
}

#[allow(unsafe_code)]
extern "C" fn run_task(task: *mut libc::c_void) -> libc::c_int {
    // SAFETY: see the caller. Nothing here allocates.
    unsafe {
        let task = &*task.cast::<Task>();
        emit("vforked", task.emits);
        libc::execv(task.words[0], task.words.as_ptr());
        libc::_exit(127)
    }
}
