//! Why a file cannot be executed, by what is in it: the kernel says only "not found", "permission denied" or "format error".
//!
//! ```text
//!   ENOENT    it is there: the interpreter of a script, or the loader of a program, is not
//!   EACCES    no execute bit; a file system without programs; the interpreter cannot be executed
//!   ENOEXEC   a script without "#!"; a program for another processor; something else, or nothing
//! ```
//!
//! The file is untrusted: only its first page is read, and by [`elf_file`] what that checks.

use super::elf_file;
use rustix::fs::{Access, AtFlags, CWD, StatVfsMountFlags, accessat, statvfs};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Bytes that are read: a script's first line and a program's headers are there.
const HEAD_BYTES: u64 = 4096;

/// What is wrong with `file`, which execve(2) refused with `errno`, and what to do. `None` if the file does not show
/// it.
pub fn fault(file: &Path, errno: Errno) -> Option<String> {
    let head = head(file).unwrap_or_default();
    match errno {
        Errno::NOENT => missing_interpreter(file, &head),
        Errno::ACCESS => no_permission(file, &head),
        Errno::NOEXEC => Some(no_format(&head)),
        _ => None,
    }
}

/// What a script's first line names; `None` if the file is no script.
pub fn interpreter_of(file: &Path) -> Option<PathBuf> {
    interpreter(&head(file).ok()?)
}

fn head(file: &Path) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    // Opening or reading anything but a regular file might block forever.
    if std::fs::metadata(file)?.is_file() {
        File::open(file)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    }
    Ok(head)
}

fn missing_interpreter(file: &Path, head: &[u8]) -> Option<String> {
    // If the file itself is gone, it is what was not found.
    std::fs::symlink_metadata(file).ok()?;
    Some(match (interpreter(head), elf_file::read(file).and_then(|elf| elf.loader)) {
        (Some(interpreter), _) => format!(
            "its interpreter {} was not found: install that, or correct the script's first line{}",
            interpreter.display(),
            if interpreter.as_os_str().as_bytes().ends_with(b"\r") {
                ", which ends with a carriage return"
            } else {
                ""
            }
        ),
        (None, Some(loader)) => format!(
            "its loader {} was not found: install the C library that it was built for, or build it for this system",
            loader.display()
        ),
        (None, None) => "it is a symbolic link to nothing: give the program itself".to_owned(),
    })
}

fn no_permission(file: &Path, head: &[u8]) -> Option<String> {
    let metadata = std::fs::metadata(file).ok()?;
    if !metadata.is_file() {
        return Some("it is no regular file: give a program".to_owned());
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Some("it is not marked as executable: chmod +x it".to_owned());
    }
    if is_noexec(file) {
        let text = "its file system is mounted noexec: copy it to another one";
        return Some(text.to_owned());
    }
    let interpreter = interpreter(head)?;
    accessat(CWD, &interpreter, Access::EXEC_OK, AtFlags::EACCESS).err()?;
    let interpreter = interpreter.display();
    Some(format!(
        "its interpreter {interpreter} may not be executed: correct the interpreter's mode, or name another"
    ))
}

fn is_noexec(file: &Path) -> bool {
    statvfs(file).is_ok_and(|stat| stat.f_flag.contains(StatVfsMountFlags::NOEXEC))
}

fn no_format(head: &[u8]) -> String {
    match head {
        [] => "it is empty: build or copy it again".to_owned(),
        [0x7f, b'E', b'L', b'F', ..] => match machine(head) {
            Some(machine) if machine != machine_here() => format!(
                "it is built for another processor ({}): build it for this one",
                machine_name(machine)
            ),
            _ => "it is damaged, or no program (an object file, a library): build it again".to_owned(),
        },
        _ if head.contains(&0) => "it is no program: give one that this system executes".to_owned(),
        _ => "it is a script without an interpreter: begin it with a line such as #!/bin/sh, or give the \
              interpreter before it"
            .to_owned(),
    }
}

/// What a script's first line names.
fn interpreter(head: &[u8]) -> Option<PathBuf> {
    let line = head.strip_prefix(b"#!")?.split(|byte| *byte == b'\n').next()?;
    let mut words = line.split(|byte| b" \t".contains(byte)).filter(|word| !word.is_empty());
    words.next().map(|word| OsStr::from_bytes(word).into())
}

fn u16_at(head: &[u8], offset: usize) -> Option<usize> {
    let bytes = head.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?).into())
}

/// The processor that an ELF file is for. In a big-endian file the two bytes are swapped.
fn machine(head: &[u8]) -> Option<usize> {
    let machine = u16_at(head, 18)?;
    Some(if head.get(5) == Some(&2) { usize::from((machine as u16).swap_bytes()) } else { machine })
}

/// The processor that programs for this machine are for.
fn machine_here() -> usize {
    let own = File::open("/proc/self/exe").and_then(|file| {
        let mut head = Vec::new();
        file.take(HEAD_BYTES).read_to_end(&mut head).map(|_| head)
    });
    own.ok().and_then(|head| machine(&head)).unwrap_or(0)
}

fn machine_name(machine: usize) -> String {
    match machine {
        3 => "x86".into(),
        8 => "MIPS".into(),
        20 | 21 => "PowerPC".into(),
        22 => "s390".into(),
        40 => "Arm".into(),
        62 => "x86-64".into(),
        183 => "AArch64".into(),
        243 => "RISC-V".into(),
        258 => "LoongArch".into(),
        other => format!("number {other}"),
    }
}
