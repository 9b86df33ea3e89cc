//! Bad input gets one line, a code of its own, and leaves no half-made state.

mod common;

use common::{Sandbox, names_in};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use ust_test_support::binaries::ustconsumerd;
use ust_test_support::command::{Running, run};
use ust_test_support::wait::until;

/// If `record` refuses something, it must leave no output, no summary, no private directory, and must not have run the
/// program.
fn refused(sandbox: &Sandbox, code: i32, options: &[&str], program: &[&str]) -> String {
    let before = sandbox.names();
    let line = sandbox
        .fails(code, &[&["record", "--summary", "s.json"], options, &["--"], program].concat());
    let mut after = sandbox.names();
    // The user's own runtime directory may stay, empty.
    if after.contains(&"rt".to_owned()) && !before.contains(&"rt".to_owned()) {
        assert_eq!(names_in(&sandbox.runtime_dir()), [""; 0]);
        after.retain(|name| name != "rt");
    }
    assert_eq!(after, before, "{options:?} {program:?}");
    line
}

fn dir(sandbox: &Sandbox, name: &str, mode: u32) {
    std::fs::create_dir(sandbox.path(name)).unwrap();
    std::fs::set_permissions(sandbox.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_program_that_is_not_there_is_127() {
    let sandbox = Sandbox::new();
    for program in ["no-such-program", "./no-such-program", "/no/such/program"] {
        let line = refused(&sandbox, 127, &["-o", "out"], &[program]);
        assert!(line.contains(program) && line.contains("not found"), "{line}");
    }
    // The file is found, and only exec finds that its interpreter is missing: everything made has to be removed again.
    sandbox.script("prog", "#!/no/such/interpreter\n", "755");
    refused(&sandbox, 127, &["-o", "a/b/out"], &["./prog"]);
}

#[test]
fn a_program_that_cannot_be_executed_is_126() {
    let sandbox = Sandbox::new();
    sandbox.script("prog", "#!/bin/sh\n", "644");
    for program in ["./prog", "/etc", "."] {
        let line = refused(&sandbox, 126, &["-o", "out"], &[program, "."]);
        assert!(line.contains("cannot be executed"), "{line}");
    }
    sandbox.script("noise", "\x7fELF and then nothing", "755");
    refused(&sandbox, 126, &["-o", "out"], &["./noise"]);
}

#[test]
fn an_output_that_holds_anything_is_114_and_stays_as_it_is() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("out")).unwrap();
    std::fs::write(sandbox.path("out/.theirs"), "precious").unwrap();
    let line = refused(&sandbox, 114, &["-o", "out"], &["touch", "ran"]);
    assert!(line.contains("not empty"), "{line}");
    assert_eq!(std::fs::read_to_string(sandbox.path("out/.theirs")).unwrap(), "precious");
}

#[test]
fn an_output_that_is_or_lies_below_a_file_is_115() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("file"), "").unwrap();
    refused(&sandbox, 115, &["-o", "file"], &["touch", "ran"]);
    refused(&sandbox, 115, &["-o", "file/below"], &["touch", "ran"]);
}

#[test]
fn an_output_that_this_user_may_not_write_to_is_115() {
    let sandbox = Sandbox::new();
    dir(&sandbox, "closed", 0o555);
    dir(&sandbox, "open", 0o777);
    for out in ["closed", "closed/new", "closed/deep/new"] {
        let ended = sandbox.unprivileged(&["record", "-o", out, "--", "touch", "open/ran"]);
        assert_eq!(ended.code(), 115, "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("cannot be written to: Permission denied"), "{ended:?}");
    }
    assert_eq!(sandbox.names(), ["closed", "open"]);
    assert_eq!(names_in(&sandbox.path("closed")), [""; 0]);
    assert_eq!(names_in(&sandbox.path("open")), [""; 0]);
}

#[test]
fn a_runtime_directory_of_somebody_else_is_111() {
    let sandbox = Sandbox::new();
    // The user of this test is not nobody; and if it is not root, root's own directory is not its either.
    let is_root = rustix::process::geteuid().is_root();
    let theirs = if is_root { sandbox.runtime_dir() } else { "/".into() };
    if is_root {
        dir(&sandbox, "rt", 0o700);
    }
    let arguments = [&["status"][..], &["start"], &["record", "-o", "open/out", "--", "true"]];
    dir(&sandbox, "open", 0o777);
    for arguments in arguments {
        let ended = sandbox.unprivileged_in(&theirs, common::ust(), arguments);
        assert_eq!(ended.code(), 111, "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("belongs to user 0"), "{ended:?}");
        assert!(ended.stderr.contains("set UST_RUNTIME_DIR"), "{ended:?}");
    }
    let ended = sandbox.unprivileged_in(&theirs, ustconsumerd(), &[]);
    assert_eq!(ended.code(), 111, "{ended:?}");
    assert!(ended.stderr.contains("belongs to user 0"), "{ended:?}");
    assert_eq!(names_in(&sandbox.path("open")), [""; 0]);
}

#[test]
fn a_runtime_directory_that_others_may_enter_is_111() {
    let sandbox = Sandbox::new();
    dir(&sandbox, "rt", 0o755);
    let line = refused(&sandbox, 111, &["-o", "out"], &["touch", "ran"]);
    assert!(line.contains("mode 755") && line.contains("chmod 700"), "{line}");
    sandbox.fails(111, &["status"]);
    assert_eq!(run(&mut sandbox.command(ustconsumerd())).code(), 111);
}

/// A path in the sandbox with this many bytes.
fn of_length(sandbox: &Sandbox, bytes: usize) -> PathBuf {
    let rest = bytes - sandbox.path("").as_os_str().len();
    sandbox.path(&"d".repeat(rest))
}

#[test]
fn a_runtime_directory_too_long_for_a_socket_is_111_in_every_command() {
    let sandbox = Sandbox::new();
    let commands: [(&[&str], usize); 10] = [
        (&["status"], 94),
        (&["list"], 94),
        (&["create", "s", "-o", "out"], 94),
        (&["enable-event", "*"], 94),
        (&["disable-event", "*"], 94),
        (&["start"], 94),
        (&["stop"], 94),
        (&["destroy"], 94),
        (&["snapshot", "record"], 94),
        // A directory in it is the recording's.
        (&["record", "-o", "out", "--summary", "s.json", "--", "touch", "ran"], 75),
    ];
    let refuses = |command: &mut Command, most: usize| {
        let long = of_length(&sandbox, most + 1);
        let ended = run(command.env("UST_RUNTIME_DIR", &long));
        assert_eq!(ended.code(), 111, "{command:?}: {ended:?}");
        let [line] = ended.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{ended:?}") };
        let parts = [
            &*long.to_string_lossy(),
            &format!("a path of {} bytes, and a socket's address has room for {most}", most + 1),
            "set UST_RUNTIME_DIR to a shorter one",
        ];
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    };
    for (arguments, most) in commands {
        refuses(&mut sandbox.ust(arguments), most);
    }
    refuses(&mut sandbox.command(ustconsumerd()), 94);
    refuses(sandbox.command(ustconsumerd()).arg("--daemonize"), 94);
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn a_runtime_directory_that_is_just_short_enough_serves() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ust(&["record", "-o", "out", "--", "touch", "ran"]);
    assert_eq!(run(command.env("UST_RUNTIME_DIR", of_length(&sandbox, 75))).code(), 0);
    assert!(sandbox.path("ran").exists());
    let dir = of_length(&sandbox, 94);
    let mut daemon = sandbox.command(ustconsumerd());
    let daemon = Running::start(daemon.env("UST_RUNTIME_DIR", &dir));
    until("it serves", || run(sandbox.ust(&["status"]).env("UST_RUNTIME_DIR", &dir)).code() == 0);
    daemon.end(libc::SIGTERM).succeeded();
}

#[test]
fn records_own_usage_errors_are_125_with_the_range() {
    let sandbox = Sandbox::new();
    let run = ["touch", "ran"];
    let line = refused(&sandbox, 125, &["-o", "out", "--subbuf-size", "5000"], &run);
    assert!(
        line.contains("5000") && line.contains("power of two from 4096 to 1073741824"),
        "{line}"
    );
    let line = refused(&sandbox, 125, &["-o", "out", "--subbufs", "3"], &run);
    assert!(line.contains("power of two from 2 to"), "{line}");
    refused(&sandbox, 125, &["-o", "out", "-e", "two words"], &run);
    refused(&sandbox, 125, &["-o", "out", "-e", ""], &run);
    // Errors that the argument parser finds take more lines, which show the usage.
    let wrong: [&[&str]; 5] = [
        &["--subbuf-size", "12Q"],
        &["--clock", "sundial"],
        &["--flush-interval", "0"],
        &["--output", ""],
        &["--nonsense"],
    ];
    for options in wrong {
        let ended = sandbox.run(&[&["record"], options, &["--"], &run].concat());
        assert_eq!(ended.code(), 125, "{options:?}: {ended:?}");
    }
    assert_eq!(sandbox.run(&["record", "-o", "out"]).code(), 125, "no program");
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn a_summary_that_cannot_be_written_is_found_before_the_program_runs() {
    let sandbox = Sandbox::new();
    let line = sandbox
        .fails(125, &["record", "-o", "out", "--summary", "no/dir/s.json", "--", "touch", "ran"]);
    assert!(line.contains("no/dir/s.json"), "{line}");
    assert_eq!(sandbox.names(), [""; 0]);
}

/// The output directory would be refused too, once it is the directory's turn.
#[test]
fn a_summary_that_cannot_be_written_is_found_before_an_output_directory_is_made() {
    let sandbox = Sandbox::new();
    for (file, text) in [("trace/metadata", "trace { byte_order = le; };"), ("taken/trace", "")] {
        let file = sandbox.path(file);
        std::fs::create_dir(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    for command in ["join", "recover"] {
        sandbox.fails(114, &[command, "trace", "-o", "taken"]);
        let arguments = [command, "trace", "-o", "taken", "--summary", "no/dir/s.json"];
        let line = sandbox.fails(125, &arguments);
        assert!(line.contains("no/dir/s.json"), "{line}");
    }
    assert_eq!(sandbox.names(), ["taken", "trace"]);
}

#[test]
fn a_summary_that_was_there_survives_a_refusal() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("s.json"), "of last time").unwrap();
    sandbox.script("prog", "#!/no/such/interpreter\n", "755");
    refused(&sandbox, 127, &["-o", "out"], &["./prog"]);
    assert_eq!(std::fs::read_to_string(sandbox.path("s.json")).unwrap(), "of last time");
}

#[test]
fn without_a_daemon_control_commands_are_110_and_make_nothing() {
    let sandbox = Sandbox::new();
    let commands: [&[&str]; 9] = [
        &["create"],
        &["create", "s", "-o", "out"],
        &["enable-event", "*"],
        &["disable-event", "-a"],
        &["start"],
        &["stop"],
        &["destroy"],
        &["list"],
        &["status"],
    ];
    for command in commands {
        let line = sandbox.fails(110, command);
        assert!(line.contains("no daemon") && line.contains("ustconsumerd --daemonize"), "{line}");
    }
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn wrong_usage_of_control_commands_is_2() {
    let sandbox = Sandbox::new();
    let commands: [&[&str]; 4] = [
        &["nonsense"],
        &["enable-event"],
        &["enable-event", "-a", "x"],
        &["create", "--subbufs", "many"],
    ];
    for command in commands {
        assert_eq!(sandbox.run(command).code(), 2, "{command:?}");
    }
}
