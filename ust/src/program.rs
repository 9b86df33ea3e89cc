//! Which program this process runs, asked of the kernel and of the executable itself. Allocates nothing.
#![allow(unsafe_code)]

use rustix::fs::{Mode, OFlags, open, readlinkat_raw};
use rustix::io;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::{ptr, slice};
use ust_core::abi::{MAX_ARGUMENTS_BYTES, MAX_BUILD_ID_BYTES, MAX_EXE_BYTES, Program};
use ust_core::build_id::build_id_in;

#[cfg(target_pointer_width = "64")]
type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
type Header = libc::Elf32_Phdr;

/// Describes it, as far as can be known: without `/proc` only the build id.
pub fn describe() -> Program {
    let mut program = Program::unknown();
    // A byte more than is kept shows that there is more.
    let mut path = [MaybeUninit::uninit(); MAX_EXE_BYTES + 1];
    if let Ok((path, _)) = readlinkat_raw(rustix::fs::CWD, c"/proc/self/exe", &mut path) {
        program.exe_bytes = keep(path, &mut program.exe);
    }
    let mut arguments = [0; MAX_ARGUMENTS_BYTES + 1];
    let bytes = read(c"/proc/self/cmdline", &mut arguments).unwrap_or(0);
    program.arguments_bytes = keep(&arguments[..bytes], &mut program.arguments);
    if let Some(id) = build_id() {
        // A longer one is not what it was called.
        let id = Some(id).filter(|id| id.len() <= MAX_BUILD_ID_BYTES).unwrap_or_default();
        program.build_id_bytes = keep(id, &mut program.build_id);
    }
    program
}

/// Keeps what there is room for; returns how long it is.
fn keep(bytes: &[u8], room: &mut [u8]) -> u32 {
    let kept = bytes.len().min(room.len());
    room[..kept].copy_from_slice(&bytes[..kept]);
    bytes.len() as u32
}

fn read(path: &CStr, room: &mut [u8]) -> io::Result<usize> {
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::read(file, room)
}

/// What the linker called the executable.
fn build_id() -> Option<&'static [u8]> {
    // SAFETY: the kernel tells where it has put the executable's program headers, which stay mapped and unchanged; 0 if it does
    // not.
    let headers = unsafe {
        let at = ptr::with_exposed_provenance::<Header>(libc::getauxval(libc::AT_PHDR) as usize);
        let count = libc::getauxval(libc::AT_PHNUM) as usize;
        if at.is_null() {
            return None;
        }
        slice::from_raw_parts(at, count)
    };
    let own = headers.iter().find(|header| header.p_type == libc::PT_PHDR);
    // An executable without this header is not relocated.
    let bias = own.map_or(0, |own| headers.as_ptr().addr().wrapping_sub(own.p_vaddr as usize));
    headers.iter().filter(|header| header.p_type == libc::PT_NOTE).find_map(|note| {
        // SAFETY: notes of a loaded object lie in its memory.
        let notes = unsafe {
            let at = ptr::with_exposed_provenance::<u8>(bias.wrapping_add(note.p_vaddr as usize));
            slice::from_raw_parts(at, note.p_memsz as usize)
        };
        build_id_in(notes, (note.p_align as usize).max(4))
    })
}
