//! `chroots DIR EVENTS [same]`: emits, makes DIR its root directory, and forks: the child emits as many, out of reach of
//! the recorder, and so does the parent once more.
//!
//! With `same` there is a directory in DIR under the path of the runtime directory.

use std::os::unix::fs::{DirBuilderExt, chroot};
use std::path::Path;
use ust::tracepoint;

#[tracepoint(provider = "chroots", level = Info)]
fn event(is_child: bool, sequence: u64);

fn emit(is_child: bool, events: u64) {
    (0..events).for_each(|sequence| event(is_child, sequence));
}

#[allow(unsafe_code)]
fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, dir, events, same @ ..] = &arguments[..] else { panic!("DIR EVENTS [same]") };
    let events = events.parse().expect("a number");
    emit(false, events);
    if !same.is_empty() {
        let runtime = std::env::var("UST_RUNTIME_DIR").expect("it is recorded");
        let there = Path::new(dir).join(runtime.trim_start_matches('/'));
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(there)
            .expect("there is room");
    }
    chroot(dir).expect("it is root");
    // SAFETY: the child emits, and ends.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0, "{}", std::io::Error::last_os_error());
        if child == 0 {
            emit(true, events);
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        assert_eq!(status, 0);
    }
    emit(false, events);
}
