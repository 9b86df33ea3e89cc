//! How to do what people want to do: pages to read, without code.

#[doc = include_str!("existing_program.md")]
pub mod existing_program {}

#[doc = include_str!("slow_request.md")]
pub mod slow_request {}

#[doc = include_str!("library.md")]
pub mod library {}
