//! The feature `sdt`: other tools find the tracepoints, stop at them, and read their arguments, whether or not anything is recorded.
//!
//! Judged by readelf and gdb. A package of its own is built for it, because features are one choice for a workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;
use ust_acceptance::own_package::OwnPackage;
use ust_acceptance::skip::has;
use ust_test_support::command::run;

const MANIFEST: &str = r#"
[package]
name = "probed"
version = "0.1.0"
edition = "2024"

[workspace]

[dependencies]
ust = { path = "UST", features = ["sdt"] }
"#;

const LIBRARY: &str = r#"
//! What a program links of a library.
#![forbid(unsafe_code, unused, missing_docs)]

#[ust::tracepoint(provider = "shop")]
fn linked(number: u32);

#[ust::tracepoint(provider = "shop")]
fn dropped(number: u32);

/// Is called.
#[inline(never)]
pub fn called(number: u32) {
    linked(number);
}

/// The linker drops it.
#[inline(never)]
pub fn not_called(number: u32) {
    dropped(number);
}
"#;

const PROGRAM: &str = r#"
#![forbid(unsafe_code, unused)]

use std::hint::black_box;
use ust::tracepoint;

#[tracepoint(provider = "shop")]
fn ordered(id: u32, change: i16, customer: &str, price: f64, parts: &[u64], far: u64);

#[tracepoint(provider = "shop")]
fn many(a: u64, b: u64, c: &str, d: u8, e: &str, f: &str, g: u64, h: u64);

#[tracepoint(provider = "shop", span)]
fn request(id: u64, what: &str);

#[tracepoint(provider = "shop")]
fn lazy(id: u64, what: impl AsRef<str>);

#[tracepoint(provider = "shop")]
#[inline(never)]
fn pack(count: u16, list: &mut Vec<u8>) -> Result<usize, std::fmt::Error> {
    list.push(count as u8);
    if count > 2 { Err(std::fmt::Error) } else { Ok(list.len()) }
}

fn main() {
    for id in 40..43 {
        ordered(black_box(id), black_box(-7), "Ada", 1.5, black_box(&[1, 2, 3]), 1 << 40);
    }
    many(1, 2, "c", 4, "e", "f", 7, 8);
    drop(request(9, "GET"));
    let mut made = 0;
    lazy::with(|| {
        made += 1;
        (5, "text")
    });
    let _ = pack(black_box(1), &mut vec![7]);
    let _ = pack(black_box(3), &mut vec![7]);
    ust::event!("shop:paid", Info, total = black_box(-12_i64), why = ?black_box(Some(3)));
    ust::text!("hello {}", black_box(17));
    let _span = ust::span!("shop:parse", id = black_box(4_u8));
    probed::called(black_box(1));
    println!("made {made}, enabled {}", lazy::enabled());
}
"#;

/// Lines of gdb's: a probe, and what is printed whenever it is passed.
const STOPS: &[(&str, &str)] = &[
    (
        "shop:ordered",
        r#""ordered %d %d %.3s of %d, %d and %d, %ld of %d\n", $_probe_arg0, $_probe_arg1, (char *)$_probe_arg2, $_probe_arg3, ((unsigned long *)$_probe_arg4)[2], $_probe_arg5, $_probe_arg6, $_probe_argc"#,
    ),
    ("shop:request", r#""request %d of %d\n", $_probe_arg0, $_probe_argc"#),
    ("shop:lazy", r#""lazy %d %.4s of %d\n", $_probe_arg0, (char *)$_probe_arg1, $_probe_arg2"#),
    ("shop:pack_entry", r#""entry %d of %d\n", $_probe_arg0, $_probe_argc"#),
    ("shop:pack_exit", r#""exit of %d\n", $_probe_argc"#),
    ("shop:paid", r#""paid %d %.7s of %d\n", $_probe_arg0, (char *)$_probe_arg1, $_probe_arg2"#),
    ("probed:text", r#""text %.8s of %d\n", (char *)$_probe_arg0, $_probe_arg1"#),
    ("shop:parse", r#""parse %d\n", $_probe_arg0"#),
];

const STOPPED: &[&str] = &[
    "ordered 40 -7 Ada of 3, 3 and 3, 1099511627776 of 7",
    "ordered 41 -7 Ada of 3, 3 and 3, 1099511627776 of 7",
    "ordered 42 -7 Ada of 3, 3 and 3, 1099511627776 of 7",
    "request 9 of 3",
    "lazy 5 text of 4",
    "entry 1 of 2",
    "exit of 0",
    "entry 3 of 2",
    "exit of 0",
    "paid -12 Some(3) of 7",
    "text hello 17 of 8",
    "parse 4",
    // While gdb is there, values are made and the tracepoint says that it is on.
    "made 1, enabled true",
];

fn package() -> OwnPackage {
    let files = [("src/lib.rs", LIBRARY), ("src/main.rs", PROGRAM)];
    let package = OwnPackage::new(env!("CARGO_TARGET_TMPDIR"), "probed", MANIFEST, &files);
    assert_eq!(package.cargo("build", &[]).succeeded().stderr, "");
    package
}

/// A probe, as readelf lists it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Listed {
    location: u64,
    base: u64,
    semaphore: u64,
    arguments: String,
}

fn listed(package: &OwnPackage) -> BTreeMap<String, BTreeSet<Listed>> {
    let mut readelf = Command::new("readelf");
    let notes = run(readelf.args(["--notes", "--wide"]).arg(package.built("probed")));
    let notes = notes.succeeded().stdout;
    let mut probes: BTreeMap<String, BTreeSet<Listed>> = BTreeMap::new();
    for note in notes.split("NT_STAPSDT").skip(1) {
        let value = |key: &str| {
            let behind = note.split_once(key).expect(key).1;
            behind.split(['\n', ',']).next().unwrap_or_default().trim().to_owned()
        };
        let address = |key| {
            let digits = value(key);
            u64::from_str_radix(digits.trim_start_matches("0x"), 16).expect("an address")
        };
        let probe = Listed {
            location: address("Location:"),
            base: address("Base:"),
            semaphore: address("Semaphore:"),
            arguments: value("Arguments:"),
        };
        let name = format!("{}:{}", value("Provider:"), value("Name:"));
        probes.entry(name).or_default().insert(probe);
    }
    probes
}

/// The sizes of the arguments.
fn sizes(arguments: &str) -> Vec<&str> {
    arguments.split(' ').map(|argument| argument.split('@').next().unwrap_or_default()).collect()
}

#[test]
fn readelf_lists_each_tracepoint_that_is_linked() {
    if !has("readelf", &["--version"]) {
        return;
    }
    let probes = listed(&package());
    let names: Vec<&str> = probes.keys().map(String::as_str).collect();
    let expected = [
        "probed:text",
        "shop:lazy",
        "shop:linked",
        "shop:many",
        "shop:ordered",
        "shop:pack_entry",
        "shop:pack_exit",
        "shop:paid",
        "shop:parse",
        "shop:request",
    ];
    assert_eq!(names, expected, "without the one in a function that the linker drops");
    let all = || probes.values().flatten();
    assert!(all().all(|probe| probe.location != 0 && probe.base != 0 && probe.semaphore != 0));
    let semaphores = |probes: &BTreeSet<Listed>| {
        probes.iter().map(|probe| probe.semaphore).collect::<BTreeSet<u64>>()
    };
    assert!(probes.values().all(|places| semaphores(places).len() == 1), "{probes:#?}");
    let distinct: BTreeSet<u64> = all().map(|probe| probe.semaphore).collect();
    assert_eq!(distinct.len(), expected.len(), "one for each tracepoint");

    if cfg!(not(target_arch = "x86_64")) {
        return;
    }
    let sizes_of = |name: &str| -> BTreeSet<Vec<&str>> {
        probes[name].iter().map(|probe| sizes(&probe.arguments)).collect()
    };
    let only = |sizes: &[&'static str]| BTreeSet::from([sizes.to_vec()]);
    // `price` is left out: no integer register has it.
    assert_eq!(sizes_of("shop:ordered"), only(&["4", "-2", "8", "8", "8", "8", "8"]));
    // The first six fields.
    assert_eq!(sizes_of("shop:many"), only(&["8", "8", "8", "8", "1", "8", "8", "8", "8"]));
    assert_eq!(sizes_of("shop:request"), only(&["8", "8", "8"]));
    assert_eq!(sizes_of("shop:paid"), only(&["-8", "8", "8"]));
    assert_eq!(sizes_of("shop:pack_exit"), only(&[""]));
}

#[test]
fn gdb_stops_at_each_tracepoint_and_reads_its_arguments() {
    if !has("gdb", &["--version"]) {
        return;
    }
    if cfg!(not(target_arch = "x86_64")) {
        ust_acceptance::skip::skipped("the arguments are compared on x86-64 only");
        return;
    }
    let package = package();
    let mut script = String::from("set breakpoint pending off\ninfo probes stap\n");
    for (probe, printed) in STOPS {
        script += &format!("break -probe-stap {probe}\ncommands\nsilent\n");
        script += &format!("printf {printed}\ncontinue\nend\n");
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("probed.gdb");
    fs::write(&path, script + "run\n").expect("a script");
    let mut gdb = Command::new("gdb");
    gdb.args(["--nx", "--batch", "--command"]).arg(path).arg(package.built("probed"));
    let said = run(&mut gdb).succeeded().stdout;
    let starts: Vec<&str> =
        STOPPED.iter().filter_map(|line| line.split_whitespace().next()).collect();
    let is_stop = |line: &&str| starts.iter().any(|start| line.starts_with(&format!("{start} ")));
    let stops: Vec<&str> = said.lines().filter(is_stop).collect();
    assert_eq!(stops, STOPPED, "{said}");
}

#[test]
fn without_a_tool_lazy_values_are_not_made() {
    let package = package();
    let said = run(&mut Command::new(package.built("probed"))).succeeded().stdout;
    assert_eq!(said, "made 0, enabled false\n");
}

/// Only the library: it is assembled, and not linked, for which there may be no linker here.
#[test]
fn probes_are_assembled_for_other_machines() {
    let package = package();
    for triple in ["aarch64-unknown-linux-gnu", "i686-unknown-linux-gnu"] {
        let mut rustc = Command::new("rustc");
        let libraries = run(rustc.args(["--print", "target-libdir", "--target", triple]));
        if !Path::new(libraries.succeeded().stdout.trim()).is_dir() {
            ust_acceptance::skip::skipped(&format!("{triple} is not installed"));
            continue;
        }
        let built = package.cargo("build", &["--lib", "--target", triple]).succeeded();
        assert_eq!(built.stderr, "", "{triple}");
    }
}
