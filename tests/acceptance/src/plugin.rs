//! A program's side of `examples/plugin.rs`: loads it, calls it, closes it.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};

/// The plugin, loaded.
#[derive(Debug)]
pub struct Plugin {
    handle: *mut c_void,
    emit: extern "C" fn(u64, u64),
}

// SAFETY: a handle of the loader's, which any thread may use.
unsafe impl Send for Plugin {}
// SAFETY: as above.
unsafe impl Sync for Plugin {}

impl Plugin {
    /// Loads it from `path`.
    pub fn load(path: &str) -> Self {
        let path = CString::new(path).expect("a path has no zeroes");
        // SAFETY: the plugin is this package's; `emit` is declared there as it is here.
        unsafe {
            let handle = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
            assert!(!handle.is_null(), "{path:?}: {:?}", CStr::from_ptr(libc::dlerror()));
            let emit = libc::dlsym(handle, c"emit".as_ptr());
            assert!(!emit.is_null(), "{path:?} has no `emit`");
            let emit = core::mem::transmute::<*mut c_void, extern "C" fn(u64, u64)>(emit);
            Self { handle, emit }
        }
    }

    /// Has it emit events.
    pub fn emit(&self, thread: u64, events: u64) {
        (self.emit)(thread, events);
    }

    /// Closes it.
    pub fn close(self) {
        // SAFETY: nobody calls it any more.
        assert_eq!(unsafe { libc::dlclose(self.handle) }, 0);
    }
}
