//! The functions behind the shim's: what the loader finds under the same name in the objects behind this one.
#![allow(unsafe_code)]

use crate::argument::Outcome;
use core::ffi::{CStr, c_void};
use core::ptr;
use ust::inside::Inside;
use ust_core::hint::unlikely;
use ust_core::sync::{AtomicPtr, Ordering};

/// Functions that glibc has in several versions, and the one that programs are linked with today. (Before glibc 2.36 `dlsym` found
/// the oldest one.) Where there is only one version it has another name, and is found without.
const VERSIONS: [(&[&CStr], &CStr); 3] = [
    (
        &[
            c"pthread_cond_wait",
            c"pthread_cond_timedwait",
            c"pthread_cond_signal",
            c"pthread_cond_broadcast",
        ],
        c"GLIBC_2.3.2",
    ),
    (&[c"posix_spawn", c"posix_spawnp"], c"GLIBC_2.15"),
    (&[c"realpath"], c"GLIBC_2.3"),
];

/// One function, looked up when it is called first.
pub struct Real {
    name: &'static CStr,
    address: AtomicPtr<c_void>,
}

impl Real {
    /// The function of this name.
    pub const fn new(name: &'static CStr) -> Self {
        Self { name, address: AtomicPtr::new(ptr::null_mut()) }
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
        // What `dlsym` allocates comes back to us.
        let _inside = Inside::new();
        let version = VERSIONS.iter().find(|(names, _)| names.contains(&self.name));
        // SAFETY: C strings. The caller's address is this object's, behind which the search begins.
        let found = unsafe {
            let versioned = version.map_or(ptr::null_mut(), |(_, version)| {
                libc::dlvsym(libc::RTLD_NEXT, self.name.as_ptr(), version.as_ptr())
            });
            if versioned.is_null() {
                libc::dlsym(libc::RTLD_NEXT, self.name.as_ptr())
            } else {
                versioned
            }
        };
        self.address.store(found, Ordering::Relaxed);
        found
    }
}

/// Declares functions behind the shim's: each is called as the C library declares it. A thread that is cancelled unwinds
/// through its caller.
macro_rules! real {
    ($($vis:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)?;)*) => {$(
        /// The function behind the shim's of this name.
        ///
        /// # Safety
        /// As the C library says.
        #[allow(dead_code, non_snake_case)] // Some are only asked for their address.
        #[inline(always)]
        $vis unsafe fn $name($($argument: $type),*) $(-> $result)? {
            type Function = unsafe extern "C-unwind" fn($($type),*) $(-> $result)?;
            let address = $name::REAL.address();
            if address.is_null() {
                return $crate::real::missing();
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
                static REAL: $crate::real::Real = $crate::real::Real::new(
                    match core::ffi::CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => panic!("no C string"),
                    },
                );
                &REAL
            };
        }
    )*};
}
pub(crate) use real;

/// What a function returns that no object has: ENOSYS. A program that asks the loader for a name finds the shim's, even where
/// its C library is older than the function.
#[cold]
#[inline(never)]
pub fn missing<T: Outcome>() -> T {
    // SAFETY: every thread has an `errno`.
    unsafe { *libc::__errno_location() = libc::ENOSYS };
    T::missing()
}
