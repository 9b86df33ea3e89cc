//! What belongs to the executable, which is never unloaded, and what to a library.
#![allow(unsafe_code)]

use std::os::raw::c_void;

/// Whether an object is the executable, not a library: the main program's headers are in it.
pub(crate) fn is(object: &libc::Dl_info) -> bool {
    // SAFETY: the auxiliary vector of this process.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) } as usize;
    let base = object.dli_fbase as usize;
    (base..base + ust_core::abi::PAGE_BYTES).contains(&headers)
}

/// Whether an address is in the executable. Nothing is read there.
#[allow(clippy::not_unsafe_ptr_arg_deref)] // `dladdr` compares it.
pub fn holds(address: *const c_void) -> bool {
    // SAFETY: plain data, and an address that is only compared.
    unsafe {
        let mut object: libc::Dl_info = core::mem::zeroed();
        // Without a loader nothing is unloaded.
        libc::dladdr(address, &mut object) == 0 || is(&object)
    }
}
