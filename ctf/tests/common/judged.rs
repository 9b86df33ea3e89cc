//! Traces made by hand, read by us and by babeltrace2.

use std::fs;
use std::path::Path;
use std::process::Command;

use ctf::read::Reader;
use ctf::text::Printer;
use tempfile::TempDir;

/// What begins each of the texts.
pub const PREAMBLE: &str = "/* CTF 1.8 */
trace { major = 1; minor = 8; byte_order = le; };
typealias integer { size = 8; } := u8;
typealias integer { size = 16; } := u16;
typealias integer { size = 32; } := u32;
typealias integer { size = 64; } := u64;
";

/// The text whose events have these fields, and nothing else.
pub fn with_fields(fields: &str) -> String {
    format!("{PREAMBLE}stream {{ }}; event {{ name = e; fields := struct {{ {fields} }}; }};\n")
}

/// Writes a trace: its metadata, and stream files `s0`, `s1` and so on.
pub fn write(dir: &Path, metadata: &str, streams: &[&[u8]]) {
    fs::create_dir_all(dir).unwrap();
    fs::write(dir.join("metadata"), metadata).unwrap();
    for (nth, stream) in streams.iter().enumerate() {
        fs::write(dir.join(format!("s{nth}")), stream).unwrap();
    }
}

/// The same in a directory of its own.
pub fn trace(metadata: &str, streams: &[&[u8]]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), metadata, streams);
    dir
}

/// What we read: lines, and errors.
pub fn ours(dir: &Path) -> (String, Vec<String>) {
    let (mut lines, mut errors, mut printer) = (String::new(), Vec::new(), Printer::utc());
    match Reader::open(dir) {
        Err(error) => errors.push(error.to_string()),
        Ok(reader) => {
            for event in reader {
                match event {
                    Ok(event) => lines += &(printer.line(&event) + "\n"),
                    Err(error) => errors.push(error.to_string()),
                }
            }
        }
    }
    (lines, errors)
}

/// What babeltrace2 prints, whether it read everything, and what it reports.
pub struct Verdict {
    pub lines: String,
    pub is_read: bool,
    pub report: String,
}

/// Babeltrace2's reading; `None` if it is not installed.
pub fn theirs(dir: &Path) -> Option<Verdict> {
    if !super::has_babeltrace() {
        return None;
    }
    let output = Command::new("babeltrace2").arg("--clock-gmt").arg(dir).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Verdict {
        lines: text(&output.stdout),
        is_read: output.status.success(),
        report: text(&output.stderr),
    })
}

/// Both read everything, and the same. Returns the lines.
pub fn agreed(metadata: &str, streams: &[&[u8]]) -> String {
    let dir = trace(metadata, streams);
    let (lines, errors) = ours(dir.path());
    assert_eq!(errors, [""; 0], "{metadata}\n{lines}");
    if let Some(theirs) = theirs(dir.path()) {
        assert!(theirs.is_read, "{metadata}\n{}", theirs.report);
        assert_eq!(lines, theirs.lines, "{metadata}");
    }
    lines
}

/// Neither reads everything. Returns our errors.
pub fn refused(metadata: &str, streams: &[&[u8]]) -> Vec<String> {
    let dir = trace(metadata, streams);
    let (lines, errors) = ours(dir.path());
    assert!(!errors.is_empty(), "{metadata}\n{lines}");
    if let Some(theirs) = theirs(dir.path()) {
        assert!(!theirs.is_read, "{metadata}\n{}", theirs.lines);
    }
    errors
}
