//! What macro expansions name. Not part of the public interface.

pub use crate::callsite::{Callsite, CallsiteState};
pub use crate::event::{EventDescription, FieldDescription, Level};
pub use crate::record::{record_otherwise, try_record};
pub use crate::wire::{Field, FieldType, Payload};
pub use linkme;

/// Every callsite of this module (executable or shared object).
#[linkme::distributed_slice]
pub static CALLSITES: [&'static Callsite];

/// Called by each expansion's `.init_array` entry, before `main` or in `dlopen`.
pub extern "C" fn register_module() {
    // A constructor must not unwind into the loader.
    let _ = std::panic::catch_unwind(|| crate::agent::register_module(&CALLSITES));
}
