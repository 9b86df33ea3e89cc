//! `ust record`: the program runs as if `ust` were not there, and the result is reported once.

mod common;

use common::{Sandbox, names_in, ust};
use rustix::process::Signal;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use ust_test_support::command::{Running, run};
use ust_test_support::wait::{until, until_written};

#[test]
fn the_exit_status_is_the_programs_own() {
    let sandbox = Sandbox::new();
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("exit 255", 255), ("kill -KILL $$", 137)]
    {
        let ended = sandbox.run(&["record", "-o", script, "--", "sh", "-c", script]);
        assert_eq!(ended.code(), code, "{script}: {ended:?}");
        let [why, closing] = ended.stderr.lines().collect::<Vec<_>>()[..] else {
            panic!("{ended:?}")
        };
        assert!(why.starts_with("ust: no instrumented process has connected: "), "{why}");
        assert_eq!(closing, format!("ust: 0 events recorded, 0 lost, 0 processes: {script}"));
    }
}

#[test]
fn the_summary_says_what_the_closing_line_says() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["record", "-o", "out", "--summary", "s.json", "--", "true"]);
    assert_eq!(ended.code(), 0, "{ended:?}");
    let summary = std::fs::read(sandbox.path("s.json")).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&summary).unwrap();
    let notes: Vec<&str> = ended.stderr.lines().map(|line| &line["ust: ".len()..]).collect();
    let channels = serde_json::json!({"channel0": {"recorded": 0, "overwritten": 0, "lost": {}}});
    let expected = serde_json::json!({
        "recorded": 0, "overwritten": 0, "lost": {}, "processes": 0, "trace": "out", "channels": channels,
        "connected": 0, "still_run": 0, "unmatched": [], "errors": [], "notes": notes[..1],
        "cpu_streams": {"sequenced": 0, "locked": 0},
    });
    assert_eq!(summary, expected);
}

#[test]
fn a_summary_replaces_what_was_there_and_may_be_a_pipe() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("s.json"), "x".repeat(10_000)).unwrap();
    sandbox.done(&["record", "-o", "a", "--summary", "s.json", "--", "true"]);
    let text = std::fs::read(sandbox.path("s.json")).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).expect("nothing of the old one is left");
    let piped = sandbox.shell("$UST record -o b --summary /dev/stdout -- true 2>/dev/null | cat");
    serde_json::from_str::<serde_json::Value>(&piped.stdout).unwrap();
}

#[test]
fn the_trace_is_named_after_the_program_and_the_time() {
    let sandbox = Sandbox::new();
    let ended = sandbox.run(&["record", "/bin/sh", "-c", "exit 0"]);
    let names = sandbox.names();
    let name = names.iter().find(|name| name.starts_with("sh-")).expect("./sh-...");
    assert_eq!(name.len(), "sh-YYYYmmdd-HHMMSS".len());
    assert!(ended.last_line().ends_with(&format!(": ./{name}")), "{ended:?}");
}

#[test]
fn an_empty_directory_is_taken_and_a_new_one_respects_the_umask() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.done(&["record", "-o", "empty", "--", "true"]);
    sandbox.shell("umask 027; $UST record -o deep/new -- true");
    for made in ["deep", "deep/new"] {
        let mode = sandbox.path(made).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o750, "{made}");
    }
}

#[test]
fn standard_streams_pass_through_untouched() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ust(&["record", "-o", "out", "--", "sh", "-c", "cat; echo err >&2"]);
    let (running, mut stdin) = Running::start_at_input(&mut command);
    let text = "every byte \u{fffd}\n".repeat(10_000);
    let input = text.clone();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let ended = running.wait();
    writer.join().unwrap();
    assert!(ended.stdout == text, "standard output is the program's alone");
    assert_eq!(ended.stderr.lines().next(), Some("err"));
    assert_eq!(ended.stderr.lines().count(), 3, "{}", ended.stderr);
}

#[test]
fn the_programs_arguments_are_its_own() {
    let sandbox = Sandbox::new();
    let script = r#"printf '%s|' "$0" "$@""#;
    let rest = ["-c", script, "zero", "-o", "--", "--help", "", "two words"];
    let arguments = [&["record", "-o", "out", "sh"], &rest[..]].concat();
    assert_eq!(sandbox.done(&arguments), "zero|-o|--|--help||two words|");
    // argv[0] is what the user wrote, not the file to which it led.
    let name =
        sandbox.done(&["record", "-o", "b", "--", "sh", "-c", "cat /proc/$$/cmdline | cut -c1-3"]);
    assert_eq!(name.trim_end().trim_end_matches('\0'), "sh");
}

#[test]
fn the_runtime_directory_is_private_ready_and_gone_afterwards() {
    let sandbox = Sandbox::new();
    let script = "cd $UST_RUNTIME_DIR && pwd && stat -c %a . && test -S agent.sock && test -f rules && echo ready";
    let printed = sandbox.done(&["record", "-o", "out", "--", "sh", "-c", script]);
    let lines: Vec<&str> = printed.lines().collect();
    let parent = sandbox.runtime_dir();
    assert!(lines[0].starts_with(&format!("{}/record-", parent.display())), "{printed}");
    assert_eq!(lines[1..], ["700", "ready"], "rules and socket are there before the program is");
    assert_eq!(names_in(&parent), [""; 0]);
    assert_eq!(parent.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn signals_and_limits_are_inherited_as_if_ust_were_not_there() {
    let sandbox = Sandbox::new();
    let shown = "grep -E '^(SigBlk|SigIgn|SigCgt)' /proc/self/status; ulimit -Sn";
    sandbox.script("show", &format!("#!/bin/sh\n{shown}\n"), "755");
    for before in ["ulimit -Sn 200", "trap '' HUP INT"] {
        let direct = sandbox.shell(&format!("{before}; exec ./show")).stdout;
        let traced =
            sandbox.shell(&format!("{before}; exec $UST record -o \"{before}\" ./show")).stdout;
        assert_eq!(direct, traced, "{before}");
    }
}

#[test]
fn the_program_outlives_a_killed_ust_and_the_next_one_cleans_up() {
    let sandbox = Sandbox::new();
    let script = "echo $$ > pid; while test ! -e go; do sleep 0.02; done; echo out; echo err >&2; echo $? > done";
    let mut command = sandbox.ust(&["record", "-o", "out", "--", "sh", "-c", script]);
    let running = Running::start(&mut command);
    until_written(&sandbox.path("pid"));
    running.end(libc::SIGKILL);
    assert_eq!(names_in(&sandbox.runtime_dir()).len(), 1, "it had no time to clean up");
    std::fs::write(sandbox.path("go"), "").unwrap();
    assert_eq!(until_written(&sandbox.path("done")), "0\n");

    sandbox.done(&["record", "-o", "next", "--", "true"]);
    assert_eq!(names_in(&sandbox.runtime_dir()), [""; 0]);
}

#[test]
fn two_recordings_at_once_do_not_meet() {
    let sandbox = Sandbox::new();
    let script = "touch started-$0; while test ! -e go; do sleep 0.02; done; ls $UST_RUNTIME_DIR";
    let record = |name| {
        Running::start(&mut sandbox.ust(&["record", "-o", name, "--", "sh", "-c", script, name]))
    };
    let (first, second) = (record("a"), record("b"));
    until("both run", || sandbox.path("started-a").exists() && sandbox.path("started-b").exists());
    assert_eq!(names_in(&sandbox.runtime_dir()).len(), 2);
    std::fs::write(sandbox.path("go"), "").unwrap();
    for running in [first, second] {
        let ended = running.wait();
        assert!(ended.stdout.contains("agent.sock"), "{ended:?}");
    }
}

#[test]
fn a_closed_standard_error_costs_the_closing_line_and_nothing_else() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.shell("$UST record -o out -- sh -c 'exit 5' 2>&-").code(), 5);
    assert_eq!(sandbox.shell("$UST record -o out2 -- sh -c 'exit 5' 2>/dev/full").code(), 5);
}

#[test]
fn help_names_every_exit_code() {
    let ended = run(std::process::Command::new(ust()).arg("--help"));
    assert_eq!(ended.code(), 0);
    use consumerd::cause::Cause::*;
    let all = [
        Unreadable,
        Usage,
        NoDaemon,
        RuntimeDir,
        NameTaken,
        NoSession,
        OutputNotEmpty,
        OutputNotWritable,
        WrongState,
        NotInSession,
        DaemonTaken,
        TooMany,
        Failed,
        NotExecutable,
        NotFound,
    ];
    for cause in all {
        let line = format!("\n  {:<5}", cause.exit_code());
        assert!(ended.stdout.contains(&line), "{cause:?} is missing in\n{}", ended.stdout);
    }
}

#[test]
fn a_program_that_is_killed_by_a_core_dumping_signal_has_its_status() {
    let sandbox = Sandbox::new();
    let ended =
        sandbox.run(&["record", "-o", "out", "--", "sh", "-c", "ulimit -c 0; kill -SEGV $$"]);
    assert_eq!(ended.code(), 128 + Signal::SEGV.as_raw());
}

/// However the path is given, and whatever is read from it: what is shown can be given to any command again.
#[test]
fn an_output_that_begins_with_a_dash_is_no_option() {
    let sandbox = Sandbox::new();
    for (output, name) in
        [("-o=-a", "-a"), ("-o-b", "-b"), ("--output=-c", "-c"), ("-o=./-d", "-d")]
    {
        let arguments = [output, "--summary=-s", "--shm-path=-r", "--", "true"];
        let ended = sandbox.run(&[&["record"], &arguments[..]].concat());
        assert_eq!(ended.code(), 0, "{output}: {ended:?}");
        let shown = ended.last_line().rsplit(' ').next().unwrap();
        assert_eq!(shown, format!("./{name}"), "{ended:?}");
        assert!(sandbox.path(name).is_dir(), "{ended:?}");
        let summary = std::fs::read_to_string(sandbox.path("-s")).unwrap();
        assert!(summary.contains(&format!("{shown:?}")), "{summary}");
        // Nothing was recorded: the directory exists, and has no trace.
        assert_eq!(sandbox.run(&["view", shown]).stderr, sandbox.run(&["view", "--", name]).stderr);
    }
    let line = sandbox.fails(114, &["record", "-o=-a/..", "--", "true"]);
    assert!(line.contains("/-a/.. is not empty"), "{line}");
}
