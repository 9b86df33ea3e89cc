//! A conversation: the speaker of each message, its bytes, and what they mean.
//!
//! ```text
//!   process 555354040186d2...        the speaker, and the bytes in hexadecimal digits
//!     Hello { process_uid: ... }     what the bytes mean, for readers of the file and for the test
//! ```
//!
//! Lines that begin with `#` are remarks.

use std::fmt::Write;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `process` or `consumer`, `client` or `daemon`.
    pub speaker: String,
    /// What was said.
    pub bytes: Vec<u8>,
    /// What it means.
    pub meaning: String,
}

impl Message {
    /// A message of that speaker.
    pub fn new(speaker: &str, bytes: &[u8], meaning: String) -> Self {
        Self { speaker: speaker.to_owned(), bytes: bytes.to_owned(), meaning }
    }
}

/// As a file's text.
pub fn to_text(remark: &str, messages: &[Message]) -> String {
    let mut text = format!("# {remark}\n");
    for Message { speaker, bytes, meaning } in messages {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(text, "{speaker} {digits}\n  {meaning}").expect("a string takes it");
    }
    text
}

/// The messages of a file.
///
/// # Panics
/// It is not what [`to_text`] makes.
pub fn from_text(text: &str) -> Vec<Message> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut messages = Vec::new();
    while let Some(line) = lines.next() {
        let (speaker, digits) = line.split_once(' ').expect("SPEAKER HEX");
        let byte = |pair: &[u8]| {
            let pair = str::from_utf8(pair).expect("digits are ASCII");
            u8::from_str_radix(pair, 16).expect("hexadecimal digits")
        };
        let bytes: Vec<u8> = digits.as_bytes().chunks(2).map(byte).collect();
        let meaning = lines.next().and_then(|line| line.strip_prefix("  ")).expect("a meaning");
        messages.push(Message::new(speaker, &bytes, meaning.to_owned()));
    }
    messages
}
