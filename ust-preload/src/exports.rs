//! What the objects behind the shim export, read from their own tables.
//!
//! ```text
//!   the loader's list:   program | shim | what is preloaded behind it ... the C library | what comes later
//!                                         '----------- searched, in this order -------'
//! ```
//!
//! A look-up by `dlsym` takes from the program what `dlerror` has to tell it, so it must come before `main`, for every function
//! that the program may ever call. A look-up here takes nothing from anybody: it reads memory, and makes no call of the
//! loader. So it can wait until the function is called, in any place of a program: a signal handler, a child of `vfork`.
//!
//! **Invariant:** the objects that are searched stay loaded. The loader put them there before any constructor ran; what `dlopen`
//! brings comes behind the C library.
#![allow(unsafe_code)]

use crate::object::Header;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::{ptr, slice};

#[cfg(target_pointer_width = "64")]
type Symbol = libc::Elf64_Sym;
#[cfg(target_pointer_width = "32")]
type Symbol = libc::Elf32_Sym;

/// A row of an object's dynamic section.
#[repr(C)]
struct Dynamic {
    tag: usize,
    value: usize,
}

const DT_NULL: usize = 0;
const DT_STRTAB: usize = 5;
const DT_SYMTAB: usize = 6;
const DT_GNU_HASH: usize = 0x6fff_fef5;
const DT_VERSYM: usize = 0x6fff_fff0;

/// The type of a symbol that is a function. Of other types only the loader knows the address.
const STT_FUNC: u8 = 2;

/// Of a symbol's version: it is an old one, which only those get who ask for it.
const HIDDEN: u16 = 0x8000;

/// The objects between the shim and the C library, and the C library.
pub struct Exports(Vec<Object>);

/// The tables of one object.
struct Object {
    bias: usize,
    symbols: *const Symbol,
    names: *const c_char,
    /// Null if its symbols have no versions.
    versions: *const u16,
    hash: *const u32,
}

// SAFETY: tables that nobody writes to.
unsafe impl Send for Exports {}
// SAFETY: as above.
unsafe impl Sync for Exports {}

impl Exports {
    /// Finds the tables. `None` if the C library is in several objects, or if one of the objects has no such table.
    pub fn read() -> Option<Self> {
        let mut search = Search { is_behind: false, objects: Vec::new() };
        // SAFETY: the callback takes the search for what it is.
        let end = unsafe { libc::dl_iterate_phdr(Some(next), ptr::from_mut(&mut search).cast()) };
        (end == COMPLETE).then_some(Self(search.objects))
    }

    /// The address of a function, by the version that a program gets that is linked today. `None` if no object has it, or if only
    /// the loader can tell its address.
    pub fn function(&self, name: &CStr) -> Option<*mut c_void> {
        let hash = hash_of(name);
        let (object, symbol) =
            self.0.iter().find_map(|object| Some((object, object.symbol(name, hash)?)))?;
        let address = object.bias.wrapping_add(symbol.st_value as usize);
        (symbol.st_info & 0xf == STT_FUNC).then(|| ptr::with_exposed_provenance_mut(address))
    }
}

impl Object {
    /// The tables of an object whose dynamic section this is.
    ///
    /// # Safety
    /// The object is loaded there.
    unsafe fn of(bias: usize, mut dynamic: *const Dynamic) -> Option<Self> {
        let mut at = [0; 4];
        // SAFETY: the section ends with a row of this tag.
        while let Dynamic { tag, value } = unsafe { dynamic.read() }
            && tag != DT_NULL
        {
            let tags = [DT_SYMTAB, DT_STRTAB, DT_VERSYM, DT_GNU_HASH];
            if let Some(place) = tags.iter().position(|wanted| *wanted == tag) {
                // Loaders that may write to the section have put addresses there.
                at[place] = if value < bias { bias + value } else { value };
            }
            dynamic = dynamic.wrapping_add(1);
        }
        let [symbols, names, versions, hash] = at.map(ptr::with_exposed_provenance::<u8>);
        if symbols.is_null() || names.is_null() || hash.is_null() {
            return None;
        }
        let (symbols, names) = (symbols.cast(), names.cast());
        Some(Self { bias, symbols, names, versions: versions.cast(), hash: hash.cast() })
    }

    /// The symbol of this name, if the object exports one.
    ///
    /// ```text
    ///   buckets, first, words, shift | words: bits that names set | for each bucket its first symbol | for each symbol, from
    ///   `first` on, its hash, whose lowest bit says that it is the bucket's last
    /// ```
    fn symbol(&self, name: &CStr, hash: u32) -> Option<&Symbol> {
        // SAFETY: the object's own table, as its linker made it.
        unsafe {
            let [buckets, first, words, shift] = self.hash.cast::<[u32; 4]>().read();
            let bits = self.hash.add(4).cast::<usize>();
            let word = bits.add((hash / usize::BITS) as usize & (words as usize - 1)).read();
            if (word >> (hash % usize::BITS)) & (word >> ((hash >> shift) % usize::BITS)) & 1 == 0 {
                return None;
            }
            let bucket = bits.add(words as usize).cast::<u32>();
            let hashes = bucket.add(buckets as usize);
            let mut at = bucket.add((hash % buckets) as usize).read();
            while at >= first {
                let other = hashes.add((at - first) as usize).read();
                if other | 1 == hash | 1 && self.exports(at as usize, name) {
                    return Some(&*self.symbols.add(at as usize));
                }
                if other & 1 != 0 {
                    break;
                }
                at += 1;
            }
        }
        None
    }

    /// Whether this symbol has that name, and is to be found by it.
    ///
    /// # Safety
    /// The object has so many symbols.
    unsafe fn exports(&self, at: usize, name: &CStr) -> bool {
        // SAFETY: the caller's promise.
        unsafe {
            let symbol = &*self.symbols.add(at);
            symbol.st_shndx != 0
                && symbol.st_value != 0
                && (self.versions.is_null() || self.versions.add(at).read() & HIDDEN == 0)
                && CStr::from_ptr(self.names.add(symbol.st_name as usize)) == name
        }
    }
}

/// The hash by which linkers sort names.
fn hash_of(name: &CStr) -> u32 {
    let bytes = name.to_bytes().iter();
    bytes.fold(5381, |hash: u32, byte| hash.wrapping_mul(33).wrapping_add(u32::from(*byte)))
}

struct Search {
    /// Whether the shim has been met.
    is_behind: bool,
    objects: Vec<Object>,
}

/// All tables have been found.
const COMPLETE: c_int = 1;

/// An object has none.
const INCOMPLETE: c_int = 2;

/// One object of the loader's list.
unsafe extern "C" fn next(info: *mut libc::dl_phdr_info, _: usize, search: *mut c_void) -> c_int {
    // SAFETY: `read` passes it, and the loader an object that it has, with its table of segments.
    let (info, search, headers) = unsafe {
        let headers = slice::from_raw_parts((*info).dlpi_phdr, (*info).dlpi_phnum.into());
        (&*info, &mut *search.cast::<Search>(), headers)
    };
    let bias = info.dlpi_addr as usize;
    let address_of = |header: &Header| bias.wrapping_add(header.p_vaddr as usize);
    let has = |address: usize| {
        let mut loads = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
        loads.any(|load| address.wrapping_sub(address_of(load)) < load.p_memsz as usize)
    };
    if !search.is_behind {
        search.is_behind = has(next as *const () as usize);
        return 0;
    }
    let dynamic = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC).map(address_of);
    // SAFETY: an object that is loaded.
    let object = dynamic
        .and_then(|at| unsafe { Object::of(bias, ptr::with_exposed_provenance::<Dynamic>(at)) });
    let Some(object) = object else { return INCOMPLETE };
    search.objects.push(object);
    // In older C libraries that function was another object's, and so were those of threads.
    if has(libc::dlsym as *const () as usize) { COMPLETE } else { 0 }
}
