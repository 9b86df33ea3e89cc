//! Placeholder.
#![deny(unsafe_code)]
extern crate self as ust_core;
pub mod abi;
#[cfg(not(loom))]
pub mod agent;
#[cfg(not(loom))]
pub mod callsite;
#[cfg(not(loom))]
pub mod channel;
#[cfg(not(loom))]
pub mod clock;
#[cfg(not(loom))]
pub mod event;
#[cfg(not(loom))]
pub mod record;
pub mod ring;
#[cfg(not(loom))]
pub mod session;
#[cfg(not(loom))]
pub mod shm;
#[cfg(not(loom))]
pub mod stream;
pub mod sync;
pub mod testpoint;
#[cfg(not(loom))]
pub mod thread_cache;
#[cfg(not(loom))]
pub mod wire;
#[doc(hidden)]
#[cfg(not(loom))]
pub mod __private;
#[cfg(not(loom))]
pub use event::Level;
#[cfg(not(loom))]
pub use ust_macros::tracepoint;
