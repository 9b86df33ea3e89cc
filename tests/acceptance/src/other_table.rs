//! A program that later copies take for a build with another major of the in-process table: it changes its own note in
//! memory.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use ust_core::abi::{ELF_NOTE_KIND_TABLE, ELF_NOTE_NAME, PAGE_BYTES};
use ust_core::version::Version;

/// Changes the calling program's note. Returns the version that it names now.
pub fn change_own_note() -> Version {
    let mut changed: Option<Version> = None;
    // SAFETY: the callback is handed what it is declared to take; it does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(change), (&raw mut changed).cast()) };
    changed.expect("the program has tracepoints")
}

/// Called for the program itself first, and asks for no other module.
unsafe extern "C" fn change(
    module: *mut libc::dl_phdr_info,
    _: libc::size_t,
    changed: *mut c_void,
) -> c_int {
    let words = [ELF_NOTE_NAME.len() as u32, 8, ELF_NOTE_KIND_TABLE].map(u32::to_ne_bytes);
    let header = [words.as_flattened(), &ELF_NOTE_NAME].concat();
    // SAFETY: the loader's record of a module, and its notes, which are mapped. No other thread uses them meanwhile.
    unsafe {
        let module = &*module;
        let headers = std::slice::from_raw_parts(module.dlpi_phdr, module.dlpi_phnum.into());
        for notes in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
            let start = (module.dlpi_addr + notes.p_vaddr) as *mut u8;
            let bytes = std::slice::from_raw_parts(start, notes.p_memsz as usize);
            let found = bytes.windows(header.len()).position(|window| window == header);
            let Some(word) = found.map(|at| start.add(at + header.len()).cast::<u32>()) else {
                continue;
            };
            let own = Version::from_word(word.read_unaligned());
            let other = Version { major: own.major + 1, minor: 5 };
            let page = word.map_addr(|address| address & !(PAGE_BYTES - 1)).cast();
            let access = libc::PROT_READ | libc::PROT_WRITE;
            assert_eq!(libc::mprotect(page, 2 * PAGE_BYTES, access), 0, "the page may be written");
            word.write_unaligned(other.to_word());
            *changed.cast() = Some(other);
        }
    }
    1
}
