//! `frozen_events PROGRESS ends|discard|overwrite`: the program of which the frozen fixtures were recorded.
//!
//! ```text
//!   ends        two threads: every field type, a few steps; then the program's end
//!   discard     steps | types, a call that hangs in the middle of its record, more steps than the ring has room for
//!   overwrite   steps | more steps than the ring has room for, types, a call that hangs, steps
//!                     '-- waits here until word END of the progress is set
//! ```
//!
//! The threads take turns, and each keeps to one CPU, so what is in a ring does not depend on chance. Word 0 of the
//! progress is the process id. Word 1 says how far the program is: 1 while it waits, 2 when it has done everything. Then it
//! stays until it is killed.
//!
//! The call that hangs: its text ends in a page that cannot be read. The call faults while it copies the
//! text, and the signal's handler never returns.

use std::ffi::CStr;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;
use ust::{Field, tracepoint};
use ust_acceptance::progress::{END, Lease, Progress};
use ust_core::sync::{AtomicU32, Ordering};

#[tracepoint(provider = "types", level = Info)]
fn unsigned(a: u8, b: u16, c: u32, d: u64, e: usize);

#[tracepoint(provider = "types", level = Warning)]
fn signed(a: i8, b: i16, c: i32, d: i64, e: isize);

#[tracepoint(provider = "types", level = Info)]
fn other(flag: bool, letter: char, single: f32, double: f64);

#[tracepoint(provider = "types", level = Info)]
fn texts(text: &str, foreign: &CStr, after: u8);

#[tracepoint(provider = "types", level = Info)]
fn slices(bytes: &[u8], words: &[u16], longs: &[i64], doubles: &[f64], flags: &[bool], after: u8);

#[tracepoint(provider = "types", level = Info)]
fn arrays(bytes: [u8; 4], longs: [i32; 3], letters: [char; 2], none: [u32; 0], after: u8);

#[derive(Field, Clone, Copy)]
enum State {
    Idle,
    Busy,
}

#[derive(Field)]
enum Place<'a> {
    Nowhere,
    At { x: f32, y: f32 },
    Named(&'a str),
}

#[tracepoint(provider = "types", level = Info)]
fn composed(
    maybe: Option<u32>,
    pair: (u8, &str),
    states: (State, State),
    place: &Place<'_>,
    after: u8,
);

#[tracepoint(provider = "walk", level = Debug)]
fn step(thread: u32, sequence: u64, text: &str);

#[tracepoint(provider = "walk", level = Debug)]
fn hangs(text: &str);

/// More steps than any ring here has room for: two sub-buffers of 4096 bytes.
const TOO_MANY_STEPS: u64 = 60;

const FEW_STEPS: u64 = 3;

/// What a step says.
const TEXT: &str = "a text of so many bytes that a few dozen records of it fill a sub-buffer: 0123456789 abcdefghijklmnopqrstuvwxyz \
                    ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// 1 once a call hangs.
static HANGING: AtomicU32 = AtomicU32::new(0);

/// What a thread does in its turn.
enum Turn {
    Types,
    Steps(u64),
    Hang,
}

/// A thread that waits for its turns.
struct Walker {
    turns: Sender<Turn>,
    done: Receiver<()>,
}

impl Walker {
    fn start(number: u32, cpu: usize) -> Self {
        let (turns, mine) = channel();
        let (tell, done) = channel();
        std::thread::spawn(move || {
            keep_to(cpu);
            let mut sequence = 0;
            for turn in mine {
                match turn {
                    Turn::Types => types(),
                    Turn::Steps(count) => {
                        for _ in 0..count {
                            step(number, sequence, TEXT);
                            sequence += 1;
                        }
                    }
                    Turn::Hang => hang(),
                }
                tell.send(()).expect("the program waits for it");
            }
        });
        Self { turns, done }
    }

    fn take(&self, turn: Turn) {
        self.turns.send(turn).expect("the thread waits for it");
        self.done.recv().expect("the thread tells its end");
    }

    /// Its last turn.
    fn hang(&self) {
        self.turns.send(Turn::Hang).expect("the thread waits for it");
        while HANGING.load(Ordering::Acquire) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn types() {
    unsigned(0, 1, 0xdead_beef, u64::MAX, 0x1234_5678_9abc_def0);
    signed(i8::MIN, -1, i32::MAX, i64::MIN, -0x1234_5678);
    other(true, '🦀', -1.5, 1e-7);
    texts("Größe in m²: \"\\\n", c"foreign", 0xa5);
    slices(&[0, 255], &[7; 3], &[i64::MIN, -1], &[-0.0, 0.1, f64::INFINITY], &[true, false], 1);
    slices(&[], &[], &[], &[], &[], 2);
    arrays([1, 2, 3, 255], [i32::MIN, 0, i32::MAX], ['\0', 'ß'], [], 0xff);
    let states = (State::Idle, State::Busy);
    composed(None, (1, "a"), states, &Place::Nowhere, 1);
    composed(Some(7), (2, ""), states, &Place::At { x: 0.5, y: -0.5 }, 2);
    composed(Some(u32::MAX), (3, "b"), states, &Place::Named("here"), 3);
}

/// Keeps the calling thread on one CPU.
#[allow(unsafe_code)]
fn keep_to(cpu: usize) {
    // SAFETY: plain data and valid pointers; 0 is the calling thread.
    unsafe {
        let mut set: libc::cpu_set_t = core::mem::zeroed();
        libc::CPU_SET(cpu, &mut set);
        let kept = libc::sched_setaffinity(0, size_of_val(&set), &set);
        assert_eq!(kept, 0, "{}", std::io::Error::last_os_error());
    }
}

extern "C" fn never_return(_: libc::c_int) {
    HANGING.store(1, Ordering::Release);
    loop {
        // SAFETY: async-signal-safe.
        #[allow(unsafe_code)]
        unsafe {
            libc::pause()
        };
    }
}

/// A call that faults in the middle of its record, and does not return.
#[allow(unsafe_code)]
fn hang() {
    const PAGE_BYTES: usize = 4096;
    // SAFETY: a fresh mapping of two pages, which stays. The text lies in them. The call faults in its
    // unreadable second half, as it is meant to, and the handler never returns.
    unsafe {
        let mut action: libc::sigaction = core::mem::zeroed();
        action.sa_sigaction = never_return as extern "C" fn(libc::c_int) as usize;
        assert_eq!(libc::sigaction(libc::SIGSEGV, &action, core::ptr::null_mut()), 0);
        let none = core::ptr::null_mut();
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let map = libc::mmap(none, 2 * PAGE_BYTES, access, private, -1, 0).cast::<u8>();
        assert_ne!(map.cast(), libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        map.write_bytes(b'x', 2 * PAGE_BYTES);
        let bytes = core::slice::from_raw_parts(map.add(PAGE_BYTES - 64), 128);
        let text = core::str::from_utf8_unchecked(bytes);
        assert_eq!(libc::mprotect(map.add(PAGE_BYTES).cast(), PAGE_BYTES, libc::PROT_NONE), 0);
        hangs(core::hint::black_box(text));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, which] = &arguments[..] else { panic!("PROGRESS ends|discard|overwrite") };
    let progress = Progress::create(Path::new(path));
    let lease = Lease::begin(Path::new(path));
    progress.note(0, std::process::id().into());
    let cpus = std::thread::available_parallelism().map_or(1, |count| count.get());
    let walkers = [Walker::start(1, 0), Walker::start(2, cpus - 1)];
    let everybody = |turn: fn() -> Turn| walkers.iter().for_each(|walker| walker.take(turn()));
    if which == "ends" {
        everybody(|| Turn::Types);
        everybody(|| Turn::Steps(FEW_STEPS));
        return;
    }
    everybody(|| Turn::Steps(FEW_STEPS));
    progress.note(1, 1);
    while progress.word(END) == 0 && !lease.is_over() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let hanging = Walker::start(3, 0);
    match &**which {
        "discard" => {
            everybody(|| Turn::Types);
            hanging.hang();
            everybody(|| Turn::Steps(TOO_MANY_STEPS));
        }
        _ => {
            everybody(|| Turn::Steps(TOO_MANY_STEPS));
            everybody(|| Turn::Types);
            hanging.hang();
            everybody(|| Turn::Steps(FEW_STEPS));
        }
    }
    progress.note(1, 2);
    while !lease.is_over() {
        std::thread::sleep(Duration::from_millis(10));
    }
}
