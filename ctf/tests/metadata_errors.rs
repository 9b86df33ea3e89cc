//! Wrong metadata is an error with its place, and says what was expected there.

mod common;

use std::fs;
use std::process::Command;

use ctf::tsdl;

#[test]
fn wrong_metadata_is_told_with_its_place() {
    let trace = "trace { byte_order = le; };\n";
    let cases = [
        ("", "1:1: no `trace` block that states a `byte_order`"),
        ("trace { byte_order = le; }", "1:27: expected `;`"),
        ("trace {\n  byte_order le; };", "2:14: expected `=` or `:=`"),
        ("/* never closed", "1:3: expected `*/` at the comment's end"),
        ("env { é = 1; };", "1:7: expected `}`"),
        ("env { x = ; };", "1:11: expected a value"),
        ("env { x = \"never closed; };", "1:28: expected `\"` at the text's end"),
        ("event { fields := struct { integer { size = 8 } x; }; };", "1:47: expected `;`"),
        ("event { fields := struct { u8 x[; }; };", "1:33: expected a length"),
        ("event { fields := struct { u8 x; }; };", "2:28: there is no type `u8`"),
        (
            "event { fields := struct { integer { size = 65; } x; }; };",
            "2:38: an integer cannot have this `size`",
        ),
        (
            "event { fields := struct { integer { size = 8; signed = flse; } x; }; };",
            "2:48: an integer cannot have this `signed`",
        ),
        (
            "event { fields := struct { integer { align = 8; } x; }; };",
            "2:28: an integer needs a `size`",
        ),
        ("typealias integer { size = 8; align = 3; } := a;", "2:31: 3 is no alignment"),
        (
            "typealias floating_point { exp_dig = 5; mant_dig = 11; } := half;",
            "2:11: only floating point",
        ),
        ("clock { freq = 0; };", "2:1: a clock's `freq` cannot be 0"),
        ("stream { id = -1; };", "2:10: `id` cannot be this"),
    ];
    for (text, expected) in cases {
        // Grammar errors are found in the text alone; others need a trace block before.
        let text = if expected.starts_with("2:") && !text.contains('\n') {
            format!("{trace}{text}")
        } else {
            text.to_owned()
        };
        let error = tsdl::parse(text.as_bytes()).unwrap_err();
        let told = format!("{}:{}: {}", error.line, error.column, error.message);
        assert!(told.starts_with(expected), "{text}\n  told {told}\n  not  {expected}");
    }
}

/// `@` marks the places where a `;` would stand alone.
#[test]
fn an_empty_declaration_is_refused_wherever_babeltrace2_refuses_it() {
    const TEXT: &str = "/* CTF 1.8 */
        @trace { @major = 1; minor = 8; @byte_order = le; @};@
        @stream { event.header := struct { @integer { @size = 8; @} id; @}; };
        @typealias integer { size = 8; } := byte;
        @event { id = 0; name = e; fields := struct { byte x; }; };@";
    let has_judge = common::has_babeltrace();
    let is_read = |text: &str| {
        let is_read = tsdl::parse(text.as_bytes()).is_ok();
        if has_judge {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("metadata"), text).unwrap();
            fs::write(dir.path().join("s"), [0, 5]).unwrap();
            let output = Command::new("babeltrace2").arg(dir.path()).output().unwrap();
            assert_eq!(output.status.success(), is_read, "{text}: {output:?}");
        }
        is_read
    };
    let parts: Vec<&str> = TEXT.split('@').collect();
    assert!(is_read(&parts.concat()));
    for place in 1..parts.len() {
        let (before, behind) = parts.split_at(place);
        let text = format!("{};{}", before.concat(), behind.concat());
        assert!(!is_read(&text), "{text}");
    }
}
