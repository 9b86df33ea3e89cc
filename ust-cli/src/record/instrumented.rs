//! Which instrumented files the recorded program was an image of. So a program that has tracepoints and did not connect
//! is distinguished from one that has none.
//!
//! ```text
//!   the file that is started        its ELF note "ust"
//!   /proc/PID/exe, now and then     the image after an exec, if it lasts (`sh -c 'ulimit -n 4; exec prog'`), and
//!                                   how many files it may open
//!   shared objects that these need  looked for only if nobody has connected (`needed`)
//! ```
//!
//! Children are not examined: the program may have started thousands. A shell does little itself, so if the program was
//! one, the message says that only the shell was looked at.

use super::elf_file;
use super::needed::{instrumented_object, with_c_tracepoints};
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use ust_core::abi::ABI;
use ust_core::paths::RUNTIME_DIR_VARIABLE;
use ust_core::version::{Mismatch, Version};

/// At most this many images are examined: a program that has had so many was an instrumented one early on, if ever.
const MAX_IMAGES: usize = 16;

/// Descriptors that a process needs to be recorded: the standard ones, its process file, a ring file and a connection.
const FEW_DESCRIPTORS: u64 = 6;

/// Programs whose purpose is to start others.
const SHELLS: [&str; 8] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "busybox"];

/// The files that the program has been seen to be an image of.
#[derive(Debug, Default)]
pub struct Images {
    seen: BTreeMap<PathBuf, Seen>,
    last: PathBuf,
}

#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    abi_version: Option<u32>,
    /// How many files it may open, if those are too few.
    descriptors: Option<u64>,
    /// It has another root directory, in which paths mean other files.
    is_elsewhere: bool,
}

/// Says why an instrumented program may not have connected.
pub fn why_unheard(Instrumented { abi_version, descriptors, .. }: &Instrumented) -> String {
    if let Err(Mismatch { found, own }) = ABI.check(Version::from_word(*abi_version)) {
        return format!(
            "its ABI version is {found}, and this recorder's is {own}: build both with the same version of ust-core"
        );
    }
    match descriptors {
        Some(limit) => format!(
            "it may open only {limit} files, and ended before its agent could report that: raise the limit (ulimit -n)"
        ),
        None => format!(
            "check that {RUNTIME_DIR_VARIABLE} reaches it (env -i, sudo and containers remove it), and that no sandbox \
             keeps it from sockets and memfds"
        ),
    }
}

/// An instrumented file that the program was an image of, or that such a file needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrumented {
    /// The file with the tracepoints.
    pub file: PathBuf,
    /// The program that needs it, if it is a shared object.
    pub needed_by: Option<PathBuf>,
    /// The ABI version of its tracepoints.
    pub abi_version: u32,
    /// How many files the program may open, if those are too few.
    pub descriptors: Option<u64>,
}

impl Images {
    /// Notes what the program is an image of now. One system call if it is still the same.
    pub fn look(&mut self, pid: Pid) {
        let raw = pid.as_raw_nonzero().get();
        let Ok(file) = std::fs::read_link(format!("/proc/{raw}/exe")) else { return };
        if file == self.last || self.seen.contains_key(&file) || self.seen.len() >= MAX_IMAGES {
            self.last = file;
            return;
        }
        // Opened by way of the process, not by name: the process may be in another root directory.
        let elf = elf_file::read(Path::new(&format!("/proc/{raw}/exe")));
        let root = std::fs::read_link(format!("/proc/{raw}/root"));
        let seen = Seen {
            abi_version: elf.and_then(|elf| elf.abi_version),
            descriptors: descriptor_limit(raw).filter(|limit| *limit < FEW_DESCRIPTORS),
            is_elsewhere: root.is_ok_and(|root| root != Path::new("/")),
        };
        self.seen.insert(file.clone(), seen);
        self.last = file;
    }

    /// An instrumented file among those that were seen and `started`, which may have ended before it could be seen; or
    /// else a shared object that one of them needs.
    pub fn instrumented(&self, started: &Path) -> Option<Instrumented> {
        let all = self.with_started(started);
        let own = all.iter().find_map(|(file, seen)| {
            let (file, needed_by, abi_version) = (file.clone(), None, seen.abi_version?);
            Some(Instrumented { file, needed_by, abi_version, descriptors: seen.descriptors })
        });
        own.or_else(|| {
            all.into_iter().filter(|(_, seen)| !seen.is_elsewhere).find_map(|(program, seen)| {
                let (file, abi_version) = instrumented_object(&program)?;
                let (needed_by, descriptors) = (Some(program), seen.descriptors);
                Some(Instrumented { file, needed_by, abi_version, descriptors })
            })
        })
    }

    /// A file with tracepoints in C among those that were seen, or that they need. They need the shim.
    pub fn with_c_tracepoints(&self, started: &Path) -> Option<PathBuf> {
        let all = self.with_started(started).into_iter().filter(|(_, seen)| !seen.is_elsewhere);
        all.map(|(file, _)| file).find_map(|file| Some(with_c_tracepoints(&file)?.0))
    }

    /// A shell among them. What it started was not looked at.
    pub fn shell(&self, started: &Path) -> Option<PathBuf> {
        let is_shell = |file: &PathBuf| {
            file.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| SHELLS.contains(&name))
        };
        self.with_started(started).into_keys().find(is_shell)
    }

    fn with_started(&self, started: &Path) -> BTreeMap<PathBuf, Seen> {
        let mut all = self.seen.clone();
        let started = started.canonicalize().unwrap_or_else(|_| started.to_owned());
        all.entry(started).or_insert_with_key(|started| {
            let abi_version = elf_file::read(started).and_then(|elf| elf.abi_version);
            Seen { abi_version, ..Seen::default() }
        });
        all
    }
}

/// How many files the process may have open.
fn descriptor_limit(raw_pid: i32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{raw_pid}/limits")).ok()?;
    let numbers = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    // "unlimited" is no number, and not too few.
    numbers.split_whitespace().next()?.parse().ok()
}
