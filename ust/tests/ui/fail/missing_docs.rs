//! An event without a description is undocumented like any other function.
#![deny(missing_docs)]

use ust::tracepoint;

#[tracepoint]
pub fn file_indexed(path: &str);

fn main() {}
