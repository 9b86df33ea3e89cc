//! Which instrumented files the recorded program was an image of: so that a program of which nobody has heard anything is
//! told from one that has no tracepoints.
//!
//! ```text
//!   the file that is started        its ELF note "ust"
//!   /proc/PID/exe, now and then     what it has become by exec, if that lasts (`sh -c 'ulimit -n 4; exec prog'`), and what
//!                                   it was limited to
//!   shared objects that these need  looked for only if nobody has connected (`needed`)
//! ```
//!
//! Children are not looked at: the program may have started thousands. Of a shell, which does little itself, that is said.

use super::elf_file;
use super::needed::instrumented_object;
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use ust_core::abi::ABI;
use ust_core::paths::RUNTIME_DIR_VARIABLE;
use ust_core::version::{Mismatch, Version};

/// More images are not looked at: a program that goes through so many has been one of the first.
const MAX_IMAGES: usize = 16;

/// Descriptors that a process needs to be recorded: the standard ones, its process file, a ring file and a connection.
const FEW_DESCRIPTORS: u64 = 6;

/// Programs that are there to start others.
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
    /// What it was limited to, if that is few.
    descriptors: Option<u64>,
    /// Its root directory is another one: names mean other files there.
    is_elsewhere: bool,
}

/// Says why nothing may have been heard of an instrumented program.
pub fn why_unheard(Instrumented { abi_version, descriptors, .. }: &Instrumented) -> String {
    if let Err(Mismatch { found, own }) = ABI.check(Version::from_word(*abi_version)) {
        return format!(
            "they are of version {found}, and this recorder of version {own}: build both with one ust-core"
        );
    }
    match descriptors {
        Some(limit) => format!(
            "it may open only {limit} files, and was over before its agent could say so: let it open more (ulimit -n)"
        ),
        None => format!(
            "check that {RUNTIME_DIR_VARIABLE} reaches it (env -i, sudo and containers take it away), and that no sandbox \
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
    /// What the program was limited to, if that is few.
    pub descriptors: Option<u64>,
}

impl Images {
    /// Looks what the program is now. One system call, if that is what it was.
    pub fn look(&mut self, pid: Pid) {
        let raw = pid.as_raw_nonzero().get();
        let Ok(file) = std::fs::read_link(format!("/proc/{raw}/exe")) else { return };
        if file == self.last || self.seen.contains_key(&file) || self.seen.len() >= MAX_IMAGES {
            self.last = file;
            return;
        }
        // By the process, and not by the name: it may be in another root directory.
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

    /// An instrumented one of those that were seen and of the file that was `started`, which may have ended before it
    /// could be seen; or else a shared object that one of them needs.
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

    /// A shell among them: what it started was not looked at.
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
    // "unlimited" is no number, and not few.
    numbers.split_whitespace().next()?.parse().ok()
}
