//! `ust analyze`: the figures of traces whose calls are known, and what it says of odd and damaged ones.

mod common;

use common::Sandbox;
use common::calls::{Calls, Is};
use serde_json::Value;
use std::process::Command;

fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let arguments = [&["analyze"], arguments, &["--json"]].concat();
    serde_json::from_str(&sandbox.done(&arguments)).unwrap()
}

fn malloc(calls: &mut Calls, size: i64, ptr: u64, site: u64) {
    let (ptr, site) = (Is::Address(ptr), Is::Address(site));
    let fields = [("size", Is::Number(size)), ("ptr", ptr), ("call_site", site)];
    calls.call("libc_mem:malloc", 7, &fields);
}

fn free(calls: &mut Calls, ptr: u64) {
    calls.call("libc_mem:free", 7, &[("ptr", Is::Address(ptr)), ("call_site", Is::Address(1))]);
}

fn realloc(calls: &mut Calls, old: u64, size: i64, ptr: u64) {
    realloc_by(8, calls, old, size, ptr);
}

fn realloc_by(tid: i32, calls: &mut Calls, old: u64, size: i64, ptr: u64) {
    let (old, ptr) = (Is::Address(old), Is::Address(ptr));
    let site = ("call_site", Is::Address(0x77));
    let fields = [("in_ptr", old), ("size", Is::Number(size)), ("ptr", ptr), site];
    calls.call("libc_mem:realloc", tid, &fields);
}

/// Every way in which blocks come and go, once.
#[test]
fn blocks_are_live_from_their_allocation_to_their_free() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    malloc(&mut calls, 100, 0x1000, 0x55); // 100
    malloc(&mut calls, 50, 0x2000, 0x66); // 150
    realloc(&mut calls, 0x1000, 300, 0x3000); // 350, the peak
    free(&mut calls, 0x2000); // 300
    free(&mut calls, 0); // Nothing.
    free(&mut calls, 0x9000); // Unknown.
    malloc(&mut calls, -1, 0, 0x55); // In vain.
    realloc(&mut calls, 0x3000, 1 << 40, 0); // In vain: the old block stays.
    malloc(&mut calls, 0, 0x4000, 0x55); // 300
    realloc(&mut calls, 0x4000, 0, 0); // A free.
    malloc(&mut calls, 8, 0x5000, 0x55); // 308
    malloc(&mut calls, 9, 0x5000, 0x66); // 309: a free that nobody saw.
    // Another thread has the old address before the realloc says that it gave it up.
    malloc(&mut calls, 10, 0x6000, 0x55); // 319
    malloc(&mut calls, 20, 0x6000, 0x66); // 329
    realloc(&mut calls, 0x6000, 5, 0x7000); // 334
    free(&mut calls, 0x6000); // 314
    calls.write(&sandbox.path("trace"), 42, "prog");
    let report = json(&sandbox, &["heap", "trace"]);
    assert_eq!((&report["lost_events"], &report["is_uncertain"]), (&0.into(), &false.into()));
    let of = &report["processes"][0];
    assert_eq!((&of["pid"], &of["name"]), (&42.into(), &"prog".into()));
    let expected = [
        ("allocations", 9),
        ("allocated_bytes", 100 + 50 + 300 + 8 + 9 + 10 + 20 + 5),
        ("frees", 5),
        ("frees_of_unknown", 1),
        ("unseen_frees", 1),
        ("failed", 2),
        ("leaking_sites", 2),
    ];
    for (name, value) in expected {
        assert_eq!(of[name], value, "{name}: {of:#}");
    }
    assert_eq!(of["peak"]["bytes"], 350);
    assert_eq!(of["peak"]["blocks"], 2);
    assert_eq!(of["peak"]["since_start_ns"], 2000);
    assert_eq!(of["live_at_end"], serde_json::json!({ "bytes": 314, "blocks": 3 }));
    let leak =
        |at: usize| (of["leaks"][at]["site"]["address"].clone(), of["leaks"][at]["bytes"].clone());
    assert_eq!(leak(0), ("0x77".into(), 305.into()));
    assert_eq!(leak(1), ("0x66".into(), 9.into()));
    let points = of["live_over_time"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["bytes"].as_u64().unwrap()).max(), Some(350));
    let sizes: u64 =
        of["sizes"].as_array().unwrap().iter().map(|it| it["count"].as_u64().unwrap()).sum();
    assert_eq!(sizes, 9);
    let at_300 = of["sizes"].as_array().unwrap().iter().find(|it| it["from_bytes"] == 256).unwrap();
    assert_eq!((&at_300["to_bytes"], &at_300["count"]), (&511.into(), &1.into()));

    // The text has the same figures.
    let text = sandbox.done(&["analyze", "heap", "trace"]);
    for line in [
        "Process 42 prog: 16 events",
        "  total: 9 allocations, 5 frees, 502 bytes allocated",
        "  1 free of what was allocated unseen: before the recording began, or by a parent",
        "  2 calls got no memory",
        "  peak: 350 bytes in 2 blocks, 2.000 us after the first event",
        "  live at the end: 314 bytes in 3 blocks, from 2 call sites",
        "                 305 bytes in 2 blocks         0x77 in an unknown object",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}\n{text}");
    }
    assert!(
        text.lines().last().unwrap().starts_with("note: some call sites are in unknown"),
        "{text}"
    );
}

/// A block that was freed unseen is no excuse for the one that has its address now.
#[test]
fn a_realloc_frees_the_block_that_its_own_thread_was_given() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    malloc(&mut calls, 10, 0x1000, 0x55);
    malloc(&mut calls, 20, 0x1000, 0x55);
    realloc_by(7, &mut calls, 0x1000, 30, 0x2000);
    free(&mut calls, 0x2000);
    calls.write(&sandbox.path("trace"), 42, "prog");
    let report = json(&sandbox, &["heap", "trace"]);
    let of = &report["processes"][0];
    assert_eq!(
        (&of["live_at_end"]["bytes"], &of["unseen_frees"], &of["frees"]),
        (&0.into(), &1.into(), &2.into())
    );
}

#[test]
fn processes_are_apart_also_those_with_one_id() {
    let sandbox = Sandbox::new();
    for (dir, pid, size) in [("trace/a", 5, 10), ("trace/b", 5, 20), ("trace/c", 6, 40)] {
        let mut calls = Calls::default();
        malloc(&mut calls, size, 0x1000, 0x55);
        calls.write(&sandbox.path(dir), pid, dir);
    }
    let peaks = |report: Value| {
        let processes = report["processes"].as_array().unwrap().clone();
        processes.iter().map(|it| it["peak"]["bytes"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(peaks(json(&sandbox, &["heap", "trace"])), [10, 20, 40]);
    assert_eq!(peaks(json(&sandbox, &["heap", "trace", "--pid", "5"])), [10, 20]);
    assert_eq!(peaks(json(&sandbox, &["heap", "trace", "--pid", "6"])), [40]);
    let line = sandbox.fails(1, &["analyze", "heap", "trace", "--pid", "7"]);
    assert!(line.contains("no events libc_mem:* of process 7 in trace"), "{line}");
    // Joined, they are apart too, by the events' context.
    sandbox.done(&["join", "trace", "--output", "joined"]);
    let mut joined = peaks(json(&sandbox, &["heap", "joined", "--pid", "6"]));
    joined.sort_unstable();
    assert_eq!(joined, [40]);
}

#[test]
fn a_trace_without_the_set_says_how_to_record_it() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    malloc(&mut calls, 10, 0x1000, 0x55);
    calls.write(&sandbox.path("trace"), 5, "prog");
    for (what, set) in [("locks", "pthread"), ("io", "libc_io")] {
        let line = sandbox.fails(1, &["analyze", what, "trace"]);
        assert!(line.contains(&format!("no events {set}:* in trace")), "{line}");
        assert!(line.contains(&format!("--preload {set}")), "{line}");
    }
    assert_eq!(sandbox.run(&["analyze", "nothing", "trace"]).code(), 2);
    let line = sandbox.fails(1, &["analyze", "heap", "absent"]);
    assert!(line.contains("absent"), "{line}");
}

#[test]
fn what_was_lost_is_said_first() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    calls.lost = 12;
    malloc(&mut calls, 10, 0x1000, 0x55);
    calls.write(&sandbox.path("trace"), 5, "prog");
    let text = sandbox.done(&["analyze", "heap", "trace"]);
    assert!(text.starts_with("Uncertain, with 12 events lost: a block whose free"), "{text}");
    let report = json(&sandbox, &["heap", "trace"]);
    assert_eq!((&report["lost_events"], &report["is_uncertain"]), (&12.into(), &true.into()));

    std::fs::write(sandbox.path("trace/broken"), [0x5a; 4096]).unwrap();
    let ended = sandbox.run(&["analyze", "heap", "trace"]);
    assert_eq!(ended.code(), 1, "{ended:?}");
    assert!(ended.stderr.contains("trace/broken"), "{ended:?}");
    let first = "Uncertain, with 12 events lost, a part of the trace unreadable: ";
    assert!(ended.stdout.starts_with(first), "{ended:?}");
}

/// Fields missing, of another type, and too many; names that are no functions of the set.
#[test]
fn odd_events_are_no_failure() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    let odd = ("ptr", Is::Text("\x1b[31m"));
    calls.call("libc_mem:malloc", 7, &[odd]);
    calls.call(
        "libc_mem:calloc",
        7,
        &[("nmemb", Is::Number(-1)), ("ptr", Is::Address(9)), ("more", Is::Two(1, 2))],
    );
    calls.call("libc_mem:new_function", 7, &[("ptr", Is::Address(9))]);
    calls.call("libc_mem:free", 7, &[]);
    calls.call("libc_io:read", 7, &[odd]);
    calls.call("libc_io:dup2", 7, &[("result", Is::Number(3))]);
    calls.call(
        "libc_io:close",
        7,
        &[("fd", Is::Number(i64::MIN)), ("errno", Is::Number(i64::MAX))],
    );
    calls.call("pthread:pthread_mutex_lock", 7, &[("mutex", odd.1), ("held_by", Is::Number(1))]);
    calls.call(
        "pthread:pthread_mutex_unlock",
        7,
        &[("mutex", Is::Address(1)), ("held", Is::Number(-1))],
    );
    calls.call("dl:object", 7, &[("base", Is::Address(u64::MAX)), ("size", Is::Number(-1))]);
    calls.call("dl:object_gone", 7, &[("base", Is::Address(u64::MAX))]);
    calls.write(&sandbox.path("trace"), 5, "\x1b[31mprog\n");
    for what in ["heap", "locks", "io"] {
        let text = sandbox.done(&["analyze", what, "trace"]);
        assert!(!text.contains('\x1b') && text.contains(r"\x1b[31mprog\n: "), "{text}");
        let report = json(&sandbox, &[what, "trace"]);
        assert_eq!(report["processes"][0]["name"], r"\x1b[31mprog\n");
    }
    assert_eq!(json(&sandbox, &["heap", "trace"])["processes"][0]["allocations"], 1);
}

#[test]
fn locks_are_told_by_the_time_that_threads_waited_for_them() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    let lock = |calls: &mut Calls, tid, kind: &str, name: &str, at, held_by, duration| {
        let at = (kind, Is::Address(at));
        let (duration, held_by) = (Is::Number(duration), Is::Number(held_by));
        let site = ("call_site", Is::Address(0xabc));
        let fields =
            [at, ("result", Is::Number(0)), ("duration", duration), ("held_by", held_by), site];
        calls.call(name, tid, &fields);
    };
    let mutex = |calls: &mut Calls, tid, at, held_by, duration| {
        lock(calls, tid, "mutex", "pthread:pthread_mutex_lock", at, held_by, duration);
    };
    let unlock = |calls: &mut Calls, tid, at, held| {
        let fields =
            [("mutex", Is::Address(at)), ("result", Is::Number(0)), ("held", Is::Number(held))];
        calls.call("pthread:pthread_mutex_unlock", tid, &fields);
    };
    mutex(&mut calls, 50, 0x10, 0, 40); // Free: no wait.
    mutex(&mut calls, 51, 0x10, 50, 7000);
    unlock(&mut calls, 50, 0x10, 7100);
    mutex(&mut calls, 52, 0x10, 51, 500);
    unlock(&mut calls, 51, 0x10, 600);
    unlock(&mut calls, 52, 0x10, -1); // Not known.
    mutex(&mut calls, 52, 0x20, 51, 100);
    mutex(&mut calls, 52, 0x20, 52, 100_000); // Its own, once more.
    let read = "pthread:pthread_rwlock_rdlock";
    lock(&mut calls, 52, "rwlock", read, 0x30, 0, 900_000); // It says not who.
    lock(&mut calls, 52, "rwlock", read, 0x30, 0, 90);
    let busy =
        [("mutex", Is::Address(0x10)), ("result", Is::Number(16)), ("held_by", Is::Number(50))];
    calls.call("pthread:pthread_mutex_trylock", 51, &busy);
    // While it waits, the mutex is free.
    let waits = [("cond", Is::Address(1)), ("mutex", Is::Address(0x20)), ("result", Is::Number(0))];
    let fields =
        [&waits[..], &[("duration", Is::Number(1 << 40)), ("held", Is::Number(30))]].concat();
    calls.call("pthread:pthread_cond_wait", 50, &fields);
    calls.write(&sandbox.path("trace"), 50, "main");

    let report = json(&sandbox, &["locks", "trace"]);
    let of = &report["processes"][0];
    assert_eq!(
        (&of["locks"], &of["waits"], &of["wait_ns"]),
        (&3.into(), &4.into(), &907_600.into())
    );
    let locks = of["most_contended"].as_array().unwrap();
    let order: Vec<_> = locks.iter().map(|lock| (&lock["address"], &lock["wait_ns"])).collect();
    let expected =
        [("0x30", 900_000), ("0x10", 7500), ("0x20", 100)].map(|(a, b)| (a.into(), b.into()));
    assert_eq!(order, expected.each_ref().map(|(a, b): &(Value, Value)| (a, b)));
    let mutex = &locks[1];
    for (name, value) in [
        ("acquisitions", 3),
        ("failed", 1),
        ("waits", 2),
        ("longest_wait_ns", 7000),
        ("holds", 2),
        ("held_ns", 7700),
        ("longest_hold_ns", 7100),
        ("longest_held_by", 50),
    ] {
        assert_eq!(mutex[name], value, "{name}: {mutex:#}");
    }
    let holders = serde_json::json!([
        { "tid": 50, "name": "main", "waits": 1, "wait_ns": 7000 },
        { "tid": 51, "name": null, "waits": 1, "wait_ns": 500 },
    ]);
    assert_eq!(mutex["held_by"], holders);
    assert_eq!(
        (&mutex["waiters"][0]["waits"], &mutex["waiters"][0]["site"]["address"]),
        (&2.into(), &"0xabc".into())
    );
    assert_eq!((&locks[2]["held_ns"], &locks[2]["waits"]), (&30.into(), &1.into()));
    let text = sandbox.done(&["analyze", "locks", "trace"]);
    assert!(text.contains("    1 wait, 7.000 us for thread 50 (main)\n"), "{text}");
    assert!(
        text.contains("  mutex 0x10: taken 3 times, 2 waits 7.500 us in all, longest 7.000 us\n"),
        "{text}"
    );
}

#[test]
fn descriptors_are_told_by_what_they_stood_for() {
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    let end = |result, errno, duration| {
        [
            ("result", Is::Number(result)),
            ("errno", Is::Number(errno)),
            ("duration", Is::Number(duration)),
        ]
    };
    let open = |calls: &mut Calls, path, fd, errno| {
        calls.call(
            "libc_io:open",
            7,
            &[&[("path", Is::Text(path))], &end(fd, errno, 100)[..]].concat(),
        );
    };
    let on = |calls: &mut Calls, name: &str, fd, result, errno, duration| {
        calls.call(
            name,
            7,
            &[&[("fd", Is::Number(fd))], &end(result, errno, duration)[..]].concat(),
        );
    };
    open(&mut calls, "/one", 3, 0);
    on(&mut calls, "libc_io:read", 3, 1000, 0, 5000);
    on(&mut calls, "libc_io:dup", 3, 9, 0, 10);
    on(&mut calls, "libc_io:close", 3, 0, 0, 10);
    on(&mut calls, "libc_io:write", 9, 77, 0, 300);
    open(&mut calls, "/two\x1b", 3, 0);
    on(&mut calls, "libc_io:write", 3, 500, 0, 9000);
    on(&mut calls, "libc_io:write", 3, -1, 28, 20);
    on(&mut calls, "libc_io:close", 9, 0, 0, 2);
    // Something that nobody saw opened has the number now.
    on(&mut calls, "libc_io:write", 9, 13, 0, 1);
    on(&mut calls, "libc_io:write", 1, 5, 0, 1);
    on(&mut calls, "libc_io:read", 12, 6, 0, 1);
    on(&mut calls, "libc_io:read", 44, -1, 9, 1);
    open(&mut calls, "/none", -1, 2);
    open(&mut calls, "/none", -1, 2);
    calls.call("libc_io:socket", 7, &end(5, 0, 1));
    let to = [("fd", Is::Number(5)), ("address", Is::Text("127.0.0.1:80"))];
    calls.call("libc_io:connect", 7, &[&to[..], &end(-1, 115, 1)].concat());
    on(&mut calls, "libc_io:send", 5, 40, 0, 2);
    calls.call("libc_io:pipe", 7, &[&[("fds", Is::Two(20, 21))], &end(0, 0, 1)[..]].concat());
    on(&mut calls, "libc_io:write", 21, 8, 0, 1);
    calls.call("libc_io:poll", 7, &end(1, 0, 1 << 40));
    calls.write(&sandbox.path("trace"), 7, "prog");

    let report = json(&sandbox, &["io", "trace", "--top", "100"]);
    let of = &report["processes"][0];
    let mut seen: Vec<_> = of["descriptors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            let number = |name: &str| it[name].as_u64().unwrap();
            let name = it["stands_for"].as_str().unwrap().to_owned();
            (
                number("fd"),
                name,
                number("calls"),
                number("read_bytes"),
                number("written_bytes"),
                number("errors"),
            )
        })
        .collect();
    seen.sort();
    let expected = [
        (1, "standard output", 1, 0, 5, 0),
        (3, "/one", 3, 1000, 0, 0),
        (3, r"/two\x1b", 2, 0, 500, 1),
        (5, "socket to 127.0.0.1:80", 2, 0, 40, 1),
        (9, "/one", 2, 0, 77, 0),
        (9, "opened unseen", 1, 0, 13, 0),
        (12, "opened unseen", 1, 6, 0, 0),
        (21, "pipe", 1, 0, 8, 0),
    ];
    assert_eq!(seen, expected.map(|(fd, name, a, b, c, d)| (fd, name.to_owned(), a, b, c, d)));
    let errors = of["errors"].as_array().unwrap().iter();
    let errors: Vec<_> = errors
        .map(|it| {
            (
                it["function"].as_str().unwrap(),
                it["error"].as_str().unwrap(),
                it["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        errors,
        [
            ("open", "ENOENT", 2),
            ("connect", "EINPROGRESS", 1),
            ("read", "EBADF", 1),
            ("write", "ENOSPC", 1)
        ]
    );
    // Waiting in poll is not being slow.
    let slowest = &of["slowest"];
    assert_eq!(
        (&slowest[0]["function"], &slowest[0]["on"], &slowest[0]["duration_ns"]),
        (&"write".into(), &r"/two\x1b".into(), &9000.into())
    );
    assert_eq!((&slowest[1]["function"], &slowest[1]["on"]), (&"read".into(), &"/one".into()));
    let text = sandbox.done(&["analyze", "io", "trace"]);
    assert!(text.contains("        9.000 us  write on 3 /two\\x1b = 500, thread 7\n"), "{text}");
    assert!(text.contains("             2  open ENOENT (2)\n"), "{text}");
    let short = json(&sandbox, &["io", "trace", "--top", "1"]);
    assert_eq!(short["processes"][0]["other_descriptors"]["descriptors"], 7);
}

/// More descriptors than are kept: what each did is in one of the two places.
#[test]
fn no_descriptor_is_forgotten() {
    const FILES: u64 = 5000;
    let sandbox = Sandbox::new();
    let mut calls = Calls::default();
    for _ in 0..FILES {
        let result = [("errno", Is::Number(0)), ("duration", Is::Number(3))];
        calls.call(
            "libc_io:open",
            7,
            &[&[("path", Is::Text("/f")), ("result", Is::Number(3))], &result[..]].concat(),
        );
        for (name, bytes) in [("libc_io:write", 10), ("libc_io:close", 0)] {
            calls.call(
                name,
                7,
                &[&[("fd", Is::Number(3)), ("result", Is::Number(bytes))], &result[..]].concat(),
            );
        }
    }
    calls.write(&sandbox.path("trace"), 7, "prog");
    let report = json(&sandbox, &["io", "trace"]);
    let of = &report["processes"][0];
    let shown = of["descriptors"].as_array().unwrap();
    let bytes: u64 = shown.iter().map(|it| it["written_bytes"].as_u64().unwrap()).sum();
    let others = &of["other_descriptors"];
    assert_eq!(shown.len() as u64 + others["descriptors"].as_u64().unwrap(), FILES);
    assert_eq!(bytes + others["written_bytes"].as_u64().unwrap(), 10 * FILES);
}

const PROGRAM: &str = r#"
namespace shop { struct order { int place(int n); }; }
__attribute__((noinline)) int shop::order::place(int n) { asm volatile("nop"); return n + 1; }
extern "C" void _start() { shop::order o; o.place(1); for (;;) ; }
"#;

/// The same functions and lines as addr2line of binutils finds, in the object that was there at the time.
#[test]
fn call_sites_have_functions_and_lines() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("order.cc"), PROGRAM).unwrap();
    let built = sandbox.shell(
        "c++ -g -O0 -nostdlib -static-pie -fPIE -Wl,--build-id=0x0123abcd -o order order.cc",
    );
    if built.code() != 0
        || !Command::new("addr2line").arg("--version").output().is_ok_and(|it| it.status.success())
    {
        eprintln!("SKIPPED: no compiler for C++, or no addr2line");
        return;
    }
    let nm = sandbox.shell("nm order");
    let place = nm.stdout.lines().find(|line| line.contains("place")).expect("the function");
    let place = u64::from_str_radix(place.split(' ').next().unwrap(), 16).unwrap() + 8;
    let base = 0x5555_0000_0000_u64;
    let path = sandbox.path("order").to_str().unwrap().to_owned();
    let mut calls = Calls::default();
    let object = |calls: &mut Calls, path: &str, build_id: &str| {
        let (path, build_id) = (Is::Text(path), Is::Text(build_id));
        let size = ("size", Is::Number(0x10_0000));
        calls.call(
            "dl:object",
            7,
            &[("base", Is::Address(base)), size, ("path", path), ("build_id", build_id)],
        );
    };
    // The library is told after the first call from it.
    malloc(&mut calls, 10, 1, base + place);
    object(&mut calls, &path, "0123abcd");
    calls.call("dl:object_gone", 7, &[("base", Is::Address(base))]);
    // Another one at the same place.
    object(&mut calls, "/nowhere/lib\x1b.so", "");
    malloc(&mut calls, 20, 2, base + place);
    calls.call("dl:object_gone", 7, &[("base", Is::Address(base))]);
    object(&mut calls, &path, "ffff");
    malloc(&mut calls, 30, 3, base + place);
    calls.write(&sandbox.path("trace"), 7, "prog");

    let report = json(&sandbox, &["heap", "trace"]);
    let leaks = report["processes"][0]["leaks"].as_array().unwrap();
    assert_eq!(leaks.len(), 3, "{report:#}");
    let theirs = sandbox.shell(&format!("addr2line -C -f -e order {:#x}", place - 1)).stdout;
    let (function, place_in_file) = theirs.trim().split_once('\n').unwrap();
    let site = &leaks[2]["site"];
    let (file, line) = (site["file"].as_str().unwrap(), site["line"].as_u64().unwrap());
    assert_eq!(
        (site["function"].as_str().unwrap(), format!("{file}:{line}")),
        (function, place_in_file.to_owned())
    );
    assert!(function.starts_with("shop::order::place"), "{function}");
    assert_eq!(site["object"], path.as_str());
    assert_eq!(site["offset"], format!("{place:#x}"));
    for (at, object) in [(1, r"/nowhere/lib\x1b.so"), (0, path.as_str())] {
        assert_eq!(
            (&leaks[at]["site"]["object"], &leaks[at]["site"]["function"]),
            (&object.into(), &Value::Null)
        );
    }
    let notes = report["notes"].as_array().unwrap();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes.iter().any(|note| note.as_str().unwrap().contains("another build id")),
        "{notes:?}"
    );
    assert!(
        notes
            .iter()
            .any(|note| note.as_str().unwrap().contains(r"/nowhere/lib\x1b.so: No such file")),
        "{notes:?}"
    );
}

/// A path of the trace's may lead to anything.
#[test]
fn a_pipe_is_not_read_as_an_object() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.shell("mkfifo pipe").code(), 0);
    let mut calls = Calls::default();
    let path = sandbox.path("pipe").to_str().unwrap().to_owned();
    let object = [
        ("base", Is::Address(0)),
        ("size", Is::Number(4096)),
        ("path", Is::Text(&path)),
        ("build_id", Is::Text("")),
    ];
    calls.call("dl:object", 7, &object);
    malloc(&mut calls, 10, 1, 0x55);
    calls.write(&sandbox.path("trace"), 7, "prog");
    let text = sandbox.done(&["analyze", "heap", "trace"]);
    assert!(text.contains("pipe: not a plain file"), "{text}");
}
