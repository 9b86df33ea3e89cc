//! Any bytes as metadata: what `ctf::tsdl` makes of them is bounded, and a stream can be read by it.
//!
//! Input: the metadata, in either form. What stands behind the first NUL of a text is the stream; without one it is a
//! page that this library has written.

#![no_main]

mod traces;
mod walk;

use ctf::tsdl;
use libfuzzer_sys::fuzz_target;
use walk::Walk;

/// How metadata in packets begins, in either byte order. Such a text may have NULs.
const PACKETISED: [[u8; 4]; 2] = [0x75D1_1D57_u32.to_le_bytes(), 0x75D1_1D57_u32.to_be_bytes()];

/// One packet, of the trace that `packets.metadata` describes.
const STREAM: &[u8] = include_bytes!("packets.stream");

fuzz_target!(|input: &[u8]| {
    let is_packetised = PACKETISED.iter().any(|magic| input.starts_with(magic));
    let end = input.iter().position(|byte| *byte == 0).filter(|_| !is_packetised);
    let (text, stream) = match end {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, STREAM),
    };
    match tsdl::parse(text) {
        Ok(metadata) => Walk::default().hold(&metadata, text.len()),
        Err(error) => {
            let lines = text.iter().filter(|byte| **byte == b'\n').count() + 1;
            assert!(error.line <= lines, "an error behind the end: {error}");
        }
    }
    let dir = traces::directory();
    traces::make(dir.path(), text, &[stream]);
    let read = traces::read(dir.path(), stream.len());
    if let Some(joined) = traces::joined(dir.path()) {
        assert!(joined <= read.events, "joined are events that were read");
    }
});
