//! The structures of `include/ust.h`, as the compiler of C lays them out.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::slice;
use ust::dynamic::Switch;

/// `ust_encode_`.
pub type Encode = unsafe extern "C" fn(fields: *const c_void, at: *mut u8) -> *mut u8;

/// `struct ust_module_`.
#[repr(C)]
pub struct Module {
    pub major: u32,
    pub minor: u32,
    begin: *const *const Callsite,
    end: *const *const Callsite,
}

/// `struct ust_callsite_`.
#[repr(C)]
pub struct Callsite {
    switch: Switch,
    pub provider: *const c_char,
    pub name: *const c_char,
    pub file: *const c_char,
    fields: *const Field,
    field_count: u32,
    pub line: u32,
    pub level: u32,
    reserved: u32,
}

/// `struct ust_field_`.
#[repr(C)]
pub struct Field {
    pub name: *const c_char,
    labels: *const Label,
    label_count: u32,
    pub kind: u32,
    pub bytes: u32,
    pub length: u32,
}

/// `struct ust_label_`.
#[repr(C)]
pub struct Label {
    pub name: *const c_char,
    pub low: i64,
    pub high: i64,
}

/// The bits of [`Field::kind`]: what each value is, how it is shown, the order of its bytes, and how many there are.
pub const KIND: u32 = 0xf;
pub const SIGNED: u32 = 0x1;
pub const FLOAT: u32 = 0x2;
pub const TEXT: u32 = 0x3;
pub const BASE: u32 = 0xf0;
pub const HEXADECIMAL: u32 = 0x10;
pub const OCTAL: u32 = 0x20;
pub const BINARY: u32 = 0x30;
pub const NETWORK: u32 = 0x100;
pub const ARRAY: u32 = 0x1000;
pub const SEQUENCE: u32 = 0x2000;

// What the header of version 1.0 has. A later one may have more behind it.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Module>() == 24 && offset_of!(Module, begin) == 8);
    assert!(size_of::<Switch>() == 16 && size_of::<Callsite>() == 64);
    assert!(offset_of!(Callsite, provider) == 16 && offset_of!(Callsite, fields) == 40);
    assert!(offset_of!(Callsite, field_count) == 48 && offset_of!(Callsite, level) == 56);
    assert!(size_of::<Field>() == 32 && offset_of!(Field, label_count) == 16);
    assert!(size_of::<Label>() == 24 && offset_of!(Label, low) == 8);
};

impl Module {
    /// Its callsites, some of them several times.
    ///
    /// # Safety
    /// The header made it.
    pub unsafe fn callsites(&self) -> &[*const Callsite] {
        // SAFETY: the bounds of one section, which the linker aligned.
        unsafe { slice::from_raw_parts(self.begin, self.end.offset_from_unsigned(self.begin)) }
    }
}

impl Callsite {
    /// Where its switch is.
    pub fn switch(callsite: *const Self) -> *const Switch {
        callsite.wrapping_byte_add(offset_of!(Self, switch)).cast()
    }

    /// # Safety
    /// The header made it.
    pub unsafe fn fields(&self) -> &[Field] {
        // SAFETY: an array of so many.
        unsafe { slice::from_raw_parts(self.fields, self.field_count as usize) }
    }
}

impl Field {
    /// # Safety
    /// The header made it.
    pub unsafe fn labels(&self) -> &[Label] {
        if self.label_count == 0 {
            return &[];
        }
        // SAFETY: an array of so many.
        unsafe { slice::from_raw_parts(self.labels, self.label_count as usize) }
    }
}
