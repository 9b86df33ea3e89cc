//! Elects one copy of this library as the process's runtime: the first that is initialised.
//!
//! An executable exports no symbols, so a look-up by name would not find its copy. Instead each copy leaves an ELF note
//! in the module that it is linked into, and the note leads to the copy's [`Table`]:
//!
//! ```text
//!   PT_NOTE  "ust" kind 2 | version | offset --.      read-only, so it cannot hold an address
//!                                              v
//!                                   address of TABLE  relocated by the loader before any constructor runs
//! ```
//!
//! Search and election are one step, while the loader holds the lock of its list of modules: the constructors of a
//! program's own libraries may run beside those of a `dlopen` in another thread. Modules in another namespace of the
//! loader (`dlmopen`) are not seen, and elect a runtime of their own.
#![allow(unsafe_code)]

use crate::table::{IN_PROCESS, Table};
use core::arch::global_asm;
use core::ffi::{c_int, c_void};
use core::mem::offset_of;
use ust_core::abi::{ABI, ELF_NOTE_KIND, ELF_NOTE_KIND_TABLE, ELF_NOTE_NAME};
use ust_core::protocol::OtherCopy;
use ust_core::version::Version;

// Here, beside `find`: every module with tracepoints links that function, and so links the notes.
ust_core::table_note!(
    kind: ELF_NOTE_KIND_TABLE,
    version: IN_PROCESS,
    table: crate::module::TABLE
);
global_asm!(
    ".pushsection .note.ust,\"a\",%note",
    ".p2align 2",
    ".long 4, 4, {tracepoints}",
    ".asciz \"ust\"",
    ".long {abi}",
    ".popsection",
    tracepoints = const ELF_NOTE_KIND,
    abi = const ABI.to_word(),
);

/// The note, as the assembler lays it out.
#[repr(C)]
#[derive(Clone, Copy)]
struct TableNote {
    name_bytes: u32,
    descriptor_bytes: u32,
    kind: u32,
    name: [u8; 4],
    /// Of the table, as a word.
    version: u32,
    /// From this field to where the table's address stands.
    offset: i32,
}

/// Name and descriptor are each padded to a multiple of this.
const NOTE_ALIGN: usize = 4;

/// The copies that the notes of all modules lead to.
#[derive(Default)]
pub(crate) struct Found {
    /// The table of the copy that has been elected, among those that this one can join.
    pub(crate) elected: Option<&'static Table>,
    /// The first copy that this one cannot join, if no other has been elected.
    pub(crate) other: Option<OtherCopy>,
}

/// Looks through the modules of this program.
#[inline(never)]
pub(crate) fn find() -> Found {
    let mut found = Found::default();
    // SAFETY: the callback is handed what it is declared to take; it does not unwind.
    unsafe { libc::dl_iterate_phdr(Some(look_at), (&raw mut found).cast()) };
    found
}

/// Elects `own`, unless another one has been elected. Returns what was found before.
pub(crate) fn elect(own: &'static Table) -> Found {
    let mut own_and_found = (own, Found::default());
    // SAFETY: as in `find`.
    unsafe { libc::dl_iterate_phdr(Some(elect_within), (&raw mut own_and_found).cast()) };
    own_and_found.1
}

/// Called for the first module, while the loader's list is locked (by a lock that this thread may take again).
unsafe extern "C" fn elect_within(
    _: *mut libc::dl_phdr_info,
    _: libc::size_t,
    own_and_found: *mut c_void,
) -> c_int {
    // SAFETY: `elect` handed its own variable.
    let (own, found) = unsafe { &mut *own_and_found.cast::<(&'static Table, Found)>() };
    *found = find();
    if found.elected.is_none() {
        own.elect();
    }
    1
}

/// Looks at one module. Stops the search when it has found the elected table.
unsafe extern "C" fn look_at(
    module: *mut libc::dl_phdr_info,
    _: libc::size_t,
    found: *mut c_void,
) -> c_int {
    // SAFETY: the loader's record of a loaded module, including its program headers.
    let (module, headers) = unsafe {
        let module = &*module;
        (module, core::slice::from_raw_parts(module.dlpi_phdr, module.dlpi_phnum as usize))
    };
    let base = module.dlpi_addr as usize;
    let is_mapped = |start: usize, bytes: usize| {
        headers.iter().filter(|header| header.p_type == libc::PT_LOAD).any(|header| {
            let from = base.wrapping_add(header.p_vaddr as usize);
            let length = header.p_memsz as usize;
            start >= from && start - from <= length && bytes <= length - (start - from)
        })
    };
    for header in headers.iter().filter(|header| header.p_type == libc::PT_NOTE) {
        let (start, bytes) = (base.wrapping_add(header.p_vaddr as usize), header.p_memsz as usize);
        if !is_mapped(start, bytes) {
            continue;
        }
        let notes = core::ptr::with_exposed_provenance::<u8>(start);
        // SAFETY: mapped, and nobody writes to notes.
        let notes = unsafe { core::slice::from_raw_parts(notes, bytes) };
        // SAFETY: `find` handed its own variable.
        let found = unsafe { &mut *found.cast::<Found>() };
        for copy in copies_in(notes, &is_mapped) {
            match copy {
                Ok(table) if table.is_elected() => {
                    *found = Found { elected: Some(table), other: None };
                    return 1;
                }
                Ok(_) => {}
                Err(other) => found.other = found.other.or(Some(other)),
            }
        }
    }
    0
}

/// The tables that a module's notes lead to, of what the module itself has mapped; for copies that this one cannot join, why.
fn copies_in<'a>(
    notes: &'a [u8],
    is_mapped: &'a impl Fn(usize, usize) -> bool,
) -> impl Iterator<Item = Result<&'static Table, OtherCopy>> + 'a {
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
            if let Some(copy) = copy_of(note, is_mapped) {
                return Some(copy);
            }
        }
        None
    })
}

/// The table that one note leads to, if it is a note of a copy. Of a copy with another major only the note is read.
///
/// A module that another thread is just loading may not be relocated: its address then leads out of the module.
fn copy_of(
    note: &[u8],
    is_mapped: &impl Fn(usize, usize) -> bool,
) -> Option<Result<&'static Table, OtherCopy>> {
    let bytes = note.get(..size_of::<TableNote>())?;
    // SAFETY: as many bytes, all of them integers.
    let read: TableNote = unsafe { bytes.as_ptr().cast::<TableNote>().read_unaligned() };
    let is_ours = (read.name_bytes, read.name) == (4, ELF_NOTE_NAME)
        && (read.descriptor_bytes, read.kind) == (8, ELF_NOTE_KIND_TABLE);
    if !is_ours {
        return None;
    }
    if let Err(mismatch) = IN_PROCESS.check(Version::from_word(read.version)) {
        return Some(Err(OtherCopy::Table(mismatch)));
    }
    let place = bytes.as_ptr().addr() + offset_of!(TableNote, offset);
    let place = place.wrapping_add_signed(read.offset as isize);
    if !is_mapped(place, size_of::<usize>()) {
        return None;
    }
    // SAFETY: mapped; the copy that wrote this note put its table's address there, for the loader to relocate.
    let table = unsafe { core::ptr::with_exposed_provenance::<usize>(place).read_unaligned() };
    if !is_mapped(table, size_of::<Table>()) {
        return None;
    }
    // SAFETY: the module's own, and so relocated: a table, which is never changed but for one atomic.
    let table = unsafe { &*core::ptr::with_exposed_provenance::<Table>(table) };
    table.is_table().then(|| table.hindrance().map_or(Ok(table), Err))
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
        notes.extend(note(1, b"ust\0", &[0; 4]));
        assert_eq!(copies_in(&notes, &|_, _| true).count(), 0);
        // Lengths that go beyond, at every byte of them.
        for cut in 0..notes.len() {
            assert_eq!(copies_in(&notes[..cut], &|_, _| true).count(), 0);
        }
        let mut vast = notes.clone();
        vast[..8].fill(0xff);
        assert_eq!(copies_in(&vast, &|_, _| true).count(), 0);
    }

    #[test]
    fn of_a_copy_with_another_major_the_note_alone_is_read() {
        let other = Version { major: IN_PROCESS.major + 1, minor: 4 };
        // An address that nobody may look at.
        let descriptor = [other.to_word(), u32::MAX].map(u32::to_ne_bytes).concat();
        let notes = note(ELF_NOTE_KIND_TABLE, b"ust\0", &descriptor);
        let copies: Vec<_> = copies_in(&notes, &|_, _| panic!("it is looked at")).collect();
        assert!(matches!(copies[..], [Err(OtherCopy::Table(mismatch))] if mismatch.found == other));
    }

    #[test]
    fn the_note_of_this_copy_leads_to_its_table() {
        let found = elect(&crate::module::TABLE);
        assert!(found.elected.is_none() && found.other.is_none());
        assert!(elect(&crate::module::TABLE).elected.is_some(), "once");
        assert!(find().elected.is_some_and(|table| core::ptr::eq(table, &crate::module::TABLE)));
    }
}
