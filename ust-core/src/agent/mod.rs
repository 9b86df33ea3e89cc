//! placeholder
pub mod paths;
pub mod protocol;
pub mod socket;
