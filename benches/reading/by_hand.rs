//! A decoder for nothing but this trace: what reading and printing cost if all is known beforehand.

use super::trace::{NAME, OFFSET_S, ORIGIN, VTID};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use ust_benches::Result;

/// How much is read at once.
const INPUT_BYTES: usize = 256 << 10;
/// How much is written at once.
const OUTPUT_BYTES: usize = 60 << 10;
/// Where in a packet these are, and where its records begin.
const BEGIN_AT: usize = 32;
const CONTENT_AT: usize = 48;
const SIZE_AT: usize = 56;
const RECORDS_AT: usize = 92;

/// Prints all events.
pub fn text(trace: &Path) -> Result<()> {
    let mut file = File::open(trace.join("stream-0"))?;
    let mut input = vec![0; INPUT_BYTES];
    let mut lines = Lines { out: io::stdout().lock(), text: Vec::new(), last_ns: None };
    let (mut from, mut until) = (0, 0);
    loop {
        input.copy_within(from..until, 0);
        (from, until) = (0, until - from);
        let read = file.read(&mut input[until..])?;
        until += read;
        while let Some(size) = lines.packet(&input[from..until]) {
            from += size;
        }
        if lines.text.len() >= OUTPUT_BYTES || read == 0 {
            lines.out.write_all(&lines.text)?;
            lines.text.clear();
        }
        if read == 0 {
            return Ok(());
        }
    }
}

struct Lines {
    out: io::StdoutLock<'static>,
    text: Vec<u8>,
    last_ns: Option<u64>,
}

fn word<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

impl Lines {
    /// Prints the records of a packet, and returns its size; `None` if not all of it is there.
    fn packet(&mut self, bytes: &[u8]) -> Option<usize> {
        let size = u64::from_ne_bytes(word(bytes, SIZE_AT)?) as usize / 8;
        let content = u64::from_ne_bytes(word(bytes, CONTENT_AT)?) as usize / 8;
        let mut clock = u64::from_ne_bytes(word(bytes, BEGIN_AT)?);
        bytes.get(..size)?;
        let mut at = RECORDS_AT;
        while at < content {
            let header = u32::from_ne_bytes(word(bytes, at)?) >> 5;
            clock += (u64::from(header).wrapping_sub(clock)) & ((1 << 27) - 1);
            let id = u64::from_ne_bytes(word(bytes, at + 4)?);
            let qty = u32::from_ne_bytes(word(bytes, at + 12)?);
            let len = bytes[at + 16..].iter().position(|byte| *byte == 0)?;
            self.line(clock, id, qty, &bytes[at + 16..at + 16 + len]);
            at += 16 + len + 1;
        }
        Some(size)
    }

    fn line(&mut self, clock: u64, id: u64, qty: u32, customer: &[u8]) {
        let text = &mut self.text;
        let second = OFFSET_S + clock / 1_000_000_000;
        let day = second % 86_400;
        text.push(b'[');
        pair(text, day / 3600);
        text.push(b':');
        pair(text, day / 60 % 60);
        text.push(b':');
        pair(text, day % 60);
        nine(text, clock % 1_000_000_000);
        match self.last_ns.replace(clock) {
            None => text.extend_from_slice(b"] (+?.?????????) "),
            Some(last) => {
                text.extend_from_slice(b"] (+");
                number(text, (clock - last) / 1_000_000_000);
                nine(text, (clock - last) % 1_000_000_000);
                text.extend_from_slice(b") ");
            }
        }
        text.extend_from_slice(ORIGIN.as_bytes());
        text.push(b' ');
        text.extend_from_slice(NAME.as_bytes());
        text.extend_from_slice(b": { vtid = ");
        number(text, VTID as u64);
        text.extend_from_slice(b" }, { id = ");
        number(text, id);
        text.extend_from_slice(b", qty = ");
        number(text, qty.into());
        text.extend_from_slice(b", customer = \"");
        text.extend_from_slice(customer);
        text.extend_from_slice(b"\" }\n");
    }
}

fn pair(text: &mut Vec<u8>, number: u64) {
    text.extend_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
}

/// A point, and nine digits.
fn nine(text: &mut Vec<u8>, number: u64) {
    let (mut digits, mut rest) = (*b".000000000", number);
    for digit in digits[1..].iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    text.extend_from_slice(&digits);
}

fn number(text: &mut Vec<u8>, number: u64) {
    let (mut digits, mut rest, mut at) = ([0; 20], number, 20);
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}
