//! Signals that a program is sent and sends: it finds its handlers as it set them, each delivery is recorded, and so is the
//! signal by which a process kills itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use ust_acceptance::recording::{Recorded, Recording};
use ust_acceptance::{judge, shim, skip};
use ust_test_support::command::Running;

/// A C program, compiled into a directory of its own; `None`, and said so, where the judges are missing.
fn compiled(name: &str) -> Option<(TempDir, PathBuf)> {
    if !skip::judges_are_here() {
        return None;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), name, &[]);
    Some((dir, program))
}

/// Records a program, without loss.
fn recorded<const N: usize>(program: &Path, argument: &Path, options: [&str; N]) -> Recorded {
    let recording = Recording::of_path(program.to_owned()).options(["--subbuf-size", "4M"]);
    let recorded = recording.options(options).arg(argument.display()).run();
    assert_eq!(recorded.summary().lost_in_all(), 0, "{:?}", recorded.finished);
    recorded
}

/// By its own account: how often each signal was delivered to a handler that returned, and to one that jumped.
fn own_account(file: &Path) -> BTreeMap<u64, (u64, u64)> {
    let text = std::fs::read_to_string(file).expect("an account");
    let numbers = |line: &str| -> Vec<u64> {
        line.split(' ').map(|number| number.parse().expect("a number")).collect()
    };
    text.lines().map(numbers).map(|line| (line[0], (line[1], line[2]))).collect()
}

/// The handlers of 1,000 functions that only return.
const SIGTERM: u64 = libc::SIGTERM as u64;

#[test]
fn handlers_are_the_program_s_and_each_delivery_is_recorded() {
    let Some((dir, program)) = compiled("handles") else { return };
    let account = dir.path().join("account");
    let alone = Running::start(Command::new(&program).arg(&account)).wait();
    assert_eq!((alone.code(), &*alone.stdout), (3, "done\n"), "{}", alone.stderr);
    let mut unrecorded = Command::new(&program);
    unrecorded.arg(&account).env("LD_PRELOAD", shim::built());
    let unrecorded = Running::start(&mut unrecorded).wait();
    assert_eq!((unrecorded.code(), &*unrecorded.stdout), (3, "done\n"), "{}", unrecorded.stderr);

    let recorded = recorded(&program, &account, ["--preload", "proc", "--begin"]);
    assert_eq!(recorded.finished.code(), 3, "{}", recorded.finished.stderr);
    let mut own = own_account(&account);
    // The forked child has one more.
    own.get_mut(&(libc::SIGUSR1 as u64)).expect("it was delivered").0 += 1;
    let (mut begun, mut ended) = (BTreeMap::<u64, u64>::new(), BTreeMap::<u64, u64>::new());
    judge::babeltrace2(&recorded.trace(), |line| {
        for (provider, counts) in [("proc_begin", &mut begun), ("proc", &mut ended)] {
            if line.event_of(provider) == Some("signal") {
                *counts.entry(line.number("signal")).or_default() += 1;
            }
        }
    });
    let thousand = (begun.remove(&SIGTERM).unwrap_or(0), ended.remove(&SIGTERM).unwrap_or(0));
    if cfg!(target_arch = "x86_64") {
        assert!(
            (200..1_000).contains(&thousand.0),
            "as many as there are trampolines: {thousand:?}"
        );
        assert_eq!(thousand.0, thousand.1);
    }
    let expected = |count: fn((u64, u64)) -> u64| -> BTreeMap<u64, u64> {
        own.iter().map(|(signal, counts)| (*signal, count(*counts))).filter(|it| it.1 > 0).collect()
    };
    assert_eq!(begun, expected(|(returned, jumped)| returned + jumped));
    assert_eq!(ended, expected(|(returned, _)| returned), "those that jumped have no end");
}

#[test]
fn a_delivery_tells_who_sent_the_signal_and_what_it_is_about() {
    let Some((dir, program)) = compiled("handles") else { return };
    let recorded = recorded(&program, &dir.path().join("account"), ["--preload", "proc"]);
    let (mut senders, mut faults, mut waits) = (BTreeSet::new(), Vec::new(), Vec::new());
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.event_of("proc") != Some("signal") {
            return;
        }
        match line.number("signal") as i32 {
            libc::SIGUSR1 => _ = senders.insert(line.number("pid") == line.vpid()),
            libc::SIGSEGV => faults.push((line.number("pid"), line.value("addr").to_owned())),
            libc::SIGALRM => waits.push((line.number("pid"), line.value("code").to_owned())),
            _ => {}
        }
    });
    assert_eq!(senders, [true].into());
    assert!(matches!(&faults[..], [(0, addr)] if addr.ends_with("011")), "{faults:?}");
    assert_eq!(waits, [(0, "128".to_owned()), (0, "128".to_owned())], "the kernel's timers");
}

#[test]
fn exceptions_leave_handlers() {
    if !skip::judges_are_here() || !skip::has("c++", &["--version"]) {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let options = ["-fnon-call-exceptions"];
    let program = shim::compiled_as_cxx(dir.path(), "throws_in_handler", &options);
    let recorded = recorded(&program, Path::new(""), ["--preload", "proc", "--begin"]);
    let finished = &recorded.finished;
    assert_eq!((finished.code(), &*finished.stdout), (2, "100\n"), "{}", finished.stderr);
    let mut begun = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        begun += u64::from(line.event_of("proc_begin") == Some("signal"));
    });
    assert_eq!(begun, 100);
}

/// It makes exceptions of faults, and tells its own by the context that its handler is given.
#[test]
fn a_virtual_machine_s_faults_are_its_own() {
    if !skip::judges_are_here() || !skip::has("javac", &["-version"]) {
        return;
    }
    shim::built();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/Faults.java");
    let alone = Running::start(Command::new("/usr/bin/java").arg(&source)).wait();
    let recorded = recorded(Path::new("/usr/bin/java"), &source, ["--preload", "proc"]);
    assert_eq!(recorded.finished.stdout, alone.stdout, "{}", recorded.finished.stderr);
    let mut faults = 0;
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.event_of("proc") == Some("signal") {
            faults += u64::from(line.number("signal") == libc::SIGSEGV as u64);
        }
    });
    assert!(faults > 20, "one for each stack at least: {faults}");
}

#[test]
fn a_signal_by_which_a_process_kills_itself_is_recorded() {
    let Some((_dir, program)) = compiled("kills_itself") else { return };
    let alone = Running::start(&mut Command::new(&program)).wait();
    let recorded = recorded(&program, Path::new(""), ["--preload", "proc"]);
    assert_eq!(recorded.finished.stdout, alone.stdout);
    let (mut to_itself, mut behind) = (Vec::new(), Vec::new());
    judge::babeltrace2(&recorded.trace(), |line| match line.event_of("proc") {
        Some("kill_self") => to_itself.push(line.number("signal") as i32),
        Some("kill" | "raise") => behind.push(line.number("signal") as i32),
        _ => {}
    });
    assert_eq!(
        to_itself,
        [
            libc::SIGTERM,
            libc::SIGHUP,
            libc::SIGINT,
            libc::SIGQUIT,
            libc::SIGUSR1,
            libc::SIGUSR2,
            libc::SIGALRM,
            libc::SIGKILL,
            libc::SIGXCPU,
            libc::SIGWINCH,
        ]
    );
    assert_eq!(behind, [libc::SIGKILL, 0, libc::SIGTERM, libc::SIGWINCH], "those that returned");
}
