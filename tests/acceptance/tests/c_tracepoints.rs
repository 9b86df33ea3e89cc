//! Tracepoints of C and C++ (`ust.h`): what is recorded is what was emitted, wherever they stand.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use ust_acceptance::daemon::Site;
use ust_acceptance::recording::{Recorded, Recording, folders, stream_files};
use ust_acceptance::{judge, shim, skip};
use ust_test_support::command::{Running, run};
use ust_test_support::random::Random;
use ust_test_support::wait;

/// Records a C program that has tracepoints, without a word of the shim.
fn recording(name: &str) -> Recording {
    shim::built();
    let dir = tempfile::tempdir().expect("a directory").keep();
    Recording::of_path(shim::compiled(&dir, name, &[shim::HEADER]))
}

/// The fields of each event of a provider, as babeltrace2 prints them.
fn fields(trace: &Path, provider: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    judge::babeltrace2(trace, |line| {
        if let Some(event) = line.event_of(provider) {
            let (_, fields) = line.text.rsplit_once("}, ").expect("a context and fields");
            all.push((event.to_owned(), fields.to_owned()));
        }
    });
    all
}

fn lines(recorded: &Recorded) -> Vec<u64> {
    recorded.finished.stdout.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

#[test]
fn each_kind_of_field_is_what_it_was() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recording("tracepoints").run().succeeded();
    assert_eq!(recorded.finished.stdout, "on\n");
    assert_eq!(recorded.summary().lost_in_all(), 0);
    let numbers: Vec<_> = (0..32).map(|number| format!("a{number} = {number}")).collect();
    let thirty_two = format!("{{ {} }}", numbers.join(", "));
    let long_text = format!("{{ a = \"{}\" }}", "x".repeat(5000));
    let expected = [
        ("nothing", "{ }"),
        ("unsigned_numbers", "{ a = 255, b = 65535, c = 4294967295, d = 18446744073709551615 }"),
        ("signed_numbers", "{ a = -128, b = -32768, c = -2147483648, d = -9223372036854775808 }"),
        (
            "bases",
            "{ a = 0xAB, b = 0xABCD, c = 0xABCDEF01, d = 0xABCDEF0123456789, e = 0377, f = 0177777, g = 0644, h = 01777, \
             i = 0b00000101, j = 0b0000000000000101, k = 0b00000000000000000000000000000101, \
             l = 0b0000000000000000000000000000000000000000000000000000000000000101 }",
        ),
        ("network", "{ a = 80, b = 1, c = 1 }"),
        ("others", "{ a = 0.5, b = -2.25, c = 1, d = 0x1234 }"),
        ("texts", "{ a = \"text\", b = \"a\\x1abc\", c = \"(null)\" }"),
        (
            "many",
            "{ _a_length = 2, a = [ [0] = 0x1, [1] = 0x2 ], b = [ [0] = -1, [1] = 0, [2] = 1 ], _c_length = 2, \
             c = [ [0] = 1, [1] = 18446744073709551615 ], _d_length = 2, d = [ [0] = 80, [1] = 8080 ] }",
        ),
        (
            "many",
            "{ _a_length = 0, a = [ ], b = [ [0] = -1, [1] = 0, [2] = 1 ], _c_length = 0, c = [ ], _d_length = 0, d = [ ] }",
        ),
        (
            "labels",
            "{ a = ( \"busy\" : container = 4 ), b = ( \"lost\" : container = -3 ), \
             c = [ [0] = ( \"idle\" : container = 0 ), [1] = ( <unknown> : container = 200 ) ] }",
        ),
        ("thirty_two", &thirty_two),
        ("three_bytes", "{ a = 1, b = 2 }"),
        ("eight_bytes", "{ a = 3, b = -4 }"),
        ("long_text", &long_text),
    ];
    let seen = fields(&recorded.trace(), "kinds");
    for (seen, expected) in seen.iter().zip(expected) {
        assert_eq!((&*seen.0, &*seen.1), expected);
    }
    assert_eq!(seen.len(), expected.len());
}

#[test]
fn spans_end_with_their_scopes_and_texts_are_printf_s() {
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recording("tracepoints").run().succeeded();
    let spans = fields(&recorded.trace(), "spans");
    let duration = |fields: &str| judge::Line { text: fields, time_ns: 0 }.number("duration");
    let names: Vec<_> = spans.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["inner", "inner", "outer"]);
    assert!(spans[2].1.starts_with("{ id = 7, what = \"both\", duration = "), "{}", spans[2].1);
    let [first, second, outer] = [0, 1, 2].map(|at: usize| duration(&spans[at].1));
    assert!(first >= 10_000_000 && second >= 10_000_000 && outer >= first + second, "{spans:?}");

    let texts = fields(&recorded.trace(), "ust");
    assert!(texts[0].1.contains("function = \"main\", message = \"it is 42\""), "{texts:?}");
    let (_, cut) = texts[1].1.split_once("message = ").expect("a message");
    assert_eq!(cut, format!("\"{}...\" }}", "x".repeat(508)));
}

/// Threads at once, and handlers that interrupt them in the middle of a record.
#[test]
fn every_event_of_every_thread_is_there() {
    const EVENTS: u64 = 20_000;
    if !skip::judges_are_here() {
        return;
    }
    let recorded = recording("tracepoints_many").options(["--subbufs", "64"]);
    let recorded = recorded.arg(3).arg(EVENTS).run().succeeded();
    let mut steps = BTreeMap::<u64, u64>::new();
    let mut interruptions = 0;
    let count = judge::babeltrace2(&recorded.trace(), |line| match line.event_of("many") {
        Some("step") => {
            let next = steps.entry(line.number("thread")).or_default();
            assert_eq!(line.number("number"), *next, "in order, and none twice");
            *next += 1;
        }
        Some("interrupted") => interruptions += 1,
        _ => {}
    });
    let lost = recorded.summary().lost_in_all();
    assert_eq!(vec![count + lost], lines(&recorded));
    assert_eq!((lost, steps), (0, (0..3).map(|thread| (thread, EVENTS)).collect()));
    assert!(interruptions > 0);
}

/// Killed anywhere, a program leaves each record that it has finished: of its own tracepoints, and of the shim's.
/// `UST_KILLS` says how often. Most of a kill's time is babeltrace2's, for a million events in 30 ms; so there are two kinds: early
/// in rings as they usually are, and at any time in rings that are lapped so often that threads mostly wait for the consumer.
#[test]
fn a_killed_program_leaves_what_it_recorded() {
    const THREADS: usize = 3;
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled(dir.path(), "tracepoints_many", &[shim::HEADER]);
    let kills = std::env::var("UST_KILLS").map_or(6, |kills| kills.parse().expect("a number"));
    let mut random = Random::new(kills);
    for kill in 0..kills {
        let is_usual = kill % 2 == 0;
        let after_us = 2_000 + random.below(if is_usual { 10_000 } else { 60_000 });
        let mut recording = Recording::of_path(program.clone());
        if !is_usual {
            recording = recording.options(["--subbuf-size", "4K", "--subbufs", "4"]);
        }
        let notes = recording.path("notes");
        let recording = recording.options(["--preload", "libc_mem", "--mode", "block=600s"]);
        let recording = recording.arg(THREADS).arg(1_000_000_000_u64).arg(notes.display());
        let recorded = recording.arg(after_us).run();
        assert_eq!(recorded.finished.code(), 128 + libc::SIGKILL, "{}", recorded.finished.stderr);
        let noted = std::fs::read(notes).unwrap_or_default();
        let noted: Vec<_> =
            noted.chunks_exact(8).map(|it| u64::from_ne_bytes(it.try_into().unwrap())).collect();
        let (mut steps, mut allocated) = (BTreeMap::<u64, u64>::new(), 0);
        let count = judge::babeltrace2(&recorded.trace(), |line| {
            if line.is_of("many:step") {
                let next = steps.entry(line.number("thread")).or_default();
                assert_eq!(line.number("number"), *next, "in order, and none is missing");
                *next += 1;
            }
            let is_ours = line.is_of("libc_mem:malloc") && line.number("size") == 777;
            allocated += u64::from(is_ours);
        });
        let all: u64 = noted.iter().sum();
        for (thread, noted) in noted.iter().take(THREADS).enumerate() {
            let steps = steps.get(&(thread as u64)).copied().unwrap_or(0);
            let what = format!("kill {kill} after {after_us} us: {noted} noted, {steps} there");
            assert!(steps == *noted || steps == noted + 1, "{what}");
        }
        assert!((all..=all + THREADS as u64).contains(&allocated), "{allocated} of {all}");
        // A handler that has interrupted a tracepoint does not wait for room: its record may be lost, and is counted.
        let summary = recorded.summary();
        let lost = summary.lost.iter().filter(|(_, count)| **count > 0).map(|(cause, _)| &**cause);
        assert!(lost.eq(["records_lost_full"]) || summary.lost_in_all() == 0, "{summary:?}");
        assert_eq!(summary.recorded, count, "{summary:?}");
    }
}

#[test]
fn plugins_come_and_go_with_their_tracepoints() {
    const ROUNDS: u64 = 100;
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let plugins = ["first", "second"].map(|name| {
        let options = [shim::HEADER, "-shared", "-fPIC", &format!("-DPLUGIN={name}")];
        let built = shim::compiled(dir.path(), "tracepoints_plugin", &options);
        let plugin = dir.path().join(format!("{name}.so"));
        std::fs::rename(built, &plugin).expect("one directory");
        plugin
    });
    let host = shim::compiled(dir.path(), "tracepoints_host", &[shim::HEADER]);
    let recorded = Recording::of_path(host).arg(ROUNDS).arg(plugins[0].display());
    let recorded = recorded.arg(plugins[1].display()).run().succeeded();
    let mut counts = BTreeMap::<String, u64>::new();
    judge::babeltrace2(&recorded.trace(), |line| {
        let event = line.event_of("plugins").expect("nothing else").to_owned();
        *counts.entry(event).or_default() += 1;
    });
    assert_eq!(recorded.summary().lost_in_all(), 0);
    let emitted = lines(&recorded);
    assert_eq!((emitted[1], emitted[2]), (50 * ROUNDS, 50 * ROUNDS));
    let expected = ["host", "first", "second"].map(str::to_owned).into_iter().zip(emitted);
    assert_eq!(counts, expected.collect());
}

#[test]
fn cxx_has_them_in_templates_and_exceptions_end_spans() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let program = shim::compiled_as_cxx(dir.path(), "tracepoints_cxx", &[shim::HEADER]);
    let recorded = Recording::of_path(program).run().succeeded();
    assert_eq!(recorded.finished.stdout, "deep enough\n");
    let seen = fields(&recorded.trace(), "cxx");
    let told = ["{ what = \"1\", is_well = 1 }", "{ what = \"-1.500000\", is_well = 0 }"];
    assert_eq!([&*seen[0].1, &*seen[1].1], told);
    let depths: Vec<_> = seen[2..].iter().map(|(_, fields)| &fields[..12]).collect();
    assert_eq!(depths, ["{ depth = 3,", "{ depth = 2,", "{ depth = 1,", "{ depth = 0,"]);
    assert_eq!(fields(&recorded.trace(), "ust").len(), 1);
}

/// With a daemon: they are listed, and rules switch them while the program runs.
#[test]
fn they_are_listed_and_switched_by_a_daemon() {
    if !skip::judges_are_here() {
        return;
    }
    let site = Site::new();
    let program = shim::compiled(site.dir(), "tracepoints_many", &[shim::HEADER]);
    let _daemon = site.daemon(&[]);
    let trace = site.start_session("session", "many:nothing_yet");
    let mut command = site.command(&program);
    command.args(["2", "10000000000000"]).env("LD_PRELOAD", shim::built());
    let running = Running::start(&mut command);
    wait::until("the program's events in the list", || {
        site.ust(&["list"]).stdout.contains("many:step")
    });
    assert_eq!(site.ust(&["enable-event", "many:small"]).code(), 0);
    wait::until("events", || {
        let folders = if trace.exists() { folders(&trace) } else { Vec::new() };
        folders.iter().flat_map(|it| stream_files(it)).any(|it| it.metadata().unwrap().len() > 0)
    });
    assert_eq!(site.ust(&["disable-event", "many:small"]).code(), 0);
    running.signal(libc::SIGKILL);
    running.wait();
    site.end_session("session");
    let mut small = 0;
    let all = judge::babeltrace2(&trace, |line| small += u64::from(line.is_of("many:small")));
    assert!(small > 0 && small == all, "{small} of {all}");
}

/// Whatever compilers and linkers leave out or put in: all events are there, and nothing leaks.
#[test]
fn however_a_program_is_built_it_is_recorded() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    for options in [
        &["-O2", "-flto"][..],
        &["-O2", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"],
        &["-no-pie", "-fno-pie", "-fvisibility=hidden"],
        &["-O0", "-finstrument-functions"],
        &["-fsanitize=address"],
        &["-fsanitize=undefined", "-s"],
    ] {
        let options = [&[shim::HEADER], options].concat();
        let program = shim::compiled(dir.path(), "tracepoints", &options);
        let recorded = Recording::of_path(program).run().succeeded();
        assert_eq!(recorded.finished.stdout, "on\n", "{options:?}");
        assert_eq!(judge::count(&recorded.trace()), 19, "{options:?}");
    }
    let program = shim::compiled(dir.path(), "tracepoints", &[shim::HEADER, "-DUST_DISABLE"]);
    let recorded = Recording::of_path(program).options(["--preload", "tracepoints"]).run();
    assert_eq!(recorded.succeeded().finished.stdout, "off\n", "left out");
    if skip::has("valgrind", &["--version"]) {
        let program = shim::compiled(dir.path(), "tracepoints", &[shim::HEADER]);
        let mut command = Command::new("valgrind");
        command.args(["--leak-check=full", "--error-exitcode=9", "-q"]).arg(program);
        let finished = Running::start(command.env("LD_PRELOAD", shim::built())).wait();
        assert_eq!(finished.code(), 0, "{}", finished.stderr);
    }
}

/// Files of one program may have been compiled years apart. What is appended to a header is not what the others have.
#[test]
fn headers_of_two_versions_are_two_modules() {
    if !skip::judges_are_here() {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let header =
        std::fs::read_to_string(shim::source("../../../ust-preload/include/ust.h")).unwrap();
    let later = header.replace("1_0", "1_1").replace("UST_API_MINOR_ 0", "UST_API_MINOR_ 1");
    std::fs::write(dir.path().join("ust.h"), later).unwrap();
    let compiled = |name: &str, options: &[&str]| {
        let object = dir.path().join(name);
        let mut command = Command::new("cc");
        command.args(["-c", "-O1"]).arg(shim::source("tracepoints_elsewhere.c")).arg("-o");
        assert_eq!(run(command.arg(&object).args(options)).code(), 0, "{options:?}");
        object
    };
    let include = format!("-I{}", dir.path().display());
    let own = compiled("own.o", &[shim::HEADER, "-DWITH_MAIN"]);
    let other = compiled("other.o", &[&include, "-Dcall_elsewhere=call_other"]);
    for objects in [[&own, &other], [&other, &own]] {
        let program = dir.path().join("program");
        assert_eq!(run(Command::new("cc").args(objects).arg("-o").arg(&program)).code(), 0);
        let recorded = Recording::of_path(program).run().succeeded();
        let said = &recorded.finished.stderr;
        assert!(said.contains("ust.h version 1.1, and the shim serves version 1.0"), "{said}");
        assert_eq!(judge::count(&recorded.trace()), 3, "those of the header that is served");
    }
}

/// What cannot be recorded is said, and the program runs.
#[test]
fn a_header_of_another_version_and_a_static_program_are_told() {
    if !skip::has("cc", &["--version"]) {
        return;
    }
    shim::built();
    let dir = tempfile::tempdir().expect("a directory");
    let header =
        std::fs::read_to_string(shim::source("../../../ust-preload/include/ust.h")).unwrap();
    let later = header.replace("#define UST_API_MAJOR_ 1", "#define UST_API_MAJOR_ 2");
    assert_ne!(later, header);
    std::fs::write(dir.path().join("ust.h"), later).unwrap();
    let include = format!("-I{}", dir.path().display());
    let program = shim::compiled(dir.path(), "tracepoints", &[&include]);
    let recorded = Recording::of_path(program).run().succeeded();
    assert_eq!(recorded.finished.stdout, "off\n");
    let said = &recorded.finished.stderr;
    assert!(said.contains("ust.h version 2.0, and the shim serves version 1.0"), "{said}");

    let program = shim::compiled(dir.path(), "tracepoints", &[shim::HEADER, "-static"]);
    let recorded = Recording::of_path(program).run().succeeded();
    assert_eq!(recorded.finished.stdout, "off\n");
    let said = &recorded.finished.stderr;
    assert!(said.contains("linked statically") && said.contains("without the shim"), "{said}");
}
