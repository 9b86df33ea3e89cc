//! Signals to `ust record` are the program's, once each, and the trace is completed whatever they do.

mod common;

use common::Sandbox;
use consumerd::signals::Signals;
use libc::{SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::Write;
use std::process::ChildStdin;
use std::time::Duration;
use ust_test_support::command::{Finished, Running, send_signal};
use ust_test_support::wait::{until, until_written};

/// A program that says that it runs, and counts the signals that it gets.
const COUNTS: &str = "\
    trap 'echo INT >> got' INT; trap 'echo HUP >> got' HUP; trap 'echo QUIT >> got' QUIT
    trap 'echo TERM >> got; exit 3' TERM
    echo $$ > running
    while :; do sleep 0.02; done";

fn record(sandbox: &Sandbox, script: &str) -> Running {
    let mut command = sandbox.ust(&["record", "-o", "out", "--", "sh", "-c", script]);
    let recorder = Running::start(&mut command);
    until_written(&sandbox.path("running"));
    recorder
}

fn got(sandbox: &Sandbox) -> Vec<String> {
    let text = std::fs::read_to_string(sandbox.path("got")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn assert_closed(ended: &Finished) {
    assert_eq!(ended.last_line(), "ust: 0 events recorded, 0 lost, 0 processes: out", "{ended:?}");
}

#[test]
fn each_signal_is_passed_on_and_the_program_decides() {
    let sandbox = Sandbox::new();
    let recorder = record(&sandbox, COUNTS);
    for (signal, count) in [(SIGINT, 1), (SIGHUP, 2), (SIGQUIT, 3)] {
        recorder.signal(signal);
        until("it is passed on", || got(&sandbox).len() == count);
    }
    let ended = recorder.end(SIGTERM);
    assert_eq!(ended.code(), 3, "the program's own status: {ended:?}");
    assert_eq!(got(&sandbox), ["INT", "HUP", "QUIT", "TERM"]);
    assert_closed(&ended);
}

#[test]
fn a_program_that_the_signal_kills_has_that_status() {
    for (signal, code) in [(SIGINT, 130), (SIGTERM, 143), (SIGHUP, 129)] {
        let sandbox = Sandbox::new();
        let recorder = record(&sandbox, "echo $$ > running; exec sleep 30");
        let ended = recorder.end(signal);
        assert_eq!(ended.code(), code, "{ended:?}");
        assert_closed(&ended);
    }
}

/// With fewer descriptors allowed than it polls, the kernel refuses it.
#[test]
fn signals_are_passed_on_when_recording_has_failed() {
    // Two are enough to wait for the program only.
    for descriptors in [2, 1] {
        let sandbox = Sandbox::new();
        let recorder = record(&sandbox, COUNTS);
        let pass_on = |signal, count| {
            recorder.signal(signal);
            until("it is passed on", || got(&sandbox).len() == count);
        };
        // The start is over.
        pass_on(SIGINT, 1);
        // The hard limit too, to which the recorder raises its own.
        let limit = Rlimit { current: Some(descriptors), maximum: Some(descriptors) };
        prlimit(Pid::from_raw(recorder.pid() as i32), Resource::Nofile, limit).unwrap();
        pass_on(SIGHUP, 2);
        pass_on(SIGQUIT, 3);
        let ended = recorder.end(SIGTERM);
        assert_eq!(ended.code(), 3, "the program's own status: {ended:?}");
        assert_eq!(got(&sandbox), ["INT", "HUP", "QUIT", "TERM"]);
        assert!(ended.stderr.contains("recording has ended, the program runs on"), "{ended:?}");
    }
}

/// Set for [`counts_every_signal`] when it is the traced program.
const IS_TRACED: &str = "UST_TEST_COUNTS_SIGNALS";

/// No test, but a program for the next one: a shell that traps two signals in quick succession notices only one.
#[test]
fn counts_every_signal() {
    if std::env::var_os(IS_TRACED).is_none() {
        return;
    }
    let mut signals = Signals::handle(&[SIGINT, SIGHUP, SIGTERM]).unwrap();
    std::fs::write("running", format!("{}\n", std::process::id())).unwrap();
    let mut got = std::fs::File::create("got").unwrap();
    loop {
        let mut fds = [PollFd::from_borrowed_fd(signals.as_fd(), PollFlags::IN)];
        // A signal interrupts it, having made the descriptor readable.
        let _ = poll(&mut fds, None);
        for arrived in signals.take() {
            match arrived.signal {
                SIGTERM => std::process::exit(3),
                SIGHUP => writeln!(got, "HUP").unwrap(),
                _ => writeln!(got, "INT").unwrap(),
            }
        }
    }
}

/// [`counts_every_signal`] as a command.
fn counter() -> String {
    let program = std::env::current_exe().unwrap();
    format!("{} --exact counts_every_signal --nocapture", program.display())
}

/// The terminal sends SIGINT to the whole foreground group: the program must not get it twice.
#[test]
fn a_ctrl_c_at_the_terminal_reaches_the_program_once() {
    let sandbox = Sandbox::new();
    let (recorder, mut keyboard) = record_at_terminal(&sandbox, &counter());
    for count in 1..=3 {
        keyboard.write_all(b"\x03").unwrap();
        until("the key arrives", || got(&sandbox).len() >= count);
        // Time enough for a second copy to arrive, if there were one.
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(got(&sandbox), vec!["INT"; count]);
    }
    end(&sandbox);
    let ended = recorder.wait();
    assert_eq!(ended.code(), 3, "{ended:?}");
    assert!(ended.stdout.contains("ust: 0 events recorded"), "{ended:?}");
}

/// A program that leaves our process group does not get the terminal's signals; it gets them from us.
#[test]
fn a_program_in_a_group_of_its_own_gets_the_key_from_us() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("counts"), COUNTS).unwrap();
    // It does not lead its group, so setsid(1) gives it a session of its own without a fork.
    let (recorder, mut keyboard) = record_at_terminal(&sandbox, "setsid --wait sh counts");
    keyboard.write_all(b"\x03").unwrap();
    until("the key arrives", || got(&sandbox) == ["INT"]);
    end(&sandbox);
    assert_eq!(recorder.wait().code(), 3);
}

/// When a terminal goes away, the kernel tells the leader of its session, and no other process while the leader lives.
/// Here the recorder is the leader, in the program's place.
#[test]
fn the_end_of_the_terminal_reaches_the_program_through_the_leader_of_the_session() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("counts"), COUNTS).unwrap();
    let (terminal, _keyboard) = record_at_terminal(&sandbox, "sh counts");
    terminal.end(SIGKILL);
    until("the hang-up arrives", || !got(&sandbox).is_empty());
    // Time enough for a second copy to arrive, if there were one.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(got(&sandbox), ["HUP"]);
    end(&sandbox);
    until("it ends", || got(&sandbox) == ["HUP", "TERM"]);
}

/// The same if a shell is the leader: when it has ended, the kernel tells the whole group.
#[test]
fn the_end_of_the_terminal_reaches_the_program_once() {
    let sandbox = Sandbox::new();
    let line = format!("{} record -o out -- {}; true", common::ust().display(), counter());
    let (terminal, _keyboard) = at_terminal(&sandbox, &line);
    terminal.end(SIGKILL);
    until("the hang-up arrives", || !got(&sandbox).is_empty());
    // Time enough for a second copy to arrive, if there were one.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(got(&sandbox), ["HUP"]);
    end(&sandbox);
}

/// Records a program at a terminal; what is written to the returned pipe is typed there.
fn record_at_terminal(sandbox: &Sandbox, program: &str) -> (Running, ChildStdin) {
    at_terminal(sandbox, &format!("exec {} record -o out -- {program}", common::ust().display()))
}

fn at_terminal(sandbox: &Sandbox, line: &str) -> (Running, ChildStdin) {
    let mut command = sandbox.command("script");
    command.args(["--quiet", "--return", "--command", line, "/dev/null"]).env(IS_TRACED, "1");
    let started = Running::start_at_input(&mut command);
    until_written(&sandbox.path("running"));
    started
}

/// Ends the traced program.
fn end(sandbox: &Sandbox) {
    let program = until_written(&sandbox.path("running")).trim().parse().unwrap();
    send_signal(program, SIGTERM);
}
