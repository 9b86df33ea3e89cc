//! The functions behind the shim's: what the loader finds under the same name in the objects behind this one.
//!
//! Each is looked up when it is first called: in the tables of the objects behind the shim ([`exports`](crate::exports)). What is
//! not there, the loader is asked for. That takes from the program what `dlerror` has to tell it. So functions of which the
//! loader has several versions are looked up when the shim is loaded; and where those tables cannot be used, all of them are.
//! Constructors of libraries run earlier than the shim's: what they call is looked up then, by the loader.
#![allow(unsafe_code)]

use crate::argument::Outcome;
use crate::exports::Exports;
use core::ffi::{CStr, c_void};
use core::ptr;
use std::sync::OnceLock;
use ust::inside::Inside;
use ust_core::hint::unlikely;
use ust_core::sync::{AtomicPtr, Ordering};

/// Every function that [`real!`] declares.
#[linkme::distributed_slice]
pub static ALL: [&'static Real];

/// What the objects behind the shim export; not set if that is not known.
static EXPORTS: OnceLock<Exports> = OnceLock::new();

/// Looks up what would be looked up too late otherwise.
pub fn look_up_early() {
    match Exports::read().filter(agrees_with_loader) {
        Some(exports) => {
            let _ = EXPORTS.set(exports);
            let versioned = ALL.iter().filter(|real| real.version.is_some());
            versioned.for_each(|real| _ = real.address());
        }
        None => ALL.iter().for_each(|real| _ = real.address()),
    }
    // What was not found left a message, for nobody.
    // SAFETY: no condition.
    unsafe { libc::dlerror() };
}

/// Whether all functions that the loader has found are where it says. Those of `malloc`'s family are known by now.
fn agrees_with_loader(exports: &Exports) -> bool {
    let known = ALL.iter().filter(|real| real.version.is_none() && !real.known().is_null());
    known
        .map(|real| (real, exports.function(real.name)))
        .all(|(real, found)| found == Some(real.known()))
}

/// One function.
pub struct Real {
    name: &'static CStr,
    /// The symbol version to prefer, of a function that the C library has in several.
    version: Option<&'static CStr>,
    address: AtomicPtr<c_void>,
}

impl Real {
    /// The function of this name.
    pub const fn new(name: &'static CStr) -> Self {
        Self { name, version: None, address: AtomicPtr::new(ptr::null_mut()) }
    }

    /// The function of this name and version. (`dlsym` finds the oldest one in C libraries before 2.36.)
    pub const fn versioned(name: &'static CStr, version: &'static CStr) -> Self {
        Self { name, version: Some(version), address: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Its address; null if no object has it, or not yet.
    // Relaxed: code, which is there for as long as this object is.
    #[inline(always)]
    pub fn address(&self) -> *mut c_void {
        let known = self.address.load(Ordering::Relaxed);
        if !known.is_null() {
            return known;
        }
        unlikely();
        self.look_up()
    }

    /// Its address if it has been looked up.
    #[inline(always)]
    pub fn known(&self) -> *mut c_void {
        self.address.load(Ordering::Relaxed)
    }

    #[cold]
    #[inline(never)]
    fn look_up(&self) -> *mut c_void {
        let exports = EXPORTS.get().filter(|_| self.version.is_none());
        let exported = exports.and_then(|exports| exports.function(self.name));
        let found = exported.unwrap_or_else(|| self.ask_loader());
        self.address.store(found, Ordering::Relaxed);
        found
    }

    fn ask_loader(&self) -> *mut c_void {
        // What `dlsym` allocates comes back to us.
        let _inside = Inside::new();
        let next = libc::RTLD_NEXT;
        let name = self.name.as_ptr();
        // SAFETY: C strings. The caller's address is this object's, behind which the search begins.
        let of_version =
            self.version.map(|version| unsafe { libc::dlvsym(next, name, version.as_ptr()) });
        match of_version {
            Some(found) if !found.is_null() => found,
            // SAFETY: as above. Platforms younger than the version have one function of the name.
            _ => unsafe { libc::dlsym(next, name) },
        }
    }
}

/// Declares functions behind the shim's: each is called as the C library declares it. A thread that is cancelled unwinds
/// through its caller.
macro_rules! real {
    ($($vis:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $(, version $version:literal)?;)*) => {$(
        /// The function behind the shim's of this name.
        ///
        /// # Safety
        /// As the C library says.
        #[allow(dead_code, non_snake_case)] // Some are only asked for their address.
        #[inline(always)]
        $vis unsafe fn $name($($argument: $type),*) $(-> $result)? {
            type Function = unsafe extern "C-unwind" fn($($type),*) $(-> $result)?;

            // Apart, so that a call whose function is known keeps nothing on the stack.
            #[cold]
            #[inline(never)]
            unsafe extern "C-unwind" fn look_up_and_call($($argument: $type),*) $(-> $result)? {
                let address = $name::REAL.address();
                if address.is_null() {
                    return $crate::real::missing();
                }
                // SAFETY: as below.
                let function = unsafe { core::mem::transmute::<*mut core::ffi::c_void, Function>(address) };
                // SAFETY: as below.
                unsafe { function($($argument),*) }
            }

            let address = $name::REAL.known();
            if address.is_null() {
                // SAFETY: the caller's promise.
                return unsafe { look_up_and_call($($argument),*) };
            }
            // SAFETY: the loader found it under this name, which the C library gives to such a function alone.
            let function = unsafe { core::mem::transmute::<*mut core::ffi::c_void, Function>(address) };
            // SAFETY: the caller's promise.
            unsafe { function($($argument),*) }
        }

        #[allow(non_camel_case_types, missing_docs, dead_code)]
        $vis enum $name {}

        impl $name {
            /// Where it is.
            $vis const REAL: &'static $crate::real::Real = {
                static REAL: $crate::real::Real =
                    $crate::real::found!($crate::real::c_text(concat!(stringify!($name), "\0")) $(, $version)?);
                #[linkme::distributed_slice($crate::real::ALL)]
                static ENTRY: &$crate::real::Real = &REAL;
                &REAL
            };
        }
    )*};
}

/// The function of a name, and of a version if there is one.
macro_rules! found {
    ($name:expr) => {
        $crate::real::Real::new($name)
    };
    ($name:expr, $version:literal) => {
        $crate::real::Real::versioned($name, $crate::real::c_text(concat!($version, "\0")))
    };
}
pub(crate) use {found, real};

/// Text that ends with its only zero.
pub const fn c_text(text: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("no C string"),
    }
}

/// What a function returns that no object has: ENOSYS. A program that asks the loader for a name finds the shim's, even where
/// its C library is older than the function.
#[cold]
#[inline(never)]
pub fn missing<T: Outcome>() -> T {
    // SAFETY: every thread has an `errno`.
    unsafe { *libc::__errno_location() = libc::ENOSYS };
    T::missing()
}
