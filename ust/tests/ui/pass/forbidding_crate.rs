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

/// A function with arguments and an error.
///
/// # Errors
/// A long path.
#[tracepoint]
pub fn indexed(
    path: &str,
    #[field(debug)] why: Option<&str>,
    content: Vec<u8>,
) -> Result<u64, String> {
    let _ = why;
    if path.len() > 3 { Err(path.to_owned()) } else { Ok(content.len() as u64) }
}

/// A function without a value.
#[tracepoint(span)]
pub fn flushed(path: String) {
    drop(path);
}

/// A future.
#[tracepoint]
pub async fn read(path: &str) -> Result<u64, String> {
    let length = u64::try_from(path.len()).map_err(|error| error.to_string())?;
    Ok(length)
}

/// A future that is one record.
#[tracepoint(span)]
pub async fn written(path: &str) {
    let _ = path;
}

/// A span.
#[tracepoint(span)]
pub fn request(connection: u64, #[field(skip)] _secret: &str);

/// Never used.
#[tracepoint(span)]
pub(crate) fn never(#[field(display)] connection: u64);

/// Fields of all forms.
#[tracepoint]
pub fn forms(
    #[field(hex)] a: u32,
    #[field(text)] b: &[u8],
    #[field(with = str::len)] c: &str,
    d: impl AsRef<str>,
);

fn main() {
    file_indexed("a.rs", 512, 64, true);
    file_indexed::with(|| ("a.rs", 512, 64, file_indexed::enabled()));
    only_lazily::with(|| b"abc");
    let _ = indexed("a", None, Vec::new());
    flushed(String::new());
    drop(read("a"));
    drop(written("a"));
    drop(request(1, ""));
    forms(1, b"2", "3", "4");
}
