//! Writes a trace: its metadata, its stream files, their index.
//!
//! ```text
//!   classes --> metadata --> metadata_file --> metadata
//!   records --> stream_file (packet) --------> NAME, index/NAME.idx
//! ```

mod at;
pub mod event_header;
pub(crate) mod index;
pub mod metadata;
pub mod metadata_file;
pub mod packet;
mod pages;
pub mod payload_layout;
pub mod stream_file;

#[cfg(test)]
pub(crate) mod any_class;
