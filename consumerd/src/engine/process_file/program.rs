//! Which program a process runs, from what its file says: for the trace's environment. Empty texts are not known.

use crate::engine::header_bytes::HeaderBytes;
use crate::limits::MAX_PROCNAME_BYTES;
use std::mem::offset_of;
use std::path::Path;
use ust_core::abi::{MAX_ARGUMENTS_BYTES, MAX_BUILD_ID_BYTES, MAX_EXE_BYTES, Program as Untrusted};

/// Bytes of the longest name that the kernel keeps of a process.
const MAX_KERNEL_NAME_BYTES: usize = 15;

/// Behind a text that is not whole.
const CUT: &str = "...";

/// The program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The process's name: whole, where the kernel has only its beginning.
    pub name: String,
    /// The executable's path.
    pub exe: String,
    /// What a shell would be told to run it with these arguments.
    pub command_line: String,
    /// The executable's build id, in hexadecimal.
    pub build_id: String,
}

impl Program {
    /// Reads the structure's bytes, of a process with that name. Too few bytes are as if nothing were known.
    pub fn of(untrusted: &[u8], untrusted_kernel_name: &[u8]) -> Self {
        let header = HeaderBytes::of::<Untrusted>(untrusted);
        let text = |length_at: usize, at: usize, most: usize| {
            let length = header.map_or(0, |header| header.word(length_at) as usize);
            let kept = untrusted.get(at..at + length.min(most)).unwrap_or_default();
            (String::from_utf8_lossy(kept), if length > most { CUT } else { "" })
        };
        let exe = text(offset_of!(Untrusted, exe_bytes), offset_of!(Untrusted, exe), MAX_EXE_BYTES);
        let arguments = text(
            offset_of!(Untrusted, arguments_bytes),
            offset_of!(Untrusted, arguments),
            MAX_ARGUMENTS_BYTES,
        );
        let all = arguments.0.strip_suffix('\0').unwrap_or(&arguments.0);
        // The kernel gives none to a process without memory of its own.
        let words = || all.split('\0').filter(|_| !all.is_empty());
        let paths = std::iter::once(&*exe.0).chain(words());
        let build_id = header.map_or_else(Vec::new, |header| {
            let length = header.word(offset_of!(Untrusted, build_id_bytes)) as usize;
            let id: [u8; MAX_BUILD_ID_BYTES] = header.bytes(offset_of!(Untrusted, build_id));
            id[..length.min(MAX_BUILD_ID_BYTES)].to_vec()
        });
        Self {
            name: whole_name(untrusted_kernel_name, paths),
            command_line: shlex::try_join(words()).unwrap_or_default() + arguments.1,
            exe: exe.0.into_owned() + exe.1,
            build_id: build_id.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// The kernel keeps the beginning of a long name: the whole is the executable's, or, of a script, an argument's.
/// It counts bytes, and may cut within a character.
fn whole_name<'p>(kernel_name: &[u8], mut paths: impl Iterator<Item = &'p str>) -> String {
    let whole = |path: &'p str| {
        let name = Path::new(path).file_name()?.to_str()?;
        let is_it = name.as_bytes().starts_with(kernel_name) && name.len() <= MAX_PROCNAME_BYTES;
        is_it.then(|| name.to_owned())
    };
    let is_cut = kernel_name.len() == MAX_KERNEL_NAME_BYTES;
    let whole = if is_cut { paths.find_map(whole) } else { None };
    whole.unwrap_or_else(|| String::from_utf8_lossy(kernel_name).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of the structure, with these lengths.
    fn written(exe: &[u8], arguments: &[u8], build_id: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; size_of::<Untrusted>()];
        let parts = [
            (exe, offset_of!(Untrusted, exe_bytes), offset_of!(Untrusted, exe), MAX_EXE_BYTES),
            (
                arguments,
                offset_of!(Untrusted, arguments_bytes),
                offset_of!(Untrusted, arguments),
                MAX_ARGUMENTS_BYTES,
            ),
            (
                build_id,
                offset_of!(Untrusted, build_id_bytes),
                offset_of!(Untrusted, build_id),
                MAX_BUILD_ID_BYTES,
            ),
        ];
        for (part, length_at, at, most) in parts {
            bytes[length_at..length_at + 4].copy_from_slice(&(part.len() as u32).to_ne_bytes());
            let kept = part.len().min(most);
            bytes[at..at + kept].copy_from_slice(&part[..kept]);
        }
        bytes
    }

    #[test]
    fn a_program_is_told_as_it_was_started() {
        let bytes = written(b"/opt/a b/serve", b"serve\0--port\x008080\0it's\0\0", &[0xab, 0x01]);
        assert_eq!(
            Program::of(&bytes, b"serve"),
            Program {
                name: "serve".into(),
                exe: "/opt/a b/serve".into(),
                command_line: r#"serve --port 8080 "it's" ''"#.into(),
                build_id: "ab01".into(),
            }
        );
    }

    #[test]
    fn a_long_name_is_whole_if_the_program_or_a_script_has_it() {
        let name = |exe: &str, arguments: &str, kernel: &str| {
            Program::of(&written(exe.as_bytes(), arguments.as_bytes(), &[]), kernel.as_bytes()).name
        };
        let kernel = "a-rather-long-n";
        assert_eq!(name("/x/a-rather-long-name", "other\0", kernel), "a-rather-long-name");
        let script = "python3\0./a-rather-long-name.py\0";
        assert_eq!(name("/usr/bin/python3", script, kernel), "a-rather-long-name.py");
        // Cut within the last character.
        let program = written("/x/aaaaaaaaaaaaaaé-server".as_bytes(), b"\0", &[]);
        let cut = &"aaaaaaaaaaaaaaé".as_bytes()[..15];
        assert_eq!(Program::of(&program, cut).name, "aaaaaaaaaaaaaaé-server");
        assert_eq!(name("/x/renamed", "renamed\0", kernel), kernel);
        assert_eq!(name("/x/short-and-more", "\0", "short"), "short");
        assert_eq!(name(&format!("/x/{kernel}{}", "x".repeat(200)), "\0", kernel), kernel);
    }

    #[test]
    fn what_is_cut_is_marked_and_what_is_hostile_is_bounded() {
        let bytes = written(&[b'e'; MAX_EXE_BYTES + 1], &[b'a'; MAX_ARGUMENTS_BYTES + 1], &[]);
        let program = Program::of(&bytes, b"x");
        assert_eq!(program.exe, "e".repeat(MAX_EXE_BYTES) + CUT);
        assert_eq!(program.command_line, "a".repeat(MAX_ARGUMENTS_BYTES) + CUT);
        let nothing = Program::of(&[], b"x");
        assert_eq!(nothing, Program::of(&vec![0; size_of::<Untrusted>()], b"x"));
        assert_eq!((&*nothing.exe, &*nothing.command_line, &*nothing.build_id), ("", "", ""));
        let program = Program::of(&vec![0xff; size_of::<Untrusted>()], b"x");
        assert!(program.exe.len() <= 3 * MAX_EXE_BYTES + CUT.len());
        assert_eq!(program.build_id.len(), 2 * MAX_BUILD_ID_BYTES);
    }
}
