//! `forks_together PROGRESS PLUGIN FORKERS FORKS`: several threads fork at once, others emit, another loads plugins.
//!
//! Word 0 of the progress is 1 once all of them are done. Then the program emits until it is killed.

use std::path::Path;
use std::time::Duration;
use ust::tracepoint;
use ust_acceptance::plugin::Plugin;
use ust_acceptance::progress::{Lease, Progress};
use ust_core::sync::{AtomicBool, Ordering};

#[tracepoint(provider = "together", level = Info)]
fn told(process: u32, sequence: u64);

/// A fork copies page tables: with so many pages it takes so long that another fork begins meanwhile.
const BALLAST_BYTES: usize = 256 << 20;

/// Each a module of its own to the loader.
const PLUGINS: usize = 4;

/// Memory in single pages, all of them touched.
#[allow(unsafe_code)]
fn ballast() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(BALLAST_BYTES);
    // SAFETY: advice about our own memory; if it is refused, forks are faster.
    unsafe {
        libc::madvise(page_of(bytes.as_mut_ptr()), BALLAST_BYTES - 4096, libc::MADV_NOHUGEPAGE)
    };
    bytes.resize(BALLAST_BYTES, 1);
    bytes
}

/// The first page that begins in the memory at `start`.
fn page_of(start: *mut u8) -> *mut libc::c_void {
    start.wrapping_add(start.align_offset(4096)).cast()
}

#[allow(unsafe_code)]
fn fork_and_reap() {
    // SAFETY: the child emits and ends by `_exit`; the parent reaps its own child.
    unsafe {
        let pid = libc::fork();
        assert!(pid >= 0, "no child: {}", std::io::Error::last_os_error());
        if pid == 0 {
            told(std::process::id(), 0);
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(pid, &mut status, 0), pid);
        assert_eq!(status, 0, "child {pid} ended badly");
    }
}

fn load_plugins(path: &str, directory: &Path) {
    for number in 0..PLUGINS {
        let copy = directory.join(format!("plugin{number}.so"));
        std::fs::copy(path, &copy).expect("it can be copied");
        let plugin = Plugin::load(copy.to_str().expect("text"));
        plugin.emit(number as u64, 1);
        plugin.close();
    }
}

fn emit_until(is_over: impl Fn() -> bool) {
    for sequence in 0.. {
        if is_over() {
            return;
        }
        told(std::process::id(), sequence);
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, progress, plugin, forkers, forks] = &arguments[..] else {
        panic!("PROGRESS PLUGIN FORKERS FORKS")
    };
    let number = |text: &String| text.parse::<u32>().expect("a number");
    let (forkers, forks) = (number(forkers), number(forks));
    let progress_path = Path::new(progress);
    let directory = progress_path.parent().expect("a file lies in a directory");
    let progress = Progress::create(progress_path);
    let lease = Lease::begin(progress_path);
    let is_over = AtomicBool::new(false);
    let ballast = std::hint::black_box(ballast());
    std::thread::scope(|scope| {
        scope.spawn(|| emit_until(|| is_over.load(Ordering::Acquire)));
        std::thread::scope(|scope| {
            scope.spawn(|| load_plugins(plugin, directory));
            for _ in 0..forkers {
                scope.spawn(|| (0..forks).for_each(|_| fork_and_reap()));
            }
        });
        is_over.store(true, Ordering::Release);
    });
    drop(ballast);
    progress.note(0, 1);
    emit_until(|| lease.is_over());
}
