//! Each set of the shim's events: every call of a C program is recorded once, with what it returned, and does what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};
use ust_core::paths::{RUNTIME_DIR_VARIABLE, USER_DIR_VARIABLE};
use ust_test_support::binaries;
use ust_test_support::command::{Running, run};
use ust_test_support::sandbox::Sandbox;
use ust_test_support::wait::wait_until;

/// A C program, compiled into a directory of its own; `None`, with a line that says so, where the judges are missing.
fn compiled(name: &str, options: &[&str]) -> Option<(TempDir, PathBuf)> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), name, options);
    Some((dir, program))
}

/// Records a program with one set on, without loss.
fn recorded<const N: usize>(program: &Path, arguments: &[&Path], options: [&str; N]) -> Recorded {
    let recording =
        Recording::of_path(program.to_owned()).options(["--subbuf-size", "1M"]).options(options);
    let recording = arguments.iter().fold(recording, |all, each| all.arg(each.display()));
    let recorded = recording.run();
    assert_eq!(recorded.summary().lost_in_all(), 0, "{:?}", recorded.finished);
    recorded
}

/// How often each event of a provider was recorded, by all processes together.
fn counts(trace: &Path, provider: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    judge::babeltrace2(trace, |line| {
        if let Some(name) = line.event_of(provider) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    });
    counts
}

/// Each function was recorded as often as the program says that it has called it. `tell`, which says so, calls some more.
#[track_caller]
fn assert_all_recorded(recorded: &Recorded, account: &Path) {
    let mut own = BTreeMap::new();
    for line in std::fs::read_to_string(account).expect("an account").lines() {
        let (name, count) = line.split_once(' ').expect("a name and a count");
        own.insert(name.to_owned(), count.parse::<u64>().expect("a number"));
    }
    for (name, by_tell) in [("fopen", 1), ("fclose", 1), ("fprintf", own.len() as u64)] {
        own.entry(name.to_owned()).and_modify(|count| *count += by_tell);
    }
    let seen = counts(&recorded.trace(), "libc_io");
    for (name, count) in &own {
        assert_eq!(seen.get(name), Some(count), "{name}: {seen:?}");
    }
}

#[test]
fn descriptors_paths_sockets_and_waits_are_recorded_as_the_program_counts_them() {
    let Some((dir, program)) = compiled("calls_io", &[]) else { return };
    let [alone, account, work, other] =
        ["alone", "account", "work", "other"].map(|name| dir.path().join(name));
    for dir in [&work, &other] {
        std::fs::create_dir(dir).expect("a directory");
    }
    run(Command::new(&program).args([&alone, &other])).succeeded();

    let recorded = recorded(&program, &[&account, &work], ["--preload", "libc_io"]);
    assert_eq!((recorded.finished.code(), &*recorded.finished.stdout), (0, "done\n"));
    assert_all_recorded(&recorded, &account);

    // Results, errors and durations.
    let (mut slept_ns, mut errors, mut texts) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    judge::babeltrace2(&recorded.trace(), |line| match line.event_of("libc_io") {
        Some("nanosleep") => slept_ns.push(line.number("duration")),
        Some(name @ ("open" | "connect")) => {
            _ = errors.insert((name.to_owned(), line.number("errno")));
            let text = if name == "open" { "path" } else { "addr" };
            _ = texts.insert(line.value(text).to_owned());
        }
        _ => {}
    });
    assert!(slept_ns.iter().all(|ns| *ns >= 9_990_000), "by both clocks: {slept_ns:?}");
    let [ok, enoent, efault] = [0, libc::ENOENT as u64, libc::EFAULT as u64];
    for name in ["open", "connect"] {
        for error in [ok, enoent, efault] {
            assert!(errors.contains(&(name.to_owned(), error)), "{name} {error}: {errors:?}");
        }
    }
    assert!(texts.contains("\"nowhere/file\"") && texts.contains("\"unix:no/body\""), "{texts:?}");
    assert!(texts.iter().any(|text| text.starts_with("\"127.0.0.1:")), "{texts:?}");
}

/// What old programs call by other names has the events of today's.
#[test]
fn rarer_and_older_names_are_recorded_by_the_ordinary_ones() {
    let Some((dir, program)) = compiled("rarer_names", &[]) else { return };
    let [alone, account, work, other] =
        ["alone", "account", "work", "other"].map(|name| dir.path().join(name));
    for dir in [&work, &other] {
        std::fs::create_dir(dir).expect("a directory");
    }
    let alone = run(Command::new(&program).args([&alone, &other])).succeeded();
    let recorded = recorded(&program, &[&account, &work], ["--preload", "libc_io"]);
    assert_eq!(recorded.finished.code(), 0, "{}", recorded.finished.stderr);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    assert_all_recorded(&recorded, &account);
}

/// The characters that were read and written are the results, in order; the end of a file is no error.
#[test]
fn single_characters_are_recorded_one_by_one() {
    let Some((dir, program)) = compiled("characters", &[]) else { return };
    let [account, file] = ["account", "file"].map(|name| dir.path().join(name));
    let recorded = recorded(&program, &[&account, &file], ["--preload", "libc_io"]);
    assert_eq!(recorded.finished.code(), 0, "{}", recorded.finished.stderr);
    assert_all_recorded(&recorded, &account);
    let mut seen = [const { Vec::new() }; 3];
    judge::babeltrace2(&recorded.trace(), |line| {
        let which = match line.event_of("libc_io") {
            Some("putc" | "fputc" | "putchar") => 0,
            Some("getc" | "fgetc" | "getchar") => 1,
            Some("ungetc") => 2,
            _ => return,
        };
        let result: i32 = line.value("result").parse().expect("a number");
        seen[which].push((result, line.number("errno") as i32));
    });
    let of = |text: &[u8]| text.iter().map(|c| (i32::from(*c), 0)).collect::<Vec<_>>();
    let [written, read, put_back] = seen;
    assert_eq!(written, [of(b"abcdef\xff"), vec![(-1, libc::EBADF)]].concat());
    assert_eq!(read, [of(b"abcdef\xffxy"), vec![(-1, 0)]].concat());
    assert_eq!(put_back, of(b"xy"));
}

#[test]
fn begins_are_recorded_where_they_are_asked_for() {
    let Some((dir, program)) = compiled("calls_io", &[]) else { return };
    let [account, work] = ["account", "work"].map(|name| dir.path().join(name));
    std::fs::create_dir(&work).expect("a directory");
    let recorded = recorded(&program, &[&account, &work], ["--preload", "libc_io", "--begin"]);
    let trace = recorded.trace();
    let (ends, begins) = (counts(&trace, "libc_io"), counts(&trace, "libc_io_begin"));
    assert_eq!((begins["nanosleep"], begins["read"]), (ends["nanosleep"], ends["read"]));
    assert!(!begins.contains_key("lseek"), "it waits for nothing: {begins:?}");
}

#[test]
fn children_of_every_kind_are_processes_of_the_trace_although_the_environment_was_cleared() {
    assert_children_are_seen("per-thread");
}

/// Children of vfork, which share their parent's thread, must not write to streams of CPUs as threads do.
#[test]
fn children_of_every_kind_write_to_the_streams_of_cpus() {
    assert_children_are_seen("per-cpu");
}

#[track_caller]
fn assert_children_are_seen(buffers: &str) {
    let Some((_dir, program)) = compiled("calls_proc", &[]) else { return };
    let alone = Running::start(&mut Command::new(&program)).wait();
    let recorded = recorded(&program, &[], ["--preload", "proc", "--buffers", buffers]);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    assert_eq!((recorded.finished.code(), alone.code()), (5, 5));
    let seen = counts(&recorded.trace(), "proc");
    assert_eq!(seen["vfork"], 1_001);
    let mut failed = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.event_of("proc") == Some("exec_failed") {
            failed.push((line.value("path").to_owned(), line.number("errno")));
        }
    });
    assert_eq!(failed, [("\"/nowhere\"".to_owned(), libc::ENOENT as u64)]);
    assert_all_children_seen(&recorded.trace());
}

/// All children of `calls_proc` were processes of the trace.
#[track_caller]
fn assert_all_children_seen(trace: &Path) {
    // The executed program exits with its number of arguments. The forked child, and each child of vfork, has its own code.
    let mut ended = BTreeMap::<u64, BTreeSet<u64>>::new();
    judge::babeltrace2(trace, |line| {
        if matches!(line.event_of("proc"), Some("exit" | "_exit")) {
            ended.entry(line.number("status")).or_default().insert(line.vpid());
        }
    });
    let processes_by_status: Vec<_> =
        [2, 3, 9, 11, 12].map(|status| ended.get(&status).map_or(0, BTreeSet::len)).into();
    assert_eq!(processes_by_status, [3, 1, 1, 1, 1], "{ended:?}");
}

/// With the shim loaded by hand, and a daemon in the user's own runtime directory, to which `XDG_RUNTIME_DIR` leads.
#[test]
fn children_find_the_user_s_daemon_although_the_environment_was_cleared() {
    let Some((_dir, program)) = compiled("calls_proc", &[]) else { return };
    let site = Sandbox::new();
    let command = |program: &Path| {
        let mut command = site.command(program);
        command.env_remove(RUNTIME_DIR_VARIABLE).env(USER_DIR_VARIABLE, site.dir());
        command
    };
    let ust = |arguments: &[&str]| run(command(&binaries::ust()).args(arguments));
    let _daemon = Running::start(&mut command(&binaries::ustconsumerd()));
    wait_until("the daemon", || ust(&["status"]).status.success().then_some(()));
    ust(&["create", "session", "-o", "trace", "--subbuf-size", "1M"]).succeeded();
    ust(&["enable-event", "-s", "session", "proc:*"]).succeeded();
    ust(&["start", "session"]).succeeded();
    let ended = Running::start(command(&program).env("LD_PRELOAD", shim::built())).wait();
    assert_eq!(ended.code(), 5, "{}", ended.stderr);
    ust(&["stop", "session"]).succeeded();
    ust(&["destroy", "session"]).succeeded();
    assert_all_children_seen(&site.path("trace"));
}

#[test]
fn children_are_left_alone_where_that_is_asked_for() {
    let Some((_dir, program)) = compiled("calls_proc", &[]) else { return };
    let recorded = recorded(&program, &[], ["--preload", "all", "--no-follow"]);
    assert_eq!(recorded.finished.code(), 5);
    assert_eq!(recorded.summary().processes, 1, "{:?}", recorded.finished);
    let mut processes = BTreeSet::new();
    judge::babeltrace2(&recorded.trace(), |line| _ = processes.insert(line.vpid()));
    // A child of vfork has its parent's memory.
    assert_eq!(processes.len(), 1, "{processes:?}");
}

/// As soon as a set's events are named, those alone are recorded of it; the others stay whole.
#[test]
fn events_that_are_named_narrow_their_own_set_alone() {
    let Some((_dir, program)) = compiled("allocates", &[]) else { return };
    let seen = |events: &str| {
        let options = ["--preload", "libc_mem,pthread", "-e", events];
        let recording = Recording::of_path(program.clone()).options(["--subbuf-size", "1M"]);
        let recorded = recording.options(options).arg(2).arg(10).run();
        assert_eq!(recorded.summary().lost_in_all(), 0, "{:?}", recorded.finished);
        let names = |provider| counts(&recorded.trace(), provider).into_keys().collect::<Vec<_>>();
        (names("libc_mem"), names("pthread"))
    };
    let (all, of_threads) = seen("*");
    assert!(
        all.len() > 7 && of_threads.contains(&"pthread_join".to_owned()),
        "{all:?}, {of_threads:?}"
    );
    let beginning = all.iter().filter(|name| name.starts_with('m')).cloned().collect();
    for (events, expected) in [
        ("libc_mem:malloc", vec!["malloc".to_owned()]),
        ("*,libc_mem:malloc", vec!["malloc".to_owned()]),
        ("libc_mem:m*", beginning),
        ("shop:order", all.clone()),
    ] {
        assert_eq!(seen(events), (expected, of_threads.clone()), "{events}");
    }
}

/// What gives memory back has other names in old programs, and in those of C23.
#[test]
fn free_is_recorded_by_whatever_name_it_is_called() {
    let Some((_dir, program)) = compiled("frees", &[]) else { return };
    let options = ["--preload", "libc_mem", "--subbuf-size", "1M"];
    let recorded = Recording::of_path(program).options(options).run().succeeded();
    assert_eq!(recorded.finished.stdout, "3\n");
    let mut held = BTreeSet::new();
    let mut count = 0;
    judge::babeltrace2(&recorded.trace(), |line| match line.event_of("libc_mem") {
        Some("malloc") if line.number("size") == 4321 => {
            held.insert(line.value("ptr").to_owned());
            count += 1;
        }
        Some("free") => _ = held.remove(line.value("ptr")),
        _ => {}
    });
    assert_eq!((count, held), (3, BTreeSet::new()));
}

/// Numbers up to 30 have the short header.
#[test]
fn frequent_events_have_short_headers_among_all_others() {
    let source = include_str!("../../../ust-preload/src/frequent.rs");
    let frequent: Vec<_> = source.split('"').skip(1).step_by(2).collect();
    assert_eq!(frequent.len(), 28);
    let Some((_dir, program)) = compiled("allocates", &[]) else { return };
    let names = frequent
        .iter()
        .fold(Recording::of_path(program), |recording, name| recording.options(["-e", name]));
    let recorded = names.options(["--preload", "all"]).arg(1).arg(100).run();
    let summary = std::fs::read(recorded.path("summary")).expect("a summary");
    let summary: serde_json::Value = serde_json::from_slice(&summary).expect("JSON");
    assert_eq!(summary["unmatched"], serde_json::json!([]), "each of them is an event");
    let [folder] = &recorded.folders()[..] else { panic!("one process") };
    let metadata = std::fs::read_to_string(folder.join("metadata")).expect("metadata");
    for name in ["libc_mem:malloc", "libc_mem:free"] {
        let (_, class) = metadata.split_once(&format!("\"{name}\"")).expect("it was recorded");
        let number: u32 = class
            .split_once("id = ")
            .and_then(|(_, rest)| rest.split(';').next()?.parse().ok())
            .expect("a number");
        assert!(number <= 30, "{name}: {number}");
    }
}

#[test]
fn changes_of_users_and_groups_are_recorded() {
    let Some((_dir, program)) = compiled("stays_itself", &[]) else { return };
    let alone = run(&mut Command::new(&program)).succeeded();
    let recorded = recorded(&program, &[], ["--preload", "proc"]);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    let mut told = Vec::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        let name = line.event_of("proc").expect("an event of the set");
        if name.starts_with("set") || name == "initgroups" {
            told.push(format!("{name} {}", line.value("result")));
        }
    });
    let printed = alone.stdout.lines().map(|line| {
        let (call, result) = line.rsplit_once(' ').expect("a call and its result");
        let (name, _) = call.split_once('(').expect("a call");
        format!("{name} {result}")
    });
    assert_eq!(told, printed.collect::<Vec<_>>());
    assert_eq!(told.len(), 12);
}
