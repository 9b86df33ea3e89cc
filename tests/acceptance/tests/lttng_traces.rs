//! Traces that LTTng-UST records: `ust view` prints every event as babeltrace2 does, and tells of the same losses.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use ust_acceptance::lttng::{self, Lttng};
use ust_acceptance::{shim, skip};
use ust_test_support::binaries;
use ust_test_support::command::{Finished, run};

/// A directory that LTTng may write to, with the program; `None` if something is not installed.
fn place() -> Option<(TempDir, PathBuf)> {
    let header = ["-fsyntax-only", "-include", "lttng/tracepoint.h", "-x", "c", "/dev/null"];
    if !skip::judges_are_here() || !lttng::is_here() || !skip::has("cc", &header) {
        return None;
    }
    let dir = tempfile::tempdir().expect("a directory");
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).expect("it is ours");
    // LTTng's headers include the program's again, from where the compiler looks.
    let headers = format!("-I{}", shim::source("").display());
    let program = shim::compiled(dir.path(), "lttng_events", &[&headers, "-llttng-ust"]);
    Some((dir, program))
}

/// The program, which records as often as it is told to.
struct Program {
    child: Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Program {
    fn start(lttng: &Lttng, program: &Path) -> Self {
        let mut command = lttng.program(program);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let answers = BufReader::new(child.stdout.take().expect("it is a pipe"));
        Self { child, answers }
    }

    /// Records so many times three events.
    fn records(&mut self, count: u32) {
        let input = self.child.stdin.as_mut().expect("it is a pipe");
        writeln!(input, "{count}").expect("it reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("it answers");
        assert_eq!(answer, "done\n");
    }

    fn ends(mut self) {
        self.child.stdin = None;
        assert!(self.child.wait().expect("it is our child").success());
    }
}

/// Both readers print the same events. Returns how many, and what each tells beside them.
#[track_caller]
fn compared(trace: &Path) -> (usize, String, String) {
    let theirs = read(Command::new("babeltrace2").arg(trace));
    let ours = read(Command::new(binaries::ust()).arg("view").arg(trace));
    assert_eq!(ours.stdout.lines().count(), theirs.stdout.lines().count());
    for (ours, theirs) in ours.stdout.lines().zip(theirs.stdout.lines()) {
        // We do not show the lengths of sequences.
        let fields = theirs.split(", ").filter(|field| !field.contains("_length = "));
        assert_eq!(ours, fields.collect::<Vec<_>>().join(", "));
    }
    (ours.stdout.lines().count(), ours.stderr, theirs.stderr)
}

fn read(command: &mut Command) -> Finished {
    let finished = run(command);
    assert_eq!(finished.code(), 0, "{}", finished.stderr);
    finished
}

/// A session whose trace is in `trace`, with this channel.
fn create(lttng: &Lttng, trace: &Path, create: &str, channel: &str) {
    lttng.does(&[
        &format!("create session --output={}{create}", trace.display()),
        &format!("enable-channel --userspace channel {channel}"),
        "enable-event --userspace --channel=channel witness:*",
        "add-context --userspace --channel=channel --type=vpid --type=vtid --type=procname --type=ip",
        "start",
    ]);
}

#[test]
fn a_trace_for_each_user_and_one_for_each_process() {
    let Some((dir, program)) = place() else { return };
    let lttng = Lttng::start(dir.path());
    for buffers in ["--buffers-uid", "--buffers-pid"] {
        let trace = dir.path().join(&buffers[2..]);
        // Room for everything, however late LTTng's consumer is.
        create(&lttng, &trace, "", &format!("{buffers} --subbuf-size=1M --num-subbuf=4"));
        let mut programs = [(); 2].map(|()| Program::start(&lttng, &program));
        for program in &mut programs {
            program.records(700);
        }
        programs.into_iter().for_each(Program::ends);
        lttng.does(&["destroy"]);
        let (events, ours, theirs) = compared(&trace);
        assert_eq!((events, &*ours, &*theirs), (2 * 700 * 3, "", ""), "{buffers}");
    }
}

/// The second snapshot has packets that the first one has as well.
#[test]
fn snapshots_that_have_packets_in_common() {
    let Some((dir, program)) = place() else { return };
    let lttng = Lttng::start(dir.path());
    let trace = dir.path().join("snapshots");
    create(&lttng, &trace, " --snapshot", "--subbuf-size=16k --num-subbuf=8");
    let mut program = Program::start(&lttng, &program);
    program.records(200);
    lttng.does(&["snapshot record"]);
    program.records(40);
    lttng.does(&["snapshot record"]);
    program.ends();
    lttng.does(&["destroy"]);
    let snapshots: Vec<_> = fs::read_dir(&trace).expect("it is there").flatten().collect();
    let alone: usize = snapshots.iter().map(|snapshot| compared(&snapshot.path()).0).sum();
    let (together, ..) = compared(&trace);
    assert_eq!(snapshots.len(), 2);
    assert_eq!(together, 240 * 3);
    assert!(
        alone > together,
        "the snapshots have nothing in common: {alone} events, {together} in all"
    );
}

#[test]
fn rotated_archives_and_files_of_limited_size() {
    let Some((dir, program)) = place() else { return };
    let lttng = Lttng::start(dir.path());
    let trace = dir.path().join("rotated");
    create(&lttng, &trace, "", "--subbuf-size=8k --num-subbuf=32 --tracefile-size=16k");
    let mut program = Program::start(&lttng, &program);
    for _ in 0..3 {
        program.records(100);
        lttng.does(&["rotate"]);
    }
    program.records(100);
    program.ends();
    lttng.does(&["destroy"]);
    let (events, ours, theirs) = compared(&trace);
    assert_eq!((events, &*ours, &*theirs), (400 * 3, "", ""));
}

#[test]
fn events_that_were_discarded() {
    let Some((dir, program)) = place() else { return };
    let lttng = Lttng::start(dir.path());
    let trace = dir.path().join("discarded");
    // The consumer looks once in ten seconds, and two sub-buffers hold a small part.
    create(&lttng, &trace, "", "--discard --subbuf-size=4k --num-subbuf=2 --read-timer=10000000");
    let mut program = Program::start(&lttng, &program);
    program.records(20_000);
    program.ends();
    lttng.does(&["destroy"]);
    let (events, ours, theirs) = compared(&trace);
    let sum = |text: &str, before: &str, behind: &str| -> usize {
        let counts = text.lines().filter_map(|line| {
            let count = line.split_once(behind)?.0.rsplit_once(before)?.1;
            count.replace(',', "").parse::<usize>().ok()
        });
        counts.sum()
    };
    let lost = sum(&ours, ": ", " events were lost");
    assert_eq!(events + lost, 60_000, "{ours}");
    // It has no number for what a stream's first packet has lost already.
    let theirs_lost = sum(&theirs, "discarded ", " events between");
    assert!(
        theirs_lost == lost || theirs.contains("may have discarded events"),
        "{theirs}\n{ours}"
    );
    assert!(theirs_lost <= lost, "{theirs}\n{ours}");
}
