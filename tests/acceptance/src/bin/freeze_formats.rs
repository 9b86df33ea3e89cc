//! `freeze_formats DIR`: makes this version's fixtures in an empty directory. `tests/fixtures/make.sh` runs it.
//!
//! Everything is made by the real programs: rings by `ust record` and a program that are both killed, traces by `ust
//! record` and `ustconsumerd`, the conversations by listening to them. How the results read is noted beside them. Look at
//! it before you commit it: later versions are held to it.

use std::fs::{DirBuilder, copy, create_dir, write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use ust_acceptance::daemon::Site;
use ust_acceptance::frozen::agent::{self, PROCESS_UID, greet, message};
use ust_acceptance::frozen::conversation::to_text;
use ust_acceptance::frozen::{
    FLUSHING, Fixtures, GEOMETRY, PROGRAM, RINGS, TRACES, control, recovered, viewed,
};
use ust_acceptance::hostile::Target;
use ust_acceptance::judge;
use ust_acceptance::left_behind::{rings, stop_and_kill_both};
use ust_acceptance::progress::{self, END};
use ust_acceptance::recording::{Recording, Started};
use ust_core::abi::ABI;
use ust_core::paths::RUNTIME_DIR_VARIABLE;
use ust_core::protocol::{Lack, OtherCopy, ToDaemon, encode};
use ust_core::version::{Mismatch, Version};
use ust_test_support::binaries;
use ust_test_support::command::run;
use ust_test_support::wait::wait_until;

fn main() {
    let dir = PathBuf::from(std::env::args().nth(1).expect("DIR"));
    let fixtures = Fixtures::at(dir);
    for (mode, buffers) in RINGS {
        freeze_rings(&fixtures, mode, buffers);
    }
    for (name, record) in TRACES.into_iter().zip([one_process, several_processes, snapshot]) {
        let site = Site::new();
        let trace = record(&site);
        fixtures.pack(&trace, name);
        write(fixtures.path(&format!("{name}.txt")), viewed(&trace)).expect("there is room");
    }
    freeze_conversations(&fixtures);
}

fn wait_for(progress: &Path, how_far: u64) {
    wait_until("the program's steps", || (progress::read(progress)?[1] >= how_far).then_some(()));
}

/// Both sides are killed: the recorder after its first flush, the program in the middle of a call.
fn freeze_rings(fixtures: &Fixtures, mode: &str, buffers: &str) {
    let recording = Recording::of(PROGRAM)
        .options(GEOMETRY)
        .options(FLUSHING)
        .options(["--mode", mode, "--buffers", buffers, "--clock", "monotonic"])
        .with_rings_in_files();
    let progress = recording.path("progress");
    let started = recording.arg(progress.display()).arg(mode).start();
    wait_for(&progress, 1);
    wait_until("the first steps in the recorder's trace", || has_steps(&started).then_some(()));
    started.running.stop();
    progress::set(&progress, END, 1);
    wait_for(&progress, 2);
    let recorded = stop_and_kill_both(started);
    let name = format!("rings-{mode}-{buffers}");
    fixtures.pack(&rings(&recorded), &name);
    let scratch = recorded.path("scratch");
    create_dir(&scratch).expect("there is room");
    let (text, _) = recovered(&rings(&recorded), &scratch);
    write(fixtures.path(&format!("{name}.txt")), text).expect("there is room");
}

fn has_steps(started: &Started) -> bool {
    let mut steps = 0;
    judge::babeltrace2_unfinished(&started.trace(), |line| {
        steps += u64::from(line.is_of("walk:step"));
    });
    steps == 6
}

fn one_process(site: &Site) -> PathBuf {
    let trace = site.path("trace");
    let recording = Recording::of(PROGRAM).with_trace(&trace).options(["--clock", "monotonic"]);
    let progress = recording.path("progress").display().to_string();
    recording.arg(progress).arg("ends").run().succeeded();
    trace
}

/// Two programs, one after the other, by a daemon, in streams of CPUs.
fn several_processes(site: &Site) -> PathBuf {
    let daemon = site.daemon(&FLUSHING);
    let trace = site.path("trace");
    let output = trace.to_str().expect("temporary paths are text");
    let shape = ["--buffers", "per-cpu", "--clock", "monotonic"];
    site.ust(&[&["create", "several", "-o", output][..], &shape].concat()).succeeded();
    site.ust(&["enable-event", "-s", "several", "*"]).succeeded();
    site.ust(&["start", "several"]).succeeded();
    for number in 0..2 {
        let progress = site.path(&format!("progress-{number}")).display().to_string();
        site.program(PROGRAM, &[&progress, "ends"]).wait().succeeded();
    }
    site.end_session("several");
    drop(daemon);
    trace
}

/// Rings that have been overwritten, of a program that goes on and hangs in the middle of a call.
fn snapshot(site: &Site) -> PathBuf {
    let _daemon = site.daemon(&FLUSHING);
    let traces = site.path("traces");
    let output = traces.to_str().expect("temporary paths are text");
    let create = ["create", "flight", "--snapshot", "--clock", "monotonic", "-o", output];
    site.ust(&[&create[..], &GEOMETRY].concat()).succeeded();
    site.ust(&["enable-event", "-s", "flight", "*"]).succeeded();
    site.ust(&["start", "flight"]).succeeded();
    let progress = site.path("progress");
    let path = progress.to_str().expect("temporary paths are text");
    let _program = site.program(PROGRAM, &[path, "overwrite"]);
    wait_for(&progress, 1);
    progress::set(&progress, END, 1);
    wait_for(&progress, 2);
    site.ust(&["snapshot", "record", "flight"]).succeeded();
    traces
}

fn freeze_conversations(fixtures: &Fixtures) {
    let site = Site::new();
    let _daemon = site.daemon(&FLUSHING);
    write(fixtures.path("control.txt"), clients_say(&site)).expect("there is room");
    agent::start_session(&site);
    let hello = encode(&ToDaemon::Hello { process_uid: PROCESS_UID });
    let (_peer, answers) = greet(&Target::at(site.runtime_dir()), &hello);
    let rules = site.runtime_dir().join("rules");
    copy(rules, fixtures.path("rules")).expect("they are published");
    let [introduction, hello, applied, handover] =
        agent::process_says(&site, &fixtures.read("rules"), &answers);
    let mut said = vec![message("process", &introduction), message("process", &hello)];
    said.extend(answers.iter().map(|bytes| message("consumer", bytes)));
    said.extend([applied, handover].iter().map(|bytes| message("process", bytes)));
    said.extend(rare_messages().iter().map(|rare| message("process", &encode(rare))));
    let text = to_text("What a traced process and its consumer say to each other.", &said);
    write(fixtures.path("agent.txt"), text).expect("there is room");
}

/// What `ust` and the daemon say to each other over a session's life.
fn clients_say(site: &Site) -> String {
    let relay = site.path("relay");
    DirBuilder::new().mode(0o700).create(&relay).expect("there is room");
    let own = site.runtime_dir().join("control.sock");
    let heard = control::overhear(&relay.join("control.sock"), &own);
    let traces = site.path("traces");
    let output = traces.join("frozen").display().to_string();
    let create = [&["create", "frozen", "--clock", "monotonic", "-o", &output][..], &GEOMETRY];
    let create = create.concat();
    let commands: [&[&str]; 12] = [
        &create,
        &create,
        &["enable-event", "-s", "frozen", "types:*", "walk:*"],
        &["enable-event", "-s", "frozen", "walk:*"],
        &["start", "frozen"],
        &["status"],
        &["list", "frozen"],
        &["disable-event", "-s", "frozen", "types:*"],
        &["stop", "frozen"],
        &["snapshot", "record", "frozen"],
        &["destroy", "frozen"],
        &["destroy", "frozen"],
    ];
    let mut lines = String::from("# What `ust` and `ustconsumerd` say to each other.\n");
    for arguments in commands {
        run(site.command(&binaries::ust()).args(arguments).env(RUNTIME_DIR_VARIABLE, &relay));
        let (request, answer) = heard.recv().expect("`ust` asks");
        let [request, answer] = [request, answer].map(|line| control::freeze(&line, &traces));
        lines += &format!("client {request}\ndaemon {answer}\n");
    }
    lines
}

/// Messages that few processes ever send.
fn rare_messages() -> [ToDaemon; 3] {
    let lacking = ToDaemon::Lacking {
        process_uid: None,
        pid: 1234,
        procname: *b"frozen_events\0\0\0",
        what: Lack::Agent,
        errno: libc::EAGAIN as u32,
    };
    let mismatch = Mismatch { found: Version { major: ABI.major + 1, minor: 0 }, own: ABI };
    let apart = ToDaemon::Apart { from: OtherCopy::Abi(mismatch) };
    [ToDaemon::SnapshotWanted { process_uid: PROCESS_UID }, lacking, apart]
}
