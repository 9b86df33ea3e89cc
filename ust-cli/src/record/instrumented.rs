//! Which instrumented files the recorded program was an image of: so that a program of which nobody has heard anything is
//! told from one that has no tracepoints.
//!
//! ```text
//!   the file that is started        its ELF note "ust", and what it was limited to
//!   /proc/PID/exe, now and then     what it has become by exec, if that lasts (`sh -c 'ulimit -n 4; exec prog'`)
//! ```
//!
//! A file's own note is looked for, not those of the shared objects that it needs: which those are the loader decides. Nor
//! are children looked at: the program may have started thousands. What is missed so is said as it was before, that no
//! instrumented process has connected.

use object::elf;
use object::read::ReadCache;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use rustix::process::Pid;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use ust_core::abi::{ABI_VERSION, ELF_NOTE_KIND, ELF_NOTE_NAME};
use ust_core::agent::paths::RUNTIME_DIR_VARIABLE;

/// More images are not looked at: a program that goes through so many has been one of the first.
const MAX_IMAGES: usize = 16;

/// Descriptors that a process needs to be recorded: the standard ones, its process file, a ring file and a connection.
const FEW_DESCRIPTORS: u64 = 6;

/// The files that the program has been seen to be an image of.
#[derive(Debug, Default)]
pub struct Images {
    seen: BTreeMap<PathBuf, Option<Instrumented>>,
    last: PathBuf,
}

/// Says why nothing may have been heard of an instrumented program.
pub fn why_unheard(Instrumented { abi_version, descriptors }: &Instrumented) -> String {
    if *abi_version != ABI_VERSION {
        return format!(
            "they are of version {abi_version}, and this recorder of version {ABI_VERSION}: build both with one ust-core"
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

/// An instrumented file that the program was an image of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instrumented {
    /// The ABI version of its tracepoints.
    pub abi_version: u32,
    /// What it was limited to, if that is few.
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
        let abi_version = abi_version_of(Path::new(&format!("/proc/{raw}/exe")));
        let instrumented = abi_version.map(|abi_version| {
            let descriptors = descriptor_limit(raw).filter(|limit| *limit < FEW_DESCRIPTORS);
            Instrumented { abi_version, descriptors }
        });
        self.seen.insert(file.clone(), instrumented);
        self.last = file;
    }

    /// Those that are instrumented.
    pub fn instrumented(&self) -> impl Iterator<Item = (&Path, &Instrumented)> {
        self.seen.iter().filter_map(|(file, known)| Some((file.as_path(), known.as_ref()?)))
    }
}

/// How many files the process may have open.
fn descriptor_limit(raw_pid: i32) -> Option<u64> {
    let limits = std::fs::read_to_string(format!("/proc/{raw_pid}/limits")).ok()?;
    let numbers = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    // "unlimited" is no number, and not few.
    numbers.split_whitespace().next()?.parse().ok()
}

/// The ABI version that the note of an instrumented file names; `None` if there is no such note.
fn abi_version_of(file: &Path) -> Option<u32> {
    let data = ReadCache::new(File::open(file).ok()?);
    match FileKind::parse(&data).ok()? {
        FileKind::Elf64 => note_in::<elf::FileHeader64<Endianness>>(&data),
        FileKind::Elf32 => note_in::<elf::FileHeader32<Endianness>>(&data),
        _ => None,
    }
}

fn note_in<H: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> Option<u32> {
    let header = H::parse(data).ok()?;
    let endian = header.endian().ok()?;
    for segment in header.program_headers(endian, data).ok()? {
        let Ok(Some(mut notes)) = segment.notes(endian, data) else { continue };
        while let Ok(Some(note)) = notes.next() {
            if note.n_type(endian).0 == ELF_NOTE_KIND && note.name_bytes() == ELF_NOTE_NAME {
                return Some(u32::from_ne_bytes(note.desc().try_into().ok()?));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_tracepoints_is_not_taken_for_instrumented() {
        assert_eq!(abi_version_of(Path::new("/bin/sh")), None);
        assert_eq!(abi_version_of(Path::new("/etc/passwd")), None);
        assert_eq!(abi_version_of(Path::new("/")), None);
        assert_eq!(abi_version_of(Path::new("/nowhere")), None);
    }
}
