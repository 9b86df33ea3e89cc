//! Any bytes as CTF 2 metadata: what `ctf::json` makes of them is bounded, a stream can be read by it, and what
//! `ctf::convert` says again of it means the same.
//!
//! Input: the metadata, and behind the first NUL a stream.

#![no_main]

mod traces;
mod walk;

use ctf::{convert, json};
use libfuzzer_sys::fuzz_target;
use walk::Walk;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (text, stream) = (&input[..end], input.get(end + 1..).unwrap_or_default());
    let metadata = match json::parse(text) {
        Ok(metadata) => metadata,
        Err(error) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(error.line <= lines, "an error behind the end: {error}");
            return;
        }
    };
    Walk::default().hold(&metadata, text.len());
    let dir = traces::directory();
    traces::make(dir.path(), text, &[stream]);
    let read = traces::read(dir.path(), stream.len());
    let Ok(again) = convert::to_ctf2(&metadata) else { return };
    let reread = json::parse(again.as_bytes()).expect("what was converted is metadata");
    assert_eq!(convert::to_ctf2(&reread).as_ref(), Ok(&again), "converted twice");
    let dir = traces::directory();
    traces::make(dir.path(), &again, &[stream]);
    let reread = traces::read(dir.path(), stream.len());
    assert_eq!((reread.events, reread.errors.len()), (read.events, read.errors.len()));
});
