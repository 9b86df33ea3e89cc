//! Servers under the shim, with every set on (`UST_SETS=each`: with each set alone), and clients outside of it: the clients are served
//! as without the shim, the servers end as they do, and what a server says of its own calls is in the trace.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::Summary;
use ust_acceptance::undisturbed::{Sets, assert_complete, assert_same, every_set};
use ust_acceptance::{judge, shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Finished, Running, run};
use ust_test_support::wait::wait_until;

/// Asks a server that may not listen yet, until it has answered with this or hung up; what it has answered by then.
#[track_caller]
fn ask(socket: &Path, question: &str, end: &str) -> (String, UnixStream) {
    let mut stream = wait_until("the server", || UnixStream::connect(socket).ok());
    stream.write_all(question.as_bytes()).expect("the server listens");
    let (mut answer, mut part) = (Vec::new(), [0; 65_536]);
    loop {
        let length = stream.read(&mut part).expect("the server answers");
        answer.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&answer);
        if length == 0 || (!end.is_empty() && text.ends_with(end)) {
            return (text.into_owned(), stream);
        }
    }
}

/// What a server has done for its clients by its own calls: of those on descriptors that it has accepted, how many there were of each
/// name, and the bytes that they returned.
fn calls_for_clients(trace: &Path, names: &[&'static str]) -> (u64, u64) {
    let mut accepted = BTreeSet::new();
    let (mut calls, mut bytes) = (0, 0);
    judge::babeltrace2(trace, |line| {
        let Some(name) = line.event_of("libc_io") else { return };
        let descriptor = |field| (line.vpid(), line.value(field).to_owned());
        let to = if name == "sendfile" { "out_fd" } else { "fd" };
        match name {
            "accept" | "accept4" => _ = accepted.insert(descriptor("result")),
            "close" => _ = accepted.remove(&descriptor("fd")),
            _ if names.contains(&name) && accepted.contains(&descriptor(to)) => {
                calls += 1;
                bytes += line.value("result").parse().unwrap_or(0);
            }
            _ => {}
        }
    });
    (calls, bytes)
}

const REQUESTS: u64 = 4_000;

/// Lets a benchmark send so many requests at once. Gives the first client, as the server sees it, and what the server then says of
/// itself; the server has been told to end.
fn use_redis(socket: &Path, at_once: &str) -> (String, String) {
    let (clients, _first) = ask(socket, "client list\r\n", "resp=2\n\r\n");
    let descriptor = clients.split(' ').find(|word| word.starts_with("fd="));
    let requests = REQUESTS.to_string();
    let load = ["-t", "set", "-n", &requests, "-c", "10", "-P", at_once, "-q"];
    run(Command::new("redis-benchmark").arg("-s").arg(socket).args(load)).succeeded();
    let client = |command: &str| {
        run(Command::new("redis-cli").arg("-s").arg(socket).args(command.split(' ')))
    };
    let account = client("info everything").succeeded().stdout;
    client("shutdown nosave");
    (descriptor.expect("it is a client").to_owned(), account)
}

/// A number of redis's account.
#[track_caller]
fn told(account: &str, name: &str) -> u64 {
    let value = account.split_once(name).and_then(|(_, rest)| rest.split(['\r', ',']).next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {account}"))
}

#[test]
fn a_server_s_own_counts_are_those_of_the_trace() {
    let is_here = |command| skip::has(command, &["--version"]);
    if !skip::judges_are_here() || !is_here("redis-server") || !is_here("redis-benchmark") {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let socket = dir.path().join("socket");
    let path = socket.to_str().expect("temporary paths are text");
    let arguments = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"];
    for at_once in ["1", "16"] {
        let alone = Running::start(Command::new("redis-server").args(arguments));
        let (descriptor_alone, _) = use_redis(&socket, at_once);
        let alone = alone.wait();
        for sets in Sets::in_turn() {
            let recording = sets.recording(Path::new("redis-server"), &arguments).start();
            let (descriptor, account) = use_redis(&socket, at_once);
            let recorded = recording.wait();
            assert_eq!(recorded.finished.code(), alone.code(), "{}", recorded.finished.stdout);
            assert!(recorded.finished.stdout.contains("bye bye"), "{}", recorded.finished.stdout);
            assert_eq!(descriptor, descriptor_alone);
            assert_eq!(told(&account, "cmdstat_set:calls="), REQUESTS);

            let name = format!("redis with {}", sets.name());
            assert_complete(&name, &recorded, sets.least(REQUESTS / 16));
            if sets.has("libc_io") {
                assert_counts_agree(&recorded.trace(), &account);
            }
        }
    }
}

/// The server's calls for its clients are as many as it counts itself.
#[track_caller]
fn assert_counts_agree(trace: &Path, account: &str) {
    for (name, calls) in [("reads", &["read"][..]), ("writes", &["write", "writev"])] {
        let (recorded, _) = calls_for_clients(trace, calls);
        let counted = told(account, &format!("total_{name}_processed:"));
        // Behind its account come that client's answer and end, and the last command.
        let behind = recorded.checked_sub(counted);
        assert!(behind.is_some_and(|behind| behind <= 2), "{name}: {recorded}, not {counted}");
    }
}

/// Files of so many bytes.
const FILES: [usize; 4] = [0, 1, 10_000, 3_000_000];

/// What clients get from a web server: each file, and one that is not there.
fn fetch_all(socket: &Path) -> Vec<String> {
    let names = FILES.iter().map(usize::to_string).chain(["nothing".to_owned()]);
    let without_date = |answer: String| {
        let lines = answer.split_inclusive('\n').filter(|line| !line.starts_with("Date: "));
        lines.collect::<String>()
    };
    names
        .map(|name| without_date(ask(socket, &format!("GET /{name} HTTP/1.0\r\n\r\n"), "").0))
        .collect()
}

#[test]
fn a_web_server_with_workers_serves_and_ends_as_alone() {
    if !skip::judges_are_here() || !skip::has("lighttpd", &["-v"]) {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let place = dir.path().to_str().expect("temporary paths are text");
    for length in FILES {
        std::fs::write(dir.path().join(length.to_string()), "x".repeat(length)).expect("a file");
    }
    let (socket, configuration) = (dir.path().join("socket"), dir.path().join("configuration"));
    let text = format!(
        "server.document-root = \"{place}\"\nserver.bind = \"{place}/socket\"\nserver.max-worker = 2\n\
         server.network-backend = \"sendfile\"\n"
    );
    std::fs::write(&configuration, text).expect("a file");
    let configuration = configuration.to_str().expect("temporary paths are text");
    // A process group of its own: it sends its workers' signal to all of its group.
    let arguments = ["lighttpd", "-D", "-f", configuration];

    let alone = Running::start(Command::new("setsid").args(arguments));
    let served_alone = fetch_all(&socket);
    let alone = alone.end(libc::SIGINT);
    assert!(served_alone[3].len() > FILES[3] && served_alone[4].contains("404"), "it serves");

    for sets in Sets::in_turn() {
        let recording = sets.recording(Path::new("setsid"), &arguments).start();
        let served = fetch_all(&socket);
        recording.running.signal(libc::SIGINT);
        let recorded = recording.wait();
        assert!(served == served_alone, "other answers");
        assert_eq!(recorded.finished.code(), alone.code(), "{}", recorded.finished.stderr);
        assert_complete(&format!("lighttpd with {}", sets.name()), &recorded, sets.least(500));
        if sets.has("libc_io") {
            assert!(recorded.summary().processes >= 3, "two workers, and who started them");
            assert_all_sent(&recorded.trace(), &served);
        }
    }
}

/// The server's calls for its clients have sent each byte that they got.
#[track_caller]
fn assert_all_sent(trace: &Path, served: &[String]) {
    let (_, bytes) = calls_for_clients(trace, &["sendfile", "write", "writev", "send"]);
    let dates = served.len() as u64 * "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n".len() as u64;
    let lengths: usize = served.iter().map(String::len).sum();
    assert_eq!(bytes, lengths as u64 + dates);
}

/// A database's life, in the directory `$1`.
const DATABASE: &str = r#"
set -e
export LC_ALL=C PGHOST=$1 PGUSER=user PGDATABASE=postgres PGDATA=$1/data
initdb --auth=trust --username=user --no-sync >$1/initdb.log
pg_ctl -w -l $1/log -o "-k $1 -h ''" start >/dev/null
pgbench -i -q 2>/dev/null
pgbench -c 4 -j 2 -t 100 2>/dev/null | grep processed
psql -Atc 'select (select count(*) from pgbench_accounts), (select count(*) from pgbench_history)'
psql -Atc 'select count(*) from nothing' || echo "none: $?"
pg_ctl -w stop >/dev/null
grep -c 'database system is shut down' $1/log
"#;

/// Where Debian has programs that only PostgreSQL's own scripts find.
const DEBIANS: &str = "PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1);";

/// A user that is not root, as which PostgreSQL runs.
const NOBODY: u32 = 65534;

#[test]
fn a_database_server_of_many_processes_is_undisturbed() {
    let is_here = format!("{DEBIANS} command -v initdb pg_ctl pgbench psql");
    if !skip::judges_are_here() || !skip::has("sh", &["-c", &is_here]) {
        return;
    }
    let script = format!("{DEBIANS}{DATABASE}");
    let dir = tempfile::tempdir().expect("a directory");
    let alone =
        as_nobody(dir.path(), Command::new("sh").args(["-c", &script, "sh"]).arg(dir.path()));
    let recording = every_set(Path::new("sh"), &["-c", &script, "sh"]);
    let dir = recording.path("");
    // Where the tests were built, not everybody may look.
    let ust = dir.join("ust");
    for (from, to) in [(binaries::ust(), &ust), (shim::built(), &dir.join("libust_preload.so"))] {
        std::fs::copy(from, to).expect("there is room");
    }
    let recording = recording.arg(dir.display());
    let recorded = as_nobody(&dir, &mut recording.command_of(&ust));
    assert_same("postgresql", &alone, &recorded);
    let summary = std::fs::read(recording.path("summary")).expect("there is a summary");
    let summary: Summary = serde_json::from_slice(&summary).expect("it is JSON");
    assert!(summary.processes > 30 && summary.lost_in_all() == 0, "{summary:?}");
    assert_eq!(judge::count(&recording.trace()), summary.recorded);
}

/// Runs a command that works in a directory as a user who is not root.
fn as_nobody(dir: &Path, command: &mut Command) -> Finished {
    if rustix::process::geteuid().is_root() {
        chown(dir, Some(NOBODY), Some(NOBODY)).expect("root may give a directory away");
        command.uid(NOBODY).gid(NOBODY);
    }
    run(command).succeeded()
}
