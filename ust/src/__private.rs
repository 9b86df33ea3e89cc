//! What macro expansions name. Not part of the public interface.
//!
//! All that they need is reached from here, the standard library included, so that no name in the scope around an
//! expansion can stand in for it.

pub use crate::callsite::{Callsite, CallsiteState, Switch};
pub use crate::declared::{CALLSITES, Entry, all as callsites};
pub use crate::record::{record_otherwise, try_record};
pub use core;
pub use linkme;
pub use ust_core::event::{EventDescription, FieldDescription, Level};
pub use ust_core::wire::{
    Choice, Field, FieldType, Integer, Label, Member, Part, Payload, sum_of_sizes,
};

/// Called by each expansion's `.init_array` entry, before `main` or in `dlopen`.
pub extern "C" fn register_module() {
    // A constructor must not unwind into the loader.
    let _ = std::panic::catch_unwind(crate::startup::register_module);
}

/// Called by each expansion's `.fini_array` entry, in `dlclose` or at the program's end.
pub extern "C" fn unregister_module() {
    // Nor must a destructor.
    let _ = std::panic::catch_unwind(crate::startup::unregister_module);
}

/// The crate's name, with which the path of each of its modules starts.
///
/// Not `env!("CARGO_CRATE_NAME")`, which other build systems do not set.
pub const fn crate_name(module_path: &'static str) -> &'static str {
    let mut length = 0;
    while length < module_path.len() && module_path.as_bytes()[length] != b':' {
        length += 1;
    }
    module_path.split_at(length).0
}
