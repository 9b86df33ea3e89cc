//! Which program this process runs, asked of the kernel and of the executable itself. Allocates nothing.
#![allow(unsafe_code)]

use rustix::fs::{CWD, Mode, OFlags, open, readlinkat_raw};
use rustix::io;
use std::ffi::CStr;
use std::{ptr, slice};
use ust_core::abi::Program;
use ust_core::build_id::build_id_in;

#[cfg(target_pointer_width = "64")]
type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
type Header = libc::Elf32_Phdr;

/// Describes it, as far as can be known: without `/proc` only the build id. `program` is all zeroes before. Needs little stack: a
/// thread's first event may call this.
pub fn describe(program: &mut Program) {
    let Program { exe, exe_bytes, arguments, arguments_bytes, build_id, build_id_bytes, .. } =
        program;
    let path_bytes = readlinkat_raw(CWD, c"/proc/self/exe", &mut exe[..]).unwrap_or(0);
    // A path that fills its room may be longer.
    *exe_bytes = path_bytes as u32 + u32::from(path_bytes == exe.len());
    *arguments_bytes = read(c"/proc/self/cmdline", arguments).unwrap_or(0);
    // A longer one is not what it was called.
    if let Some(id) = own_build_id().filter(|id| id.len() <= build_id.len()) {
        build_id[..id.len()].copy_from_slice(id);
        *build_id_bytes = id.len() as u32;
    }
}

/// Returns how long the file is: more than there is room for, if it is longer.
fn read(path: &CStr, room: &mut [u8]) -> io::Result<u32> {
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let bytes = rustix::io::read(&file, &mut *room)?;
    let is_cut = bytes == room.len() && rustix::io::read(&file, &mut [0])? > 0;
    Ok(bytes as u32 + u32::from(is_cut))
}

/// What the linker called the executable.
fn own_build_id() -> Option<&'static [u8]> {
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
