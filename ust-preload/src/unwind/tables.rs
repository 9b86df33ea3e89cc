//! The tables of the object that an address lies in.
//!
//! ```text
//!   address --the C library--> object --> .eh_frame_hdr: | where .eh_frame is | address: entry | address: entry | ...
//!                                                                                        |
//!                                         .eh_frame:     ... | entry: a function's instructions | ...
//! ```

use core::ffi::{c_int, c_void};
use core::{ptr, slice};
use gimli::{
    BaseAddresses, EhFrame, EhFrameHdr, EndianSlice, FrameDescriptionEntry, NativeEndian, Pointer,
    UnwindSection,
};

/// Bytes of tables, which stay where they are.
pub type Slice = EndianSlice<'static, NativeEndian>;

/// The section of the tables.
pub type Section = EhFrame<Slice>;

/// An odd number: no two words have the same product.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

const ADDRESS_BYTES: u8 = size_of::<usize>() as u8;

/// An object that is loaded, as the C library tells it: `struct dl_find_object`, which has room to grow.
#[repr(C)]
pub struct Object {
    flags: u64,
    start: usize,
    end: usize,
    link_map: *const c_void,
    /// Its `.eh_frame_hdr`; null if it has none.
    header: *const u8,
    others: [u64; 10],
}

mod real {
    use super::{Object, c_int, c_void};

    crate::real::real! {
        pub fn _dl_find_object(address: *const c_void, found: *mut Object) -> c_int;
    }
}

/// Looks up the function that tells objects. It has to be known before an address is asked for.
pub fn look_up() {
    real::_dl_find_object::REAL.address();
    // Older C libraries do not have it, and the loader has left a message, for nobody.
    // SAFETY: no condition.
    unsafe { libc::dlerror() };
}

/// What an object's tables say of a function.
pub struct Function {
    /// Its entry.
    pub entry: FrameDescriptionEntry<Slice>,
    /// Where the entry stands.
    pub section: Section,
    /// What addresses in the section count from.
    pub bases: BaseAddresses,
}

impl Object {
    /// The one that has this address.
    pub fn at(address: usize) -> Option<Self> {
        // Where the C library has no such function, nothing is known of any address.
        if real::_dl_find_object::REAL.known().is_null() {
            return None;
        }
        let mut found = Self {
            flags: 0,
            start: 0,
            end: 0,
            link_map: ptr::null(),
            header: ptr::null(),
            others: [0; 10],
        };
        let address = ptr::without_provenance(address);
        // SAFETY: it takes any address, and has room for what it says.
        let failed = unsafe { real::_dl_find_object(address, &raw mut found) };
        (failed == 0).then_some(found)
    }

    /// Where it begins.
    pub fn place(&self) -> usize {
        self.start
    }

    /// A number that is another one for most objects that might come to lie there.
    pub fn check(&self) -> u64 {
        let words = [self.end, self.header.addr(), self.link_map.addr()];
        words.iter().fold(0, |sum, word| {
            (sum ^ *word as u64).wrapping_mul(SPREAD).rotate_left(u64::BITS / 2)
        })
    }

    /// The function that has this address. `None` if the tables have none.
    pub fn function_at(&self, address: usize) -> Option<Function> {
        let start = self.header.addr();
        let bases = BaseAddresses::default().set_eh_frame_hdr(start as u64);
        let header = EhFrameHdr::new(self.bytes_from(start)?, NativeEndian);
        let header = header.parse(&bases, ADDRESS_BYTES).ok()?;
        let Pointer::Direct(start) = header.eh_frame_ptr() else { return None };
        let mut section = EhFrame::new(self.bytes_from(start as usize)?, NativeEndian);
        section.set_address_size(ADDRESS_BYTES);
        #[cfg(target_arch = "aarch64")]
        section.set_vendor(gimli::Vendor::AArch64);
        let bases = bases.set_eh_frame(start);
        let (table, common) = (header.table()?, EhFrame::cie_from_offset);
        let entry = table.fde_for_address(&section, &bases, address as u64, common).ok()?;
        Some(Function { entry, section, bases })
    }

    /// Its bytes from an address on.
    fn bytes_from(&self, start: usize) -> Option<&'static [u8]> {
        if start < self.start {
            return None;
        }
        let bytes = self.end.checked_sub(start)?;
        // SAFETY: tables of a loaded object, which the linker has made for unwinders. They say themselves where they end, and
        // nothing behind is read. The object stays, because a function of it is on this thread's stack.
        Some(unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(start), bytes) })
    }
}
