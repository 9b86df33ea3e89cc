//! Which program this process runs, asked of the kernel and of the executable itself. Allocates nothing.
#![allow(unsafe_code)]

use rustix::fs::{CWD, Mode, OFlags, open, readlinkat_raw};
use rustix::io;
use std::ffi::CStr;
use std::{ptr, slice};
use ust_core::abi::Program;
use ust_core::build_id::build_id_in;

#[cfg(target_pointer_width = "32")]
use libc::{Elf32_Ehdr as FileHeader, Elf32_Phdr as Header};
#[cfg(target_pointer_width = "64")]
use libc::{Elf64_Ehdr as FileHeader, Elf64_Phdr as Header};

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
    let bias = bias_of(headers)?;
    headers.iter().filter(|header| header.p_type == libc::PT_NOTE).find_map(|note| {
        // Tools may leave notes that are only in the file.
        headers.iter().find(|load| has_loaded(load, note))?;
        let at = bias.wrapping_add(note.p_vaddr as usize);
        // SAFETY: these bytes were loaded from the file, with a segment that is readable.
        let notes = unsafe {
            slice::from_raw_parts(ptr::with_exposed_provenance::<u8>(at), note.p_memsz as usize)
        };
        build_id_in(notes, (note.p_align as usize).max(4))
    })
}

/// Whether a segment has loaded all of a note from the file, to be read.
fn has_loaded(load: &Header, note: &Header) -> bool {
    if load.p_type != libc::PT_LOAD || load.p_flags & libc::PF_R == 0 {
        return false;
    }
    let offset = note.p_vaddr.checked_sub(load.p_vaddr);
    let end = offset.and_then(|offset| offset.checked_add(note.p_memsz));
    end.is_some_and(|end| end <= load.p_filesz)
}

/// How far the executable lies from the addresses in its headers. Static executables that may lie anywhere have no header that
/// says where the headers are; then they are behind the file's first bytes, which the first segment has loaded.
fn bias_of(headers: &[Header]) -> Option<usize> {
    let at = headers.as_ptr().addr();
    if let Some(own) = headers.iter().find(|header| header.p_type == libc::PT_PHDR) {
        return Some(at.wrapping_sub(own.p_vaddr as usize));
    }
    let is_first = |header: &&Header| header.p_type == libc::PT_LOAD && header.p_offset == 0;
    let first = headers.iter().find(is_first)?;
    let file = at.checked_sub(size_of::<FileHeader>())?;
    // SAFETY: the headers are behind these bytes at the earliest, in the same segment.
    let file_header = unsafe { &*ptr::with_exposed_provenance::<FileHeader>(file) };
    let is_it = file_header.e_ident.starts_with(b"\x7fELF")
        && file_header.e_phoff as usize == size_of::<FileHeader>();
    is_it.then(|| file.wrapping_sub(first.p_vaddr as usize))
}
