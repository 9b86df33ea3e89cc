//! Placeholder.
pub mod cause;
pub mod control;
pub mod daemon;
pub mod descriptors;
pub mod engine;
pub mod output_dir;
pub mod session;
pub mod signals;
