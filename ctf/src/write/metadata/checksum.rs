//! The checksum behind each block of the metadata text, in a comment that other readers skip.
//!
//! ```text
//!   event {                                            '.
//!       name = "file:opened";                            >  the block: this many bytes
//!   };                                                 .'
//!   /* crc32 of the 345 bytes before: 1c291ca3 */
//!                                                       blank lines belong to no block
//! ```
//!
//! A machine that goes down leaves pages of a file as if they were never written, or as they were earlier. A
//! declaration that is cut short does not parse; a declaration that is changed may parse, and then gives wrong names,
//! types or times. So the preamble is one block and each event class another, and a reader that knows these lines
//! trusts only what they cover.
//!
//! - No name can contain such a line: names are in literals, which have no line ends.
//! - If there is no such line at all, nothing is checked: another writer has written the text.
//! - The checksum is the CRC-32 of IEEE 802.3, as for packets.

use std::ops::Range;

/// The line consists of this, the number, [`BETWEEN`], eight hexadecimal digits and [`END`].
const BEGIN: &[u8] = b"/* crc32 of the ";
const BETWEEN: &[u8] = b" bytes before: ";
const END: &[u8] = b" */\n";

/// A block's text, followed by its line.
pub(super) fn sealed(block: String) -> String {
    let (bytes, crc32) = (block.len(), crc32fast::hash(block.as_bytes()));
    format!("{block}/* crc32 of the {bytes} bytes before: {crc32:08x} */\n\n")
}

/// The parts of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Blocks {
    /// Undamaged blocks, each with its line and the blank lines behind it.
    pub(crate) whole: Vec<Range<usize>>,
    /// The parts between them.
    pub(crate) damaged: Vec<Range<usize>>,
}

impl Blocks {
    /// The parts of a text, or `None` if it has no checksums.
    pub(crate) fn of(text: &[u8]) -> Option<Self> {
        let (mut blocks, mut is_sealed) = (Self::default(), false);
        // Everything before `known` is in one of the lists; nothing is known yet of what follows.
        let (mut known, mut line_start) = (0, 0);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let line_end = line_start + line.len();
            if let Some((bytes, crc32)) = parse(line) {
                is_sealed = true;
                let start = line_start.checked_sub(bytes).filter(|start| *start >= known);
                let is_whole = |start: &usize| crc32fast::hash(&text[*start..line_start]) == crc32;
                let start = start.filter(is_whole).unwrap_or(line_end);
                blocks.pass_over(text, known..start);
                if start < line_end {
                    blocks.whole.push(start..line_end);
                }
                known = line_end;
            }
            line_start = line_end;
        }
        blocks.pass_over(text, known..text.len());
        is_sealed.then_some(blocks)
    }

    /// Sorts a part that no line covers: blank lines, or damage.
    fn pass_over(&mut self, text: &[u8], range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if text[range.clone()].iter().any(|byte| *byte != b'\n') {
            self.damaged.push(range);
        } else if let Some(last) = self.whole.last_mut().filter(|last| last.end == range.start) {
            last.end = range.end;
        }
    }

    /// The undamaged parts of the text, if its beginning is one of them: without it the rest has no meaning.
    pub(crate) fn kept(&self, text: &[u8]) -> Option<Vec<u8>> {
        self.whole.first().filter(|first| first.start == 0)?;
        Some(self.whole.iter().flat_map(|range| &text[range.clone()]).copied().collect())
    }
}

/// How many bytes a line covers, and their checksum; `None` if it is another line.
fn parse(line: &[u8]) -> Option<(usize, u32)> {
    let rest = line.strip_prefix(BEGIN)?.strip_suffix(END)?;
    let at = rest.windows(BETWEEN.len()).position(|bytes| bytes == BETWEEN)?;
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let bytes = text(&rest[..at])?.parse().ok()?;
    let digits = text(&rest[at + BETWEEN.len()..]).filter(|digits| digits.len() == 8)?;
    Some((bytes, u32::from_str_radix(digits, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: [&str; 3] = ["/* CTF 1.8 */\n", "event { a };\n", "event { b };\n"];

    fn text() -> (Vec<u8>, [usize; 4]) {
        let (mut text, mut ends) = (String::new(), [0; 4]);
        for (index, part) in PARTS.iter().enumerate() {
            text += &sealed((*part).to_owned());
            text += "\n\n";
            ends[index + 1] = text.len();
        }
        (text.into_bytes(), ends)
    }

    #[test]
    fn what_was_written_is_whole() {
        let (text, ends) = text();
        let whole = ends.windows(2).map(|ends| ends[0]..ends[1]).collect();
        let blocks = Blocks::of(&text).unwrap();
        assert_eq!(blocks, Blocks { whole, damaged: vec![] });
        assert_eq!(blocks.kept(&text), Some(text));
    }

    #[test]
    fn a_text_of_others_is_not_looked_at() {
        assert_eq!(Blocks::of(PARTS.concat().as_bytes()), None);
        assert_eq!(Blocks::of(b""), None);
        assert_eq!(Blocks::of(b"/* crc32 of the x bytes before: 00000000 */\n"), None);
        assert_eq!(Blocks::of(b"/* crc32 of the 0 bytes before: 0000000 */\n"), None);
    }

    /// Each byte of a block and of its line costs that block and no other.
    #[test]
    fn a_changed_byte_costs_one_block() {
        let (text, ends) = text();
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            let blocks = Blocks::of(&damaged).unwrap();
            let hit = ends[1..].iter().position(|end| at < *end).unwrap();
            let is_blank = text[at] == b'\n' && at + 1 < text.len() && text[at - 1] == b'\n';
            let is_last = at + 1 == text.len();
            let left = if is_blank || is_last { 3 } else { 2 };
            assert_eq!((blocks.whole.len(), blocks.damaged.len()), (left, 1), "{at}");
            let kept = blocks.kept(&damaged);
            assert_eq!(kept.is_none(), left == 2 && hit == 0, "{at}");
        }
    }

    /// A line that claims more than there is before it, or a part that another line covers already.
    #[test]
    fn a_line_covers_nothing_twice() {
        let crc32 = crc32fast::hash(b"");
        let lying = format!("/* crc32 of the 99 bytes before: {crc32:08x} */\n");
        assert_eq!(Blocks::of(lying.as_bytes()).unwrap().whole, []);
        let first = sealed("x\n".to_owned());
        let again = format!(
            "{first}/* crc32 of the {} bytes before: {:08x} */\n",
            first.len(),
            crc32fast::hash(first.as_bytes())
        );
        let blocks = Blocks::of(again.as_bytes()).unwrap();
        assert_eq!((blocks.whole.len(), blocks.damaged.len()), (1, 1));
    }
}
