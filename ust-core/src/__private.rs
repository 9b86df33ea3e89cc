//! What macro expansions name. Not part of the public interface.
pub use crate::callsite::Callsite;
pub use crate::event::{EventDescription, FieldDescription, Level};
pub use crate::wire::{Field, FieldType, Payload};
pub use linkme;
/// Every callsite of this module (executable or shared object).
#[linkme::distributed_slice]
pub static CALLSITES: [&'static Callsite];
/// Called by each expansion's `.init_array` entry before `main`.
pub extern "C" fn register_module() {}
/// Records one event in every channel that has it on.
pub fn record<P: Payload>(_site: &'static Callsite, _payload: P) {}
