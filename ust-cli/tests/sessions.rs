//! Sessions against a real daemon, without a traced program: LTTng's words, and what they refuse.

mod common;

use common::{Sandbox, names_in};
use std::os::unix::fs::PermissionsExt;
use ust_test_support::binaries::ustconsumerd;

#[test]
fn a_session_lives_from_create_to_destroy() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    assert!(sandbox.done(&["status"]).contains("No current session"));

    sandbox.done(&[
        "create",
        "mine",
        "-o",
        "out",
        "--subbuf-size",
        "64K",
        "--subbufs",
        "8",
        "--clock",
        "monotonic",
    ]);
    assert!(sandbox.path("out").is_dir(), "relative to the client, not to the daemon");
    let shown = sandbox.done(&["list"]);
    let out = sandbox.path("out");
    assert!(
        shown.contains(&format!("Session mine (current): inactive, traces in {}", out.display())),
        "{shown}"
    );
    assert!(
        shown.contains("channel channel0: 8 sub-buffers of 65536 bytes for each thread, discard"),
        "{shown}"
    );
    assert!(shown.contains("no event rules"), "{shown}");

    sandbox.done(&["enable-event", "indexer:*,other:a", "typo:*"]);
    sandbox.done(&["start"]);
    let shown = sandbox.done(&["list", "mine"]);
    assert!(shown.contains("Session mine (current): active"), "{shown}");
    for rule in ["indexer:*", "other:a  ", "typo:*   "] {
        let line = shown.lines().find(|line| line.trim_start().starts_with(rule));
        assert!(line.is_some_and(|line| line.ends_with("matches nothing yet")), "{rule}: {shown}");
    }

    sandbox.done(&["stop"]);
    assert!(sandbox.done(&["status"]).contains("Session mine (current): inactive"));
    let last = sandbox.done(&["destroy"]);
    assert_eq!(
        last,
        format!(
            "session mine destroyed: 0 events recorded, 0 lost, 0 processes: {}\n",
            out.display()
        )
    );
    assert!(sandbox.done(&["list"]).contains("No session"));
    assert!(out.is_dir(), "the trace is the user's");
}

#[test]
fn names_default_to_the_time() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let said = sandbox.done(&["create"]);
    let name = said.split_whitespace().nth(1).unwrap();
    assert_eq!(name.len(), "auto-YYYYmmdd-HHMMSS".len(), "{said}");
    assert!(sandbox.path(name).is_dir(), "auto sessions are stamped once");
    sandbox.done(&["create", "named"]);
    let made = sandbox.names().into_iter().find(|made| made.starts_with("named-")).unwrap();
    assert_eq!(made.len(), "named-YYYYmmdd-HHMMSS".len());
}

#[test]
fn commands_without_a_name_act_on_the_session_that_was_created_last() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "first"]);
    sandbox.done(&["create", "second"]);
    sandbox.done(&["enable-event", "a:*"]);
    sandbox.done(&["enable-event", "-s", "first", "b:*"]);
    sandbox.done(&["start"]);
    assert!(!sandbox.done(&["list", "first"]).contains("a:*"));
    assert!(sandbox.done(&["list", "first"]).contains("Session first: inactive"));
    assert!(sandbox.done(&["list", "second"]).contains("Session second (current): active"));
    sandbox.done(&["destroy"]);
    // The same command again must not reach the other session.
    let line = sandbox.fails(113, &["destroy"]);
    assert!(line.contains("no current session: name one of first"), "{line}");
    sandbox.done(&["start", "first"]);
}

#[test]
fn a_name_that_is_taken_is_112_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "mine", "-o", "out"]);
    let line = sandbox.fails(112, &["create", "mine", "-o", "deep/other"]);
    assert!(line.contains("mine") && line.contains("ust destroy mine"), "{line}");
    assert_eq!(sandbox.names(), ["out", "rt"]);
    sandbox.done(&["destroy"]);
    sandbox.done(&["create", "mine", "-o", "deep/other"]);
}

#[test]
fn an_output_that_cannot_take_a_trace_leaves_no_session() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    std::fs::create_dir(sandbox.path("full")).unwrap();
    std::fs::write(sandbox.path("full/file"), "").unwrap();
    sandbox.fails(114, &["create", "a", "-o", "full"]);
    sandbox.fails(115, &["create", "a", "-o", "full/file"]);
    sandbox.fails(115, &["create", "a", "-o", "full/file/below"]);
    assert!(sandbox.done(&["list"]).contains("No session"));

    sandbox.done(&["create", "a", "-o", "out"]);
    let line = sandbox.fails(114, &["create", "b", "-o", "out"]);
    assert!(line.contains("that of session a"), "empty still, but promised: {line}");
    assert!(!sandbox.done(&["list"]).contains("Session b"));
    assert_eq!(names_in(&sandbox.path("full")), ["file"]);
}

#[test]
fn bad_values_are_2_and_leave_nothing() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let line = sandbox.fails(2, &["create", "a", "--subbuf-size", "1000"]);
    assert!(line.contains("power of two from 4096 to"), "{line}");
    let line = sandbox.fails(2, &["create", "a", "--subbuf-size", "1G", "--subbufs", "128"]);
    assert!(line.contains("may be at most"), "{line}");
    for name in ["a/b", ".hidden", ""] {
        sandbox.fails(2, &["create", name, "-o", "out"]);
    }
    assert_eq!(sandbox.names(), ["rt"]);
    sandbox.done(&["create", "a", "-o", "out"]);
    // If one rule is bad, the good rule beside it is not added either.
    sandbox.fails(2, &["enable-event", "good:*", "two words"]);
    assert!(sandbox.done(&["list"]).contains("no event rules"));
}

#[test]
fn sessions_and_rules_that_are_not_there_are_named() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    for command in
        [&["start"][..], &["stop"], &["destroy"], &["enable-event", "*"], &["disable-event", "-a"]]
    {
        let line = sandbox.fails(113, command);
        assert!(line.contains("`ust create` makes one"), "{line}");
    }
    sandbox.done(&["create", "mine"]);
    for command in
        [&["start", "other"][..], &["list", "other"], &["enable-event", "-s", "other", "*"]]
    {
        let line = sandbox.fails(113, command);
        assert!(line.contains("no session other: name one of mine"), "{line}");
    }
    sandbox.done(&["enable-event", "a:*"]);
    let line = sandbox.fails(117, &["disable-event", "a:*,b:*"]);
    assert!(line.contains("\"b:*\""), "{line}");
    assert!(sandbox.done(&["list"]).contains("a:*"), "all or nothing");
}

#[test]
fn starting_twice_and_stopping_twice_is_116() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "mine"]);
    sandbox.fails(116, &["stop"]);
    let ended = sandbox.run(&["start"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    assert!(ended.stderr.contains("no event rule"), "it records nothing, and says so: {ended:?}");
    sandbox.fails(116, &["start"]);
    sandbox.done(&["stop"]);
    sandbox.fails(116, &["stop"]);
    sandbox.done(&["start"]);
}

#[test]
fn rules_come_and_go_while_the_session_is_active() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "mine"]);
    sandbox.done(&["start"]);
    let said = sandbox.done(&["enable-event", "a:*", "b:*"]);
    assert_eq!(said.lines().count(), 2);
    let said = sandbox.done(&["enable-event", "-u", "b:*", "c:*"]);
    assert_eq!(
        said,
        "event rule b:* enabled already in session mine\nevent rule c:* enabled in session mine\n"
    );
    sandbox.done(&["disable-event", "b:*"]);
    let shown = sandbox.done(&["list", "mine"]);
    assert!(shown.contains("a:*") && shown.contains("c:*") && !shown.contains("b:*"), "{shown}");
    sandbox.done(&["disable-event", "--all"]);
    assert!(sandbox.done(&["list", "mine"]).contains("no event rules"));
    sandbox.done(&["enable-event", "--all"]);
    assert!(sandbox.done(&["list", "mine"]).contains("\n    *  "));
}

#[test]
fn there_are_as_many_sessions_as_there_may_be() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    for index in 0..consumerd::limits::MAX_SESSIONS {
        sandbox.done(&["create", &format!("s{index}"), "-o", &format!("out{index}")]);
    }
    let line = sandbox.fails(119, &["create", "more", "-o", "more"]);
    assert!(line.contains("`ust destroy` one first"), "{line}");
    assert!(!sandbox.path("more").exists());
    sandbox.done(&["destroy", "s0"]);
    sandbox.done(&["create", "more", "-o", "more"]);
}

#[test]
fn channels_are_named_and_made_before_a_session_is_started() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "mine", "-o", "out"]);
    assert_eq!(sandbox.done(&["enable-channel", "a"]), "channel a enabled in session mine\n");
    let line = sandbox.fails(112, &["enable-channel", "a"]);
    assert!(line.contains("session mine has a channel a already"), "{line}");
    for name in ["x/y", "", "-", ".hidden", "a b"] {
        let line = sandbox.fails(2, &["enable-channel", "--", name]);
        assert!(line.contains("cannot be a channel's name"), "{line}");
    }
    // The only channel is meant, whatever its name.
    assert_eq!(
        sandbox.done(&["enable-event", "x:*"]),
        "event rule x:* enabled in channel a of session mine\n"
    );
    sandbox.done(&["enable-channel", "b", "--mode", "overwrite", "--subbufs", "2"]);
    let line = sandbox.fails(2, &["enable-event", "y:*"]);
    assert!(line.contains("several channels: name one of a, b"), "{line}");
    let line = sandbox.fails(117, &["enable-event", "y:*", "-c", "c"]);
    assert!(line.contains("no channel c: name one of a, b"), "{line}");
    sandbox.done(&["enable-event", "y:*,z:*", "-c", "b"]);
    let line = sandbox.fails(117, &["disable-event", "y:*", "-c", "a"]);
    assert!(line.contains("no rule"), "{line}");
    assert_eq!(
        sandbox.done(&["disable-event", "y:*", "-c", "b"]),
        "y:* disabled in channel b of session mine\n"
    );
    sandbox.done(&["start"]);
    let is_refused = || {
        let line = sandbox.fails(116, &["enable-channel", "late"]);
        assert!(line.contains("session mine was started already"), "{line}");
    };
    is_refused();
    sandbox.done(&["stop"]);
    is_refused();
    let shown = sandbox.done(&["list", "mine"]);
    let lines: Vec<_> = shown.lines().skip(3).map(str::trim).collect();
    assert_eq!(lines[0], "channel a: 16 sub-buffers of 131072 bytes for each thread, discard");
    assert_eq!(lines[1], "0 events recorded, 0 lost");
    assert!(lines[2].starts_with("x:*"), "{shown}");
    assert_eq!(lines[3], "channel b: 2 sub-buffers of 131072 bytes for each thread, overwrite");
    assert!(lines[5].starts_with("z:*") && lines.len() == 6, "{shown}");

    sandbox.done(&["create", "plain", "-o", "plain"]);
    assert_eq!(sandbox.done(&["enable-event", "x:*"]), "event rule x:* enabled in session plain\n");
    sandbox.done(&["enable-event", "y:*", "-c", "channel0"]);
    sandbox.done(&["create", "empty", "-o", "empty"]);
    let line = sandbox.fails(117, &["enable-event", "x:*", "-c", "nope"]);
    assert!(line.contains("`ust enable-channel` makes one"), "{line}");
    sandbox.done(&["start"]);
    assert!(sandbox.done(&["list", "empty"]).contains("channel channel0"));
}

#[test]
fn output_directories_respect_the_daemons_umask() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("/bin/sh");
    command.arg("-c").arg(format!("umask 027; exec {}", ustconsumerd().display()));
    let _daemon = sandbox.daemon_by(&mut command);
    sandbox.done(&["create", "mine", "-o", "out"]);
    assert_eq!(sandbox.path("out").metadata().unwrap().permissions().mode() & 0o777, 0o750);
}

#[test]
fn a_reader_of_the_output_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new();
    let _daemon = sandbox.daemon(&[]);
    let ended = sandbox.shell("($UST create mine; echo $? >&2) | true");
    assert_eq!(ended.stderr, "0\n");
}
