//! `switches alone|scoped|beside|slow`: does what it reads, a line at a time, and answers with a line each.
//!
//! | line | what is done, and answered |
//! | --- | --- |
//! | `emit N` | N rounds over the callsites that are registered; lines that the other layer has written so far |
//! | `register N` | N more callsites, one a millisecond, while other threads have interest rebuilt; answers at once |
//! | `state` | how many callsites are there, and of how many it is cached that they interest nobody, sometimes, always |
//! | `fork` | the child goes on; its process id |
//! | `renew` | one more callsite, and a fork at once |
//! | `ask` | a thread has interest rebuilt; answers when the callsites' filters have been asked, and nothing is stored yet |
//! | `store` | lets that thread store what it was told; answers when it has |
//!
//! `scoped`: the subscriber is that of the first thread alone, and no other thread has interest rebuilt. `beside`: there is another layer, which writes lines. `slow`: another layer wants nothing, and waits between `ask` and `store`.

use std::cell::Cell;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tracing::callsite::DefaultCallsite;
use tracing::field::{FieldSet, Value};
use tracing::metadata::{Kind, LevelFilter};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, dispatcher};
use tracing_core::{Callsite as _, identify_callsite};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::prelude::*;
use ust_core::sync::{AtomicU64, Ordering};

/// Callsites as the macros make them.
macro_rules! callsites {
    ($($tens:literal)*; $ones:tt) => { [$(callsites!(@ $tens $ones)),*] };
    (@ $tens:literal [$($ones:literal)*]) => { [$({
        static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);
        static METADATA: Metadata<'static> = Metadata::new(
            "event",
            "switches",
            Level::INFO,
            None,
            Some($tens * 10 + $ones),
            None,
            FieldSet::new(&["number"], identify_callsite!(&CALLSITE)),
            Kind::EVENT,
        );
        &CALLSITE
    }),*] };
}

static CALLSITES: [[&DefaultCallsite; 10]; 30] = callsites!(
    1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; [0 1 2 3 4 5 6 7 8 9]
);

/// How many of them have been reached.
static REGISTERED: AtomicU64 = AtomicU64::new(0);

fn callsites() -> impl Iterator<Item = &'static DefaultCallsite> {
    let registered = REGISTERED.load(Ordering::Relaxed) as usize;
    CALLSITES.iter().flatten().copied().take(registered)
}

/// As the macros do it.
fn emit(callsite: &'static DefaultCallsite, number: u64) {
    let metadata = callsite.metadata();
    let interest = callsite.interest();
    if *metadata.level() > LevelFilter::current() || interest.is_never() {
        return;
    }
    let is_enabled = || dispatcher::get_default(|dispatch| dispatch.enabled(metadata));
    if interest.is_always() || is_enabled() {
        let field = metadata.fields().field("number").expect("it has one");
        let values = [(&field, Some(&number as &dyn Value))];
        Event::dispatch(metadata, &metadata.fields().value_set(&values));
    }
}

/// Whether the thread waits that has been told what interests whom.
static WAITS: Mutex<bool> = Mutex::new(false);
static CHANGED: Condvar = Condvar::new();

thread_local! {
    static IS_SLOW: Cell<bool> = const { Cell::new(false) };
}

/// Wants nothing. Asked by the slow thread, it waits before it answers.
struct Slow;

impl<S> Filter<S> for Slow {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        false
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == "switches" && IS_SLOW.replace(false) {
            set_waits(true);
            until_waits(false);
        }
        Interest::never()
    }
}

fn set_waits(waits: bool) {
    *WAITS.lock().expect("nobody panics") = waits;
    CHANGED.notify_all();
}

fn until_waits(waits: bool) {
    let held = WAITS.lock().expect("nobody panics");
    drop(CHANGED.wait_while(held, |is| *is != waits).expect("nobody panics"));
}

fn ask_slowly() -> JoinHandle<()> {
    let slow = thread::spawn(|| {
        IS_SLOW.set(true);
        tracing::callsite::rebuild_interest_cache();
    });
    until_waits(true);
    slow
}

static LINES: AtomicU64 = AtomicU64::new(0);

struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(1, Ordering::Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn register_one() {
    let at = REGISTERED.load(Ordering::Relaxed);
    emit(CALLSITES[at as usize / 10][at as usize % 10], 0);
    REGISTERED.store(at + 1, Ordering::Relaxed);
}

fn register(more: u64, rebuilders: u64) {
    if rebuilders == 0 {
        return (0..more).for_each(|_| register_one());
    }
    let registering = thread::spawn(move || {
        for _ in 0..more {
            register_one();
            thread::sleep(Duration::from_millis(1));
        }
    });
    let registering = Arc::new(registering);
    for _ in 0..rebuilders {
        let registering = Arc::clone(&registering);
        thread::spawn(move || {
            while !registering.is_finished() {
                tracing::callsite::rebuild_interest_cache();
            }
        });
    }
}

fn state() -> String {
    let interests = callsites().map(DefaultCallsite::interest);
    let (mut never, mut sometimes, mut always) = (0, 0, 0);
    for interest in interests {
        never += u32::from(interest.is_never());
        sometimes += u32::from(interest.is_sometimes());
        always += u32::from(interest.is_always());
    }
    format!("{} never {never} sometimes {sometimes} always {always}", never + sometimes + always)
}

/// Whether this process is the child. The parent waits for it, and ends as it does.
#[allow(unsafe_code)]
fn fork() -> bool {
    // SAFETY: the child goes on as this program does: it is on glibc, whose `malloc` a child can use.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            return true;
        }
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        libc::_exit(libc::WEXITSTATUS(status))
    }
}

fn main() {
    let how = std::env::args().nth(1).expect("alone|scoped|beside|slow");
    match how.as_str() {
        "alone" => tracing::subscriber::set_global_default(ust_tracing::subscriber())
            .expect("it is the first"),
        "scoped" => {
            return tracing::subscriber::with_default(ust_tracing::subscriber(), || obey(true));
        }
        "slow" => tracing_subscriber::registry()
            .with(tracing_subscriber::layer::Identity::new().with_filter(Slow))
            .with(ust_tracing::layer())
            .init(),
        _ => tracing_subscriber::registry()
            .with(ust_tracing::layer())
            .with(tracing_subscriber::fmt::layer().with_writer(|| Lines))
            .init(),
    }
    obey(false);
}

fn obey(is_scoped: bool) {
    let mut slow = None;
    loop {
        let mut line = String::new();
        // Byte by byte: a child must find what its parent has not read.
        while !line.ends_with('\n') {
            let mut byte = [0];
            match rustix::io::read(rustix::stdio::stdin(), &mut byte) {
                Ok(1) => line.push(byte[0].into()),
                _ => return,
            }
        }
        let (what, number) = line.trim().split_once(' ').unwrap_or((line.trim(), "0"));
        let number: u64 = number.parse().expect("a number");
        let answer = match what {
            "emit" => {
                (0..number).for_each(|round| callsites().for_each(|it| emit(it, round)));
                LINES.load(Ordering::Relaxed).to_string()
            }
            "register" => {
                register(number, if is_scoped { 0 } else { 2 });
                String::new()
            }
            "state" => state(),
            "ask" => {
                slow = Some(ask_slowly());
                String::new()
            }
            "store" => {
                set_waits(false);
                slow.take().expect("it was asked").join().expect("it does not panic");
                String::new()
            }
            "renew" | "fork" => {
                if what == "renew" {
                    register_one();
                }
                if !fork() {
                    return;
                }
                std::process::id().to_string()
            }
            _ => panic!("what is {what}?"),
        };
        println!("{answer}");
    }
}
