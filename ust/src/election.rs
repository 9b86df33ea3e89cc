//! Which copy of this library is the process's runtime: the first that was initialised.
//!
//! An executable exports no symbols, so a look-up by name would not find its copy. Each copy leaves an ELF note in the module
//! that it is linked into, and the note leads to the copy's [`Table`]:
//!
//! ```text
//!   PT_NOTE  "ust" kind 2 | MAJOR | offset --.        read-only, so it cannot hold an address
//!                                            v
//!                                   address of TABLE  relocated by the loader before any constructor runs
//! ```
//!
//! Constructors of one process run one at a time, under the loader's lock, so the first one finds no table that is elected
//! and elects its own. Modules in another namespace of the loader (`dlmopen`) are not seen, and elect one of their own.
#![allow(unsafe_code)]

use crate::table::{MAJOR, Table};
use core::arch::global_asm;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use ust_core::abi::{ELF_NOTE_KIND_TABLE, ELF_NOTE_NAME};

/// The assembler's directive for an address.
#[cfg(target_pointer_width = "64")]
macro_rules! address {
    () => {
        ".quad {table}"
    };
}
#[cfg(target_pointer_width = "32")]
macro_rules! address {
    () => {
        ".long {table}"
    };
}

// Here, beside `find`: whoever links that function links the note.
global_asm!(
    ".pushsection .data.rel.ro.ust,\"aw\",%progbits",
    ".p2align 3",
    "77:",
    address!(),
    ".popsection",
    ".pushsection .note.ust,\"a\",%note",
    ".p2align 2",
    ".long 4, 8, {kind}",
    ".asciz \"ust\"",
    ".long {major}",
    ".long 77b - .",
    ".popsection",
    table = sym crate::module::TABLE,
    kind = const ELF_NOTE_KIND_TABLE,
    major = const MAJOR,
);

/// The note that the assembler wrote.
#[repr(C)]
#[derive(Clone, Copy)]
struct TableNote {
    name_bytes: u32,
    descriptor_bytes: u32,
    kind: u32,
    name: [u8; 4],
    major: u32,
    /// From this field to where the table's address stands.
    offset: i32,
}

/// Name and descriptor are padded to multiples of this.
const NOTE_ALIGN: usize = 4;

/// The table of the copy that has been elected, among those that speak as this one does.
#[inline(never)]
pub(crate) fn find() -> Option<&'static Table> {
    let mut found: Option<&'static Table> = None;
    // SAFETY: the callback is handed what it is declared to take; it does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(look_at), (&raw mut found).cast()) };
    found
}

/// Looks at one module; stops when it has the elected table.
unsafe extern "C" fn look_at(
    module: *mut libc::dl_phdr_info,
    _: libc::size_t,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the loader's record of a module that is loaded, its program headers included.
    let (module, headers) = unsafe {
        let module = &*module;
        (module, core::slice::from_raw_parts(module.dlpi_phdr, module.dlpi_phnum as usize))
    };
    let is_mapped = |start: usize, bytes: usize| {
        headers.iter().filter(|header| header.p_type == libc::PT_LOAD).any(|header| {
            let (from, length) = (header.p_vaddr as usize, header.p_memsz as usize);
            start >= from && start - from <= length && bytes <= length - (start - from)
        })
    };
    for header in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let (start, bytes) = (header.p_vaddr as usize, header.p_memsz as usize);
        if !is_mapped(start, bytes) {
            continue;
        }
        let base = core::ptr::with_exposed_provenance::<u8>(module.dlpi_addr as usize + start);
        // SAFETY: mapped, and notes are never written to.
        let notes = unsafe { core::slice::from_raw_parts(base, bytes) };
        let elected = |table: &&Table| table.is_understood() && table.is_elected();
        if let Some(table) = tables_in(notes).find(elected) {
            // SAFETY: `find` handed its own variable.
            unsafe { *found.cast() = Some(table) };
            return 1;
        }
    }
    0
}

/// The tables that a module's notes lead to.
fn tables_in(notes: &[u8]) -> impl Iterator<Item = &'static Table> {
    let mut rest = notes;
    core::iter::from_fn(move || {
        while let Some(header) = rest.get(..offset_of!(TableNote, name)) {
            let word = |at: usize| {
                u32::from_ne_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
            };
            let padded = |bytes: u32| (bytes as usize).checked_next_multiple_of(NOTE_ALIGN);
            let note = rest;
            let body = padded(word(0)).zip(padded(word(4)));
            let end =
                body.and_then(|(name, body)| name.checked_add(body)?.checked_add(header.len()));
            rest = end.and_then(|end| rest.get(end..)).unwrap_or_default();
            if let Some(table) = table_of(note) {
                return Some(table);
            }
        }
        None
    })
}

/// The table that one note leads to, if it is such a note of a copy whose table this one may look at.
fn table_of(note: &[u8]) -> Option<&'static Table> {
    let bytes = note.get(..size_of::<TableNote>())?;
    // SAFETY: as many bytes, of numbers.
    let read: TableNote = unsafe { bytes.as_ptr().cast::<TableNote>().read_unaligned() };
    let is_ours = (read.name_bytes, read.name) == (4, ELF_NOTE_NAME)
        && (read.descriptor_bytes, read.kind) == (8, ELF_NOTE_KIND_TABLE);
    if !is_ours || read.major != MAJOR {
        return None;
    }
    // SAFETY: whoever wrote this note put the address of its table there, and the loader has relocated it.
    unsafe {
        let field = bytes.as_ptr().add(offset_of!(TableNote, offset));
        let place = field.offset(read.offset as isize).cast::<*const Table>();
        place.read().as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u32, name: &[u8; 4], descriptor: &[u8]) -> Vec<u8> {
        let words = [name.len() as u32, descriptor.len() as u32, kind];
        let header = words.iter().flat_map(|word| word.to_ne_bytes());
        let mut note: Vec<u8> = header.chain(*name).chain(descriptor.iter().copied()).collect();
        note.resize(note.len().next_multiple_of(NOTE_ALIGN), 0);
        note
    }

    #[test]
    fn notes_of_others_and_torn_ones_lead_nowhere() {
        let mut notes = note(3, b"GNU\0", &[1; 20]);
        notes.extend(note(ELF_NOTE_KIND_TABLE, b"GNU\0", &[0; 8]));
        notes.extend(note(ELF_NOTE_KIND_TABLE, b"ust\0", &(MAJOR + 1).to_ne_bytes().repeat(2)));
        notes.extend(note(1, b"ust\0", &[0; 4]));
        assert_eq!(tables_in(&notes).count(), 0);
        // Lengths that go beyond, at every byte of them.
        for cut in 0..notes.len() {
            assert_eq!(tables_in(&notes[..cut]).count(), 0);
        }
        let mut vast = notes.clone();
        vast[..8].fill(0xff);
        assert_eq!(tables_in(&vast).count(), 0);
    }

    #[test]
    fn the_note_of_this_copy_leads_to_its_table() {
        crate::module::TABLE.elect();
        assert!(find().is_some_and(|table| core::ptr::eq(table, &crate::module::TABLE)));
    }
}
