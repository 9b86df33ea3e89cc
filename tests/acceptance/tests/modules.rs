//! Modules come and go, each with its own copy of the library: one process, one trace, nothing left behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::hostile::Target;
use ust_acceptance::recording::{Recorded, Recording, folders};
use ust_acceptance::{judge, plugin, skip};
use ust_core::abi::ABI;
use ust_core::protocol::{OtherCopy, ToDaemon};
use ust_core::version::{Mismatch, Version};
use ust_test_support::wait::wait_until;

/// Events of each provider, by babeltrace2.
fn by_provider(trace: &Path) -> BTreeMap<String, u64> {
    let mut seen = BTreeMap::new();
    judge::babeltrace2(trace, |line| {
        for provider in ["plugin", "guest", "host"] {
            if line.is_of(&format!("{provider}:told")) || line.is_of(&format!("{provider}:round")) {
                *seen.entry(provider.to_owned()).or_default() += 1;
            }
        }
    });
    seen
}

/// The event classes in the metadata of the only process.
fn classes(recorded: &Recorded) -> usize {
    let [folder] = &recorded.folders()[..] else { panic!("{:?}", recorded.folders()) };
    let metadata = std::fs::read(folder.join("metadata")).expect("a trace has metadata");
    String::from_utf8_lossy(&metadata).matches("event {").count()
}

#[track_caller]
fn assert_all_are_there(recorded: &Recorded, providers: &[&str]) {
    let emitted: Vec<u64> = recorded.report();
    assert_eq!(recorded.summary().lost_in_all(), 0, "the rings are large enough");
    let seen = by_provider(&recorded.trace());
    let emitted: BTreeMap<_, _> =
        providers.iter().map(|name| (*name).to_owned()).zip(emitted).collect();
    assert_eq!(seen, emitted);
}

#[test]
fn a_plugin_that_is_unloaded_is_gone_and_comes_again_as_itself() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("receives").arg(10_000).arg(3);
    let recorded = recording.arg(plugin::built("plugin").display()).run().succeeded();
    assert_all_are_there(&recorded, &["plugin", "host"]);
    assert_eq!((recorded.summary().processes, classes(&recorded)), (1, 2));
}

/// The kernel follows the name of the sequence that a thread is in, which is in the plugin's own data: if a tracepoint left one
/// behind, the kernel would end the program at the thread's next interruption.
#[test]
fn a_plugin_that_has_written_in_sequences_leaves_none_behind() {
    if !skip::judges_are_here() {
        return;
    }
    let recording = Recording::of("receives").options(["--buffers", "per-cpu"]).arg(10_000).arg(3);
    let recorded = recording.arg(plugin::built("plugin").display()).run().succeeded();
    assert_all_are_there(&recorded, &["plugin", "host"]);
}

#[test]
fn two_plugins_one_inside_the_other_join_the_program_s_runtime() {
    if !skip::judges_are_here() {
        return;
    }
    let mut started = Recording::of("receives")
        .arg(10_000)
        .arg(3)
        .arg(plugin::built("plugin").display())
        .arg(plugin::built("guest").display())
        .start();
    // Read while they come and go.
    let mut reads = 0;
    while started.running.is_running() {
        judge::babeltrace2_unfinished(&started.trace(), |_| {});
        reads += 1;
    }
    assert!(reads > 0, "it was over before it could be read");
    let recorded = started.wait().succeeded();
    assert_all_are_there(&recorded, &["plugin", "guest", "host"]);
    assert_eq!((recorded.summary().processes, classes(&recorded)), (1, 3));
}

#[test]
fn a_changed_plugin_has_a_class_of_its_own() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("receives")
        .arg(20)
        .arg(3)
        .arg(plugin::built("plugin").display())
        .arg(plugin::built("changed_plugin").display())
        .run()
        .succeeded();
    let (mut old, mut new) = (0, 0);
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.is_of("plugin:told") {
            let is_new = line.text.contains("version = 2");
            *if is_new { &mut new } else { &mut old } += 1;
        }
    });
    assert_eq!((old, new, classes(&recorded)), (60, 60, 3));
}

/// The same program in C, without the library. `None` where there is no compiler.
fn c_host(dir: &Path) -> Option<PathBuf> {
    if !skip::has("cc", &["--version"]) {
        return None;
    }
    let program = dir.join("receives_c");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c/receives.c");
    let status = Command::new("cc").arg("-o").arg(&program).arg(source).arg("-ldl").status();
    assert!(status.expect("there is a compiler").success());
    Some(program)
}

/// The first plugin is elected, and stays; the other one joins it.
#[test]
fn a_program_in_c_gets_its_runtime_from_a_plugin() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let Some(program) = c_host(dir.path()) else { return };
    let recorded = Recording::of_path(program)
        .arg("plain")
        .arg(1_000)
        .arg(10)
        .arg(plugin::built("plugin").display())
        .arg(plugin::built("guest").display())
        .run()
        .succeeded();
    assert_all_are_there(&recorded, &["plugin", "guest"]);
    assert_eq!((recorded.summary().processes, classes(&recorded)), (1, 2));
}

/// The elected copy makes the streams for all: if it was built without sequences, no other module writes in any. The other way
/// round is in `sequences`.
#[test]
fn a_plugin_without_sequences_decides_for_those_that_join_it() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let Some(program) = c_host(dir.path()) else { return };
    let [locked, guest] = ["locked_plugin", "guest"].map(plugin::built);
    let recording = Recording::of_path(program).options(["--buffers", "per-cpu"]);
    let recording = recording.arg("plain").arg(100).arg(100);
    let recorded = recording.arg(locked.display()).arg(guest.display()).run().succeeded();
    assert_all_are_there(&recorded, &["plugin", "guest"]);
    let streams = recorded.summary().cpu_streams;
    assert!(streams.sequenced == 0 && streams.locked > 0, "{streams:?}");
    assert_eq!((recorded.summary().processes, classes(&recorded)), (1, 2));
}

/// A plugin in a namespace of its own, or that prefers its own symbols, is recorded; the former as a process of its own.
#[test]
fn other_ways_of_the_loader_are_recorded_too() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let Some(program) = c_host(dir.path()) else { return };
    for (way, processes) in [("deepbind", 1), ("namespace", 2)] {
        let recorded = Recording::of_path(program.clone())
            .arg(way)
            .arg(1)
            .arg(100)
            .arg(plugin::built("plugin").display())
            .arg(plugin::built("guest").display())
            .run()
            .succeeded();
        assert_all_are_there(&recorded, &["plugin", "guest"]);
        assert_eq!(recorded.summary().processes, processes, "{way}");
    }
}

/// A program and its plugin have copies that do not understand each other: two processes, exact, and a line of the log that
/// names both versions. The program's own copy knows nothing of it, so the plugin's says so.
#[test]
fn a_copy_that_cannot_join_is_a_process_of_its_own_and_says_so() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let (log, end) = (site.path("log"), site.path("end"));
    let _daemon = site.daemon(&["--log", log.to_str().expect("text")]);
    let trace = site.start_session("session", "*");
    let plugin = plugin::built("plugin").display().to_string();
    let arguments = [plugin.as_str(), "50", end.to_str().expect("text")];
    let programs = [(); 2].map(|()| site.program("changes_table", &arguments));
    let [line, of_both] =
        wait_until("a line of the log for each", || said_of_copies(&log).try_into().ok());
    std::fs::write(&end, "").expect("there is room for a file");
    programs.into_iter().for_each(|program| _ = program.wait().succeeded());
    site.end_session("session");
    assert_eq!(
        by_provider(&trace),
        [("host", 100), ("plugin", 100)].map(|(name, events)| (name.into(), events)).into()
    );
    assert_eq!(folders(&trace).len(), 4, "two processes for each run");
    assert!(line.contains("changes_table holds copies") && line.contains("version 4.5"), "{line}");
    assert!(line.contains("version 3.0"), "{line}");
    assert!(of_both.contains(" and 1 other: changes_table holds copies"), "{of_both}");
    assert_eq!(said_of_copies(&log).len(), 2, "it is said once of each");
}

/// An agent may have no descriptor left for its process file.
#[test]
fn a_copy_that_cannot_join_is_told_before_its_process_file_is_there() {
    let site = Site::new();
    let log = site.path("log");
    let _daemon = site.daemon(&["--log", log.to_str().expect("text")]);
    let peer = Target::at(site.runtime_dir()).connect().expect("the daemon listens");
    let mismatch = Mismatch { found: Version { major: 7, minor: 0 }, own: ABI };
    let apart = ToDaemon::Apart { from: OtherCopy::Abi(mismatch) };
    for message in [ToDaemon::Hello { process_uid: [7; 16] }, apart] {
        peer.say(&message, &[]).expect("the daemon has room");
    }
    let line = wait_until("a line of the log", || said_of_copies(&log).pop());
    assert!(line.contains("its program holds copies of ust that cannot join"), "{line}");
    assert!(line.contains("version 7.0"), "{line}");
}

/// The lines of a daemon's log about copies that cannot join.
fn said_of_copies(log: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(log).expect("the daemon has a log");
    let lines = log.lines().filter(|line| line.contains("cannot join"));
    lines.map(str::to_owned).collect()
}

/// Two that are reloaded in turn, so that each is loaded before the other is closed: without `dynamic-tls` the loader's room for
/// thread-locals is used up after some 20 rounds.
#[test]
fn plugins_with_dynamic_tls_are_reloaded_in_turn_without_end() {
    if !skip::judges_are_here() {
        return;
    }
    let dir = tempfile::tempdir().expect("a directory");
    let plugins = ["one.so", "two.so"].map(|name| {
        let path = dir.path().join(name);
        std::fs::copy(plugin::built("large_plugin"), &path).expect("there is room for a plugin");
        path.display().to_string()
    });
    let recording = Recording::of("takes_turns").arg(500).arg(3);
    let recorded = recording.arg(&plugins[0]).arg(&plugins[1]).run().succeeded();
    assert_all_are_there(&recorded, &["plugin", "host"]);
    assert_eq!((recorded.summary().processes, classes(&recorded)), (1, 2));
}

/// More classes than the short header has numbers for, declared and taken back one after the other.
#[test]
fn events_that_are_declared_at_run_time_are_recorded_as_any() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("brings_events").arg(300).arg(5).run().succeeded();
    let [switched_on, emitted]: [u64; 2] = recorded.report();
    let mut of_class = BTreeMap::<u64, u64>::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.text.contains("text = \"brought\"") {
            assert!(
                line.is_of(&format!("brought:event_{}", line.number("class"))),
                "{}",
                line.text
            );
            *of_class.entry(line.number("class")).or_default() += 1;
        }
    });
    assert_eq!((switched_on, emitted), (300, 1_500));
    assert_eq!(of_class, (0..300).map(|class| (class, 5)).collect());
    assert_eq!(recorded.summary().lost_in_all(), 0);
}

/// More than the short form of a record's header has numbers for, and more than 16 bits have.
#[test]
fn classes_may_be_more_than_65_536() {
    const CLASSES: u64 = 70_000;
    const EACH: u64 = 500;
    if !skip::judges_are_here() {
        return;
    }
    let recorded = Recording::of("brings_events").arg(CLASSES).arg(3).arg(EACH).run().succeeded();
    let [switched_on, emitted]: [u64; 2] = recorded.report();
    assert_eq!((switched_on, emitted), (CLASSES, 3 * CLASSES / EACH));
    let mut of_class = BTreeMap::<u64, u64>::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        if line.text.contains("text = \"brought\"") {
            let class = line.number("class");
            assert!(line.is_of(&format!("brought:event_{class}")), "{}", line.text);
            *of_class.entry(class).or_default() += 1;
        }
    });
    let expected = (0..CLASSES).step_by(EACH as usize).map(|class| (class, 3));
    assert_eq!(of_class, expected.collect());
    assert_eq!(recorded.summary().lost_in_all(), 0);
    assert_eq!(classes(&recorded), (CLASSES / EACH) as usize + 1, "of those that came");
}

/// The agent switches callsites while their modules come and go.
#[test]
fn rules_change_while_modules_come_and_go() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let plugins = ["plugin", "guest"].map(|name| plugin::built(name).display().to_string());
    let mut program =
        site.program("receives", &["3000", "2", plugins[0].as_str(), plugins[1].as_str()]);
    let mut sessions = 0;
    while program.is_running() {
        let name = format!("session{sessions}");
        let events = ["*", "plugin:*", "guest:*"][sessions % 3];
        let trace = site.start_session(&name, events);
        site.end_session(&name);
        if !folders(&trace).is_empty() {
            judge::babeltrace2(&trace, |line| {
                let is_wanted = events == "*" || line.is_of(&events.replace('*', "told"));
                assert!(is_wanted, "{}", line.text);
            });
        }
        sessions += 1;
    }
    assert!(sessions > 3, "it was over after {sessions} sessions");
    program.wait().succeeded();
}

/// An event that a plugin declared at run time and kept is gone with it, and so is its observer.
#[test]
fn what_an_unloaded_plugin_has_kept_is_not_followed() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let _daemon = site.daemon(&["--flush-interval", "20"]);
    let plugin = plugin::built("keeper").display().to_string();
    let gone = site.path("gone");
    let program = site.program("outlives_plugin", &[&plugin, gone.to_str().expect("text")]);
    wait_until("the plugin's end", || gone.exists().then_some(()));
    let trace = site.start_session("session", "*");
    program.wait().succeeded();
    site.end_session("session");
    assert_eq!(judge::count(&trace), 1);
}
