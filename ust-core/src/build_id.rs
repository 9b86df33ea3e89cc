//! What a linker has called the object that it made: the build id, an ELF note.
//!
//! The format is that of [notes in the gABI](https://gabi.xinuos.com/elf/07-pheader.html#note-section): three words (lengths of
//! name and content, kind), the name, the content, each padded.

/// The kind of the note, whose name is "GNU".
const NT_GNU_BUILD_ID: usize = 3;

/// The build id among an object's notes, which are aligned to `align` bytes. `None` if there is none, or if the notes are
/// malformed before it.
pub fn build_id_in(mut untrusted_notes: &[u8], align: usize) -> Option<&[u8]> {
    const NAME: &[u8] = b"GNU\0";
    loop {
        let (head, rest) = untrusted_notes.split_at_checked(12)?;
        let word = |at: usize| {
            u32::from_ne_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]) as usize
        };
        let (name_bytes, bytes, kind) = (word(0), word(4), word(8));
        let padded = |end: usize| end.checked_next_multiple_of(align);
        let content = padded(12_usize.checked_add(name_bytes)?)? - 12;
        let end = content.checked_add(bytes)?;
        if kind == NT_GNU_BUILD_ID && rest.get(..name_bytes)? == NAME {
            return rest.get(content..end);
        }
        untrusted_notes = untrusted_notes.get(padded(12_usize.checked_add(end)?)?..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(name: &[u8], content: &[u8], kind: u32, align: usize) -> Vec<u8> {
        let mut note = Vec::new();
        for word in [name.len() as u32, content.len() as u32, kind] {
            note.extend(word.to_ne_bytes());
        }
        for part in [name, content] {
            note.extend(part);
            note.resize(note.len().next_multiple_of(align), 0);
        }
        note
    }

    #[test]
    fn it_is_found_behind_other_notes_and_nothing_else_is_taken_for_it() {
        for align in [4, 8] {
            let other = note(b"ust\0", &[9; 5], 3, align);
            let abi = note(b"GNU\0", &[8; 16], 1, align);
            let id = note(b"GNU\0", &[7; 20], 3, align);
            assert_eq!(build_id_in(&[&*other, &abi, &id].concat(), align), Some(&[7; 20][..]));
            assert_eq!(build_id_in(&[&*other, &abi].concat(), align), None);
            for bytes in 0..id.len() {
                // An id is whole, or it is none. What pads the last note may be missing.
                let whole = (bytes >= 16 + 20).then_some(&[7; 20][..]);
                assert_eq!(build_id_in(&id[..bytes], align), whole, "{bytes}");
            }
        }
        assert_eq!(build_id_in(&[0xff; 64], 4), None);
    }
}
