//! `ust join`: a recording with more processes than a reader may open files can be read once it is joined, and reads the
//! same.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use ust_acceptance::recording::Recording;
use ust_acceptance::{judge, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Finished, run};

/// How many files a program may open under a narrow limit.
const OPEN_FILES: &str = "256";

/// Processes recorded, each a trace of its own; more than files that can be opened.
fn process_count() -> u64 {
    std::env::var("UST_JOINED_PROCESSES").map_or(400, |all| all.parse().expect("a number"))
}

fn narrowly(program: &Path, arguments: &[&str], trace: &Path) -> Finished {
    let limited = format!("ulimit -n {OPEN_FILES}; exec \"$0\" \"$@\"");
    run(Command::new("sh").arg("-c").arg(limited).arg(program).args(arguments).arg(trace))
}

#[test]
fn more_processes_than_files_are_read_once_they_are_joined() {
    if !skip::judges_are_here() {
        return;
    }
    let count = process_count();
    let recording = Recording::of("spawner").arg(count);
    let to = recording.path("joined");
    let one_event = binaries::program("one_event");
    let recorded = recording.arg(one_event.display()).arg("").run().succeeded();
    let summary = recorded.summary();
    assert_eq!((summary.recorded, summary.processes), (count, count));
    let babeltrace2 = Path::new("babeltrace2");
    let unjoined = narrowly(babeltrace2, &[], &recorded.trace());
    assert_ne!(unjoined.stdout.lines().count() as u64, count, "it may as well stay as it is");

    let to = to.as_path();
    let join = ["join", recorded.trace().to_str().expect("text"), "-o"].map(str::to_owned);
    let joined = narrowly(&binaries::ust(), &join.each_ref().map(String::as_str), to).succeeded();
    let said = format!("ust: {count} events of {count} processes joined, 0 events lost");
    assert!(joined.stderr.replace(',', "").starts_with(&said.replace(',', "")), "{joined:?}");
    let read = narrowly(babeltrace2, &[], to).succeeded();
    assert_eq!(read.stdout.lines().count() as u64, count, "{}", read.stderr);
    let mut pids = BTreeSet::new();
    judge::babeltrace2(to, |line| {
        assert_eq!(line.number("vpid"), line.number("process"));
        assert_eq!(line.number("vtid"), line.number("process"));
        assert_eq!(line.value("procname"), "\"one_event\"");
        pids.insert(line.number("process"));
    });
    assert_eq!(pids.len() as u64, count);
    assert_eq!(std::fs::read_dir(to).expect("it is there").count(), 3);
}

#[test]
fn what_was_lost_is_still_counted() {
    let recording = Recording::of("flood").options(["--subbuf-size", "4K", "--subbufs", "2"]);
    let to = recording.path("joined");
    let recorded = recording.arg(3).arg(300_000).run().succeeded();
    let summary = recorded.summary();
    let (trace, lost) = (recorded.trace(), summary.lost_in_all());
    assert!(lost > 0 && summary.recorded > 0, "{summary:?}");
    let ust = |arguments: &[&Path]| run(Command::new(binaries::ust()).args(arguments)).succeeded();
    ust(&["join".as_ref(), &trace, "-o".as_ref(), &to]);
    let viewed = ust(&["view".as_ref(), &to]);
    assert_eq!(viewed.stdout.lines().count() as u64, summary.recorded);
    let told = viewed.stderr.lines().filter_map(|line| {
        let (before, _) =
            line.split_once(" events were lost").or(line.split_once(" event was lost"))?;
        before.rsplit(' ').next()?.replace(',', "").parse::<u64>().ok()
    });
    assert_eq!(told.sum::<u64>(), lost);
    // Thread by thread, in each thread's order.
    let lines = |dir: &Path| {
        let viewed = ust(&["view".as_ref(), dir]).stdout;
        let fields = |line: &str| line.rsplit_once("{ thread").expect("a tick").1.to_owned();
        viewed.lines().map(fields).collect::<Vec<_>>()
    };
    assert_eq!(lines(&to), lines(&trace));
}

/// What the joined stream cannot say of each process stands beside it: facts in the environment, losses at the end.
#[test]
fn what_differs_between_processes_is_kept_and_what_each_lost_is_told() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of_path("/bin/sh".into());
    let recording = recording.options(["--subbuf-size", "4K", "--subbufs", "2"]);
    let (to, summary_file) = (recording.path("joined"), recording.path("joined.json"));
    let [flood, one] =
        ["flood", "one_event"].map(|name| binaries::program(name).display().to_string());
    let script = format!("{flood} 1 300000 & {flood} 2 200000 & wait; {one}");
    let recorded = recording.arg("-c").arg(script).run().succeeded();
    let lost = recorded.summary().lost_in_all();
    let mut join = Command::new(binaries::ust());
    join.arg("join").arg(recorded.trace()).arg("-o").arg(&to).arg("--summary").arg(&summary_file);
    let joined = run(&mut join).succeeded();

    let summary = std::fs::read(summary_file).expect("it was written");
    let summary: Joined = serde_json::from_slice(&summary).expect("a summary is JSON");
    assert_eq!(summary.processes.len(), 3);
    assert_eq!((summary.events, summary.lost), (recorded.summary().recorded, lost));
    let facts = judge::python("environment.py", &[&to]);
    let (mut events, mut told) = (0, 0);
    for Process { trace, events: own, lost } in &summary.processes {
        let folder = Path::new(trace).file_name().and_then(|name| name.to_str()).expect("text");
        assert_eq!(*own, judge::count(&recorded.trace().join(folder)), "{folder}");
        let line = format!("ust: {folder}: {} events lost while recording", grouped(*lost));
        assert_eq!(joined.stderr.contains(&line), *lost > 0, "{line}: {joined:?}");
        let (name, pid) = folder.rsplit_once('-').expect("NAME-PID");
        let before = judge::python("environment.py", &[&recorded.trace().join(folder)]);
        for fact in before.lines().filter(|fact| !fact.starts_with("vpid = ")) {
            let own = format!("process_{pid}_{fact}");
            let is_kept = facts.lines().any(|kept| kept == fact || kept == own);
            assert!(is_kept, "{folder}: {fact}: {facts}");
        }
        assert!(facts.contains(&format!("process_{pid}_procname = {name}\n")), "{facts}");
        (events, told) = (events + own, told + lost);
    }
    assert_eq!((events, told), (summary.events, lost));
    assert!(lost > 0, "{joined:?}");
}

#[derive(Debug, serde::Deserialize)]
struct Joined {
    events: u64,
    lost: u64,
    processes: Vec<Process>,
}

#[derive(Debug, serde::Deserialize)]
struct Process {
    trace: String,
    events: u64,
    lost: u64,
}

/// As figures are printed.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}
