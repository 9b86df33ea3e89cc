//! A crate that forbids whatever the expansion does.
#![forbid(unsafe_code)]
#![forbid(missing_docs, unused, nonstandard_style, future_incompatible, unreachable_pub)]
#![forbid(unused_qualifications, unused_results, unnameable_types, single_use_lifetimes)]

use ust::tracepoint;

/// A file has gone through the indexer.
#[tracepoint(provider = "indexer", level = Info)]
pub fn file_indexed(path: &str, bytes: u64, words: u32, ok: bool);

/// Not called, which is no reason for a warning: `with` may be all that is used.
#[tracepoint]
pub(crate) fn only_lazily(bytes: &[u8]);

fn main() {
    file_indexed("a.rs", 512, 64, true);
    file_indexed::with(|| ("a.rs", 512, 64, file_indexed::enabled()));
    only_lazily::with(|| b"abc");
}
