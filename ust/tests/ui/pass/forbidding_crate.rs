//! A crate that forbids everything that the expansion does.
#![forbid(unsafe_code)]
#![forbid(missing_docs, unused, nonstandard_style, future_incompatible, unreachable_pub)]
#![forbid(unused_qualifications, unused_results, unnameable_types, single_use_lifetimes)]

use ust::tracepoint;

/// A file has gone through the indexer.
#[tracepoint(provider = "indexer", level = Info)]
pub fn file_indexed(path: &str, bytes: u64, words: u32, ok: bool);

/// Never called, but there must be no warning: a program may use only `with`.
#[tracepoint]
pub(crate) fn only_lazily(bytes: &[u8]);

fn main() {
    file_indexed("a.rs", 512, 64, true);
    file_indexed::with(|| ("a.rs", 512, 64, file_indexed::enabled()));
    only_lazily::with(|| b"abc");
}
