//! How values are shown that readers print in ways of their own.

use std::fmt::Write as _;

/// A field's value in the form of the lines that are compared.
pub fn text(value: &str) -> String {
    let hex = value.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!("'{hex}'")
}

/// A float in the form of the lines that are compared.
pub fn float(value: f64) -> String {
    format!("f{:016x}", value.to_bits())
}

/// A line in which the names of one value are in alphabetical order: babeltrace2 has an order of its own for labels and
/// another one for flags, and braces around several labels.
pub fn sorted(line: &str) -> String {
    let line = line.replace("( { \"", "( \"").replace("\" } : container", "\" : container");
    let (mut out, mut rest) = (String::new(), &*line);
    while let Some(at) = rest.find('"') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut names = Vec::new();
        loop {
            let (name, behind) = rest.split_at(quoted_bytes(rest));
            names.push(name);
            rest = behind;
            match rest.strip_prefix(", ") {
                Some(next) if next.starts_with('"') => rest = next,
                _ => break,
            }
        }
        names.sort_unstable();
        out.push_str(&names.join(", "));
    }
    out + rest
}

/// Bytes of the quoted text at the beginning.
fn quoted_bytes(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}
