//! A program as a build with another major of the in-process table would make it, as far as other copies in it can see: its
//! note is changed in the file.

use std::fs;
use std::path::Path;
use ust_core::abi::{ELF_NOTE_KIND_TABLE, ELF_NOTE_NAME};
use ust_core::version::Version;

/// Copies a program to `to`, with a note of the `version` that this function chooses and returns.
pub fn copy_with_other_table(program: &Path, to: &Path) -> Version {
    let mut bytes = fs::read(program).expect("the program has been built");
    let words = [ELF_NOTE_NAME.len() as u32, 8, ELF_NOTE_KIND_TABLE].map(u32::to_ne_bytes);
    let header = [words.as_flattened(), &ELF_NOTE_NAME].concat();
    let notes: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(&header)).collect();
    let [note] = notes[..] else { panic!("one note, not {notes:?}") };
    let word = &mut bytes[note + header.len()..][..4];
    let own = Version::from_word(u32::from_ne_bytes([word[0], word[1], word[2], word[3]]));
    let other = Version { major: own.major + 1, minor: 5 };
    word.copy_from_slice(&other.to_word().to_ne_bytes());
    fs::write(to, bytes).expect("there is room for a program");
    let permissions = fs::metadata(program).expect("it is there").permissions();
    fs::set_permissions(to, permissions).expect("it is ours");
    other
}
