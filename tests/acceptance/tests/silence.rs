//! A recording without events says why, in one line, on standard error and in its summary. It ends as the program did.

use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{plugin, skip};
use ust_test_support::binaries;
use ust_test_support::command::run;
use ust_test_support::wait::wait_until;

const NOTHING: &str = "0 events recorded, 0 lost, 0 processes";

/// What `--summary` says beside the figures.
#[derive(Debug, serde::Deserialize)]
struct Said {
    connected: u64,
    still_run: u64,
    unmatched: Vec<Unmatched>,
    notes: Vec<String>,
}

#[derive(Debug, serde::Deserialize)]
struct Unmatched {
    rule: String,
    closest: Vec<String>,
}

/// What is said of a recording that has no events; its last line but one, which the summary has too.
#[track_caller]
fn silent(recorded: &Recorded) -> (String, Said) {
    let stderr = &recorded.finished.stderr;
    assert_eq!(recorded.finished.code(), 0, "{stderr}");
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(recorded.closing_line().contains(NOTHING), "{stderr}");
    let [.., line, _closing] = lines[..] else { panic!("not a word of why: {stderr}") };
    let json = std::fs::read(recorded.path("summary")).expect("there is a summary");
    let said: Said = serde_json::from_slice(&json).expect("a summary is JSON");
    let line = line.strip_prefix("ust: ").expect("it is ust's line").to_owned();
    assert!(said.notes.contains(&line), "{line}: {said:?}");
    (line, said)
}

fn of(command: &str, arguments: &[&str]) -> Recording {
    let recording = Recording::of_path(PathBuf::from(command));
    arguments.iter().fold(recording, |recording, argument| recording.arg(argument))
}

#[track_caller]
fn assert_says(recording: Recording, parts: &[&str]) -> Said {
    let (line, said) = silent(&recording.run());
    assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    said
}

fn one_event() -> String {
    binaries::program("one_event").display().to_string()
}

#[test]
fn a_rule_that_matches_nothing_is_named_with_what_comes_closest() {
    let typo = Recording::of("one_event").options(["-e", "onne:*"]);
    let said = assert_says(typo, &["event rule onne:* matches no event", "closest is one:event"]);
    assert_eq!(said.connected, 1);
    assert_eq!(said.unmatched[0].rule, "onne:*");
    assert_eq!(said.unmatched[0].closest, ["one:event"]);

    // The rest is recorded all the same.
    let recorded = Recording::of("one_event").options(["-e", "one:*,two:*"]).run().succeeded();
    assert!(recorded.finished.stderr.contains("event rule two:* matches no event"));
    assert_eq!(recorded.summary().recorded, 1);
}

#[test]
fn a_rule_without_a_colon_is_a_provider_and_that_is_said() {
    let recorded = Recording::of("one_event").options(["-e", "one"]).run().succeeded();
    let said = "event rule one has no colon and is taken as one:*";
    assert!(recorded.finished.stderr.contains(said), "{:?}", recorded.finished);
    assert_eq!(recorded.summary().recorded, 1);
}

#[test]
fn that_nobody_connected_is_said_with_what_to_look_at() {
    let nobody = "no instrumented process has connected";
    let said = assert_says(of("/bin/true", &[]), &[nobody, "/bin/true", "linked with ust and"]);
    assert_eq!((said.connected, said.still_run), (0, 0));
    let cleared = of("/usr/bin/env", &["-i", &one_event()]);
    assert_says(cleared, &[nobody, "UST_RUNTIME_DIR", "env -i"]);
}

/// The file says that it has tracepoints, so it differs from one that is not linked with ust.
#[test]
fn an_instrumented_program_of_which_nothing_was_heard_is_named() {
    let ticks = binaries::program("ticks").display().to_string();
    let cleared = of("/usr/bin/env", &["-i", &ticks, "10", "a-moment"]);
    let cleared = cleared.options(["--flush-interval", "20"]);
    let words = ["although", "/ticks has tracepoints", "UST_RUNTIME_DIR", "env -i"];
    assert_eq!(assert_says(cleared, &words).connected, 0);
}

/// The program has no tracepoints, but a shared object that it needs has, wherever the loader finds it.
#[test]
fn a_shared_object_with_tracepoints_is_named_with_the_program_that_needs_it() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    let site = Site::new();
    let plugins = plugin::built("plugin").parent().expect("it lies in a directory").to_owned();
    let (bin, lib) = (site.path("bin"), site.path("lib"));
    [&bin, &lib].iter().for_each(|dir| std::fs::create_dir(dir).expect("there is room"));
    std::fs::copy(plugin::built("plugin"), lib.join("libplugin.so")).expect("there is room");
    let source = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name);
    let link = |output: &Path, options: &[&str], from: &Path| {
        let mut cc = Command::new("cc");
        cc.args(["-Wall", "-Werror", "-Wl,--no-as-needed", "-o"]).arg(output).args(options);
        run(cc.arg("-L").arg(from).arg(source("needs_plugin.c")).arg("-lplugin")).succeeded();
    };
    let rpath = format!("-Wl,-rpath,{}", plugins.display());
    for (name, options, from) in [
        ("absolute", &["-Wl,--enable-new-dtags", &rpath][..], &plugins),
        ("old", &["-Wl,--disable-new-dtags", &rpath], &plugins),
        ("origin", &["-Wl,-rpath,$ORIGIN/../lib"], &lib),
    ] {
        let program = bin.join(name);
        link(&program, options, from);
        let program = program.display().to_string();
        let needs = format!("libplugin.so, which {program} needs, has tracepoints");
        let words = ["although", &needs, "UST_RUNTIME_DIR", "env -i"];
        assert_eq!(assert_says(of(&program, &[]), &words).connected, 0, "{name}");
    }
    // By way of another one, which has none either.
    let between = lib.join("libbetween.so");
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wl,-rpath,$ORIGIN", "-o"]).arg(&between);
    run(cc.arg(source("needs_others.c")).arg("-L").arg(&lib).arg("-lplugin")).succeeded();
    let program = bin.join("indirect");
    let mut cc = Command::new("cc");
    cc.args(["-Wl,--no-as-needed,--unresolved-symbols=ignore-all", "-z", "lazy"]);
    cc.args(["-Wl,-rpath,$ORIGIN/../lib", "-o"]).arg(&program).arg(source("needs_plugin.c"));
    run(cc.arg("-L").arg(&lib).arg("-lbetween")).succeeded();
    let program = program.display().to_string();
    assert_says(of(&program, &[]), &[&format!("libplugin.so, which {program} needs")]);
}

/// Programs that a shell starts are not looked at, and the line says so.
#[test]
fn of_a_shell_it_is_said_that_its_children_were_not_looked_at() {
    let script = "/bin/true; /bin/true";
    let shell = std::fs::canonicalize("/bin/sh").expect("it is there");
    let only = format!("(only {} was looked at)", shell.display());
    assert_says(of("/bin/sh", &["-c", script]), &["or what it starts", &only]);
    let (line, _) = silent(&of("/bin/true", &[]).run());
    assert!(!line.contains("looked at"), "{line}");
}

#[test]
fn a_change_of_user_is_seen() {
    let is_root = std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.lines().any(|line| line.starts_with("Uid:\t0\t0\t")));
    if !is_root {
        println!("SKIPPED: only root can become another user");
        return;
    }
    // The user `nobody` may not be able to reach the directory where cargo builds.
    let options = ["--reuid=65534", "--regid=65534", "--clear-groups", "/bin/sleep", "0"];
    let said = assert_says(
        of("/usr/bin/setpriv", &options),
        &["no instrumented process has connected", "ended as user 65534"],
    );
    assert_eq!(said.connected, 0);
}

#[test]
fn events_that_match_and_are_not_emitted_are_no_riddle() {
    let recording = Recording::of("resident").arg(0);
    let said = assert_says(recording, &["1 process connected, and emitted none of the events"]);
    assert_eq!(said.connected, 1);
    assert!(said.unmatched.is_empty());
}

#[test]
fn processes_that_go_on_are_counted() {
    let recording = Recording::of("daemonizes");
    let path = recording.path("progress").display().to_string();
    let recorded = recording.arg(path).run();
    let (line, said) = silent(&recorded);
    assert!(line.contains("1 process still runs and will not be recorded any longer"), "{line}");
    assert!(line.contains(" daemonizes)") && line.contains("ustconsumerd"), "{line}");
    assert_eq!((said.connected, said.still_run), (2, 1));

    // One that is not instrumented is found by its environment.
    let background =
        "sleep 20 </dev/null >/dev/null 2>&1 & until grep -q sleep /proc/$!/comm; do :; done";
    let recorded = of("/bin/sh", &["-c", background]).run();
    let (line, _) = silent(&recorded);
    assert!(line.contains("1 process still runs") && line.contains(" sleep)"), "{line}");
}

#[test]
fn a_flight_recorder_that_was_not_written_says_so() {
    let recording = Recording::of("one_event").options(["--snapshot-on", "signal"]);
    let finished = recording.run().succeeded().finished;
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let [why, closing] = lines[..] else { panic!("{finished:?}") };
    assert!(
        why.contains("ended by itself, and only `--snapshot-on exit` takes a snapshot"),
        "{why}"
    );
    assert!(closing.contains("no snapshot was taken"), "{closing}");
}

#[test]
fn sessions_of_the_daemon_say_the_same_when_they_are_stopped_and_destroyed() {
    let site = Site::new();
    let _daemon = site.daemon(&[]);
    let explained = |name: &str, why: &str| {
        for command in ["stop", "destroy"] {
            let finished = site.ust(&[command, name]).succeeded();
            assert!(finished.stderr.contains(why), "{command}: {finished:?}");
        }
    };
    site.start_session("nobody", "one:*");
    explained("nobody", "no instrumented process has connected");

    let enabled = {
        site.ust(&["create", "colon"]).succeeded();
        site.ust(&["enable-event", "one"]).succeeded()
    };
    assert!(enabled.stdout.contains("event rule one:* enabled"), "{enabled:?}");
    assert!(enabled.stderr.contains("one has no colon and is taken as one:*"), "{enabled:?}");
    site.ust(&["disable-event", "one"]).succeeded();
    site.ust(&["start", "colon"]).succeeded();
    explained("colon", "the session has no event rules");

    site.ust(&["create", "unused"]).succeeded();
    let destroyed = site.ust(&["destroy", "unused"]).succeeded();
    assert!(destroyed.stderr.contains("never started"), "{destroyed:?}");

    site.start_session("typo", "onne:*");
    site.program("one_event", &[]).wait().succeeded();
    wait_until("the process in the figures", || {
        let stopped = site.ust(&["stop", "typo"]).succeeded();
        site.ust(&["start", "typo"]).succeeded();
        stopped.stderr.contains("closest is one:event").then_some(())
    });
    explained("typo", "event rule onne:* matches no event of the processes that connected");
}
