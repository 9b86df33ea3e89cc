//! `--shm-path` and `recover`: the response to bad input, and that a session's rings are removed
//! with the session.

mod common;

use common::Sandbox;
use std::os::unix::fs::PermissionsExt;

fn dir(sandbox: &Sandbox, name: &str, mode: u32) {
    std::fs::create_dir(sandbox.path(name)).unwrap();
    std::fs::set_permissions(sandbox.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn record_refuses_a_directory_that_is_not_its_own_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    dir(&sandbox, "open", 0o755);
    dir(&sandbox, "full", 0o700);
    std::fs::write(sandbox.path("full/theirs"), "").unwrap();
    let long = "n".repeat(250);
    for (path, code, complaint) in [
        ("open", 115, "mode 755"),
        ("full", 114, "is not empty"),
        (long.as_str(), 125, "longer than 200 bytes"),
    ] {
        let line = sandbox.fails(code, &["record", "-o", "out", "--shm-path", path, "--", "true"]);
        assert!(line.contains(complaint), "{line}");
        assert!(!sandbox.path("out").exists());
    }
    assert!(sandbox.path("full/theirs").exists());
}

#[test]
fn a_program_that_cannot_be_started_leaves_no_directory() {
    let sandbox = Sandbox::new();
    // Executable by its mode, but no program.
    sandbox.script("prog", "\x7fELF and then nothing", "755");
    sandbox.fails(126, &["record", "-o", "out", "--shm-path", "rings", "--", "./prog"]);
    assert!(!sandbox.path("rings").exists());
    assert!(!sandbox.path("out").exists());
}

#[test]
fn recover_says_what_is_no_directory_of_rings() {
    let sandbox = Sandbox::new();
    dir(&sandbox, "empty", 0o700);
    dir(&sandbox, "other", 0o700);
    for (name, content) in [("other/session", "{}"), ("file", "")] {
        std::fs::write(sandbox.path(name), content).unwrap();
    }
    for path in ["absent", "empty", "other", "file"] {
        let line = sandbox.fails(1, &["recover", path, "-o", "out"]);
        assert!(line.contains("--shm-path of a recording"), "{line}");
        assert!(!sandbox.path("out").exists());
    }
    dir(&sandbox, "taken", 0o755);
    std::fs::write(sandbox.path("taken/trace"), "").unwrap();
    let session = r#"{"version":2,"minor":0,"session_uid":1,"channels":[],"clock":{"kind":"Monotonic",
        "freq_hz":1000000000,"pair":{"cycles":1,"monotonic_ns":1,"realtime_ns":1}}}"#;
    std::fs::write(sandbox.path("empty/session"), session).unwrap();
    sandbox.fails(114, &["recover", "empty", "-o", "taken"]);
    // Nothing is left there, and that is no failure.
    let ended = sandbox.run(&["recover", "empty", "-o", "out"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(ended.last_line().contains("0 events recorded"), "{ended:?}");
    assert!(!sandbox.path("out").exists());
}

#[test]
fn a_session_of_the_daemon_has_its_directory_to_itself_until_it_is_destroyed() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "one", "-o", "a", "--shm-path", "rings"]);
    let line = sandbox.fails(114, &["create", "two", "-o", "b", "--shm-path", "rings"]);
    assert!(line.contains("is that of session one"), "{line}");
    assert!(!sandbox.path("b").exists());
    sandbox.done(&["start", "one"]);
    assert!(sandbox.path("rings/session").exists());
    sandbox.done(&["destroy", "one"]);
    assert!(!sandbox.path("rings").exists());
}
