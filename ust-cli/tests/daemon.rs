//! `ustconsumerd`: goes into the background and ends there, and there is only one for each runtime directory.

mod common;

use common::{Sandbox, names_in};
use ust_test_support::binaries::ustconsumerd;
use ust_test_support::command::{run, send_signal};
use ust_test_support::wait::until;

/// The daemon of this sandbox, by its own word.
fn daemon_pid(sandbox: &Sandbox) -> u32 {
    let status = sandbox.done(&["status"]);
    status.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn sigterm_and_sigint_end_it_with_0_and_leave_no_socket() {
    for signal in [libc::SIGTERM, libc::SIGINT] {
        let sandbox = Sandbox::new();
        let daemon = sandbox.daemon(&[]);
        sandbox.done(&["create", "mine", "-o", "out"]);
        sandbox.done(&["enable-event", "*"]);
        sandbox.done(&["start"]);
        let ended = daemon.end(signal);
        assert_eq!((ended.code(), ended.stderr.as_str()), (0, ""), "signal {signal}");
        let left = names_in(&sandbox.runtime_dir());
        assert!(!left.iter().any(|name| name.ends_with(".sock") || name == "rules"), "{left:?}");
        sandbox.fails(110, &["status"]);
    }
}

#[test]
fn a_second_daemon_is_refused_and_the_first_goes_on() {
    let sandbox = Sandbox::new();
    let daemon = sandbox.daemon(&[]);
    sandbox.done(&["create", "mine"]);
    for arguments in [&[][..], &["--daemonize"]] {
        let ended = run(sandbox.command(ustconsumerd()).args(arguments));
        assert_eq!(ended.code(), 118, "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("already serves"), "{ended:?}");
    }
    assert_eq!(daemon_pid(&sandbox), daemon.pid());
    assert!(sandbox.done(&["list"]).contains("Session mine"));
}

#[test]
fn a_killed_daemon_is_as_good_as_none_and_the_next_takes_over() {
    let sandbox = Sandbox::new();
    sandbox.daemon(&[]).end(libc::SIGKILL);
    assert!(sandbox.runtime_dir().join("control.sock").exists(), "it had no time to clean up");
    sandbox.fails(110, &["status"]);
    let _next = sandbox.daemon(&[]);
    sandbox.done(&["status"]);
}

#[test]
fn in_the_background_it_listens_when_the_command_returns() {
    let sandbox = Sandbox::new();
    // `cat` ends when no process has its pipe any more: the daemon must have closed standard output and error.
    let daemonize = format!("{} --daemonize --log log -v", ustconsumerd().display());
    let ended = sandbox.shell(&format!("( {daemonize}; echo $? ) 2>&1 | cat"));
    assert_eq!(ended.stdout, "0\n");
    let pid = daemon_pid(&sandbox);
    let link = |name: &str| std::fs::read_link(format!("/proc/{pid}/{name}")).unwrap();
    assert_eq!(link("cwd").to_str(), Some("/"));
    for fd in ["fd/0", "fd/1", "fd/2"] {
        assert_eq!(link(fd).to_str(), Some("/dev/null"), "{fd}");
    }
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // After the name: state, parent, group, session.
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let own_session = rustix::process::getsid(None).unwrap().as_raw_nonzero().to_string();
    assert_ne!(fields[3], own_session, "a hang-up of our terminal is not for it");
    assert_ne!(
        fields[3],
        pid.to_string(),
        "a session's leader would get any terminal that it opens"
    );

    sandbox.done(&["create", "mine", "-o", "out"]);
    let log = std::fs::read_to_string(sandbox.path("log")).unwrap();
    assert!(log.contains("Create"), "{log}");
    send_signal(pid, libc::SIGTERM);
    until("it ends", || !sandbox.runtime_dir().join("control.sock").exists());
}

#[test]
fn in_the_background_a_relative_runtime_directory_is_the_callers() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(ustconsumerd());
    assert_eq!(run(command.arg("--daemonize").env("UST_RUNTIME_DIR", "rt")).code(), 0);
    send_signal(daemon_pid(&sandbox), libc::SIGTERM);
    until("it cleans up where it began", || !sandbox.runtime_dir().join("control.sock").exists());
}

#[test]
fn what_stops_it_from_starting_is_said_where_the_user_looks() {
    let sandbox = Sandbox::new();
    for arguments in [&["--log", "no/dir/log"][..], &["--daemonize", "--log", "no/dir/log"]] {
        let ended = run(sandbox.command(ustconsumerd()).args(arguments));
        assert_eq!(ended.code(), 125, "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        assert!(ended.stderr.contains("no/dir/log"), "{ended:?}");
    }
    assert_eq!(run(sandbox.command(ustconsumerd()).arg("--nonsense")).code(), 2);
    assert_eq!(sandbox.names(), [""; 0]);
}

#[test]
fn it_may_open_as_many_files_as_it_is_allowed() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("/bin/sh");
    command.arg("-c").arg(format!("ulimit -Sn 100; exec {}", ustconsumerd().display()));
    let daemon = sandbox.daemon_by(&mut command);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let values: Vec<&str> = line.split_whitespace().skip(3).collect();
    assert_eq!(values[0], values[1], "{line}");
}
