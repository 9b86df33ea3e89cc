//! Shared objects that traced programs load: where they are; and for `examples/plugin.rs` a program's side, which loads,
//! calls and closes it.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::path::PathBuf;
use std::sync::OnceLock;
use ust_test_support::binaries;

/// Where one of `examples/` is.
pub fn built(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    // Programs only come with the tests, not libraries.
    BUILT.get_or_init(|| binaries::build(&["-p", "ust-acceptance", "--examples"]));
    binaries::directory().join("examples").join(format!("lib{name}.so"))
}

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
        // SAFETY: it is not called any more.
        assert_eq!(unsafe { libc::dlclose(self.handle) }, 0);
    }
}
