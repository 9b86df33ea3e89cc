//! `owned_fields`: emits the fields that are more than numbers and borrowed texts: owned values, paths, times, addresses, wrappers,
//! other forms of numbers, formatted values. Reports what it emitted, as `all_fields` does.

// As any program has them.
#![allow(clippy::disallowed_types)]

use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::fmt::{Debug, Display};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{NonZeroI16, NonZeroU64, Wrapping};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{Duration, Instant, SystemTime};
use ust::{Field, tracepoint};
use ust_acceptance::report;

#[tracepoint(provider = "owned")]
fn owners(
    a: String,
    b: Vec<u16>,
    c: Box<str>,
    d: Arc<[u8]>,
    e: Rc<u64>,
    f: Cow<'_, str>,
    g: CString,
);

#[tracepoint(provider = "owned")]
fn lent(a: &String, b: &Vec<String>, c: &mut u64, d: &[&str], e: Option<&Rc<i8>>, f: &bool);

#[tracepoint(provider = "owned")]
fn texts(
    path: &Path,
    owned: PathBuf,
    name: &OsStr,
    argument: OsString,
    #[field(text)] bytes: &[u8],
);

#[tracepoint(provider = "owned")]
fn times(
    duration: Duration,
    system: SystemTime,
    before: SystemTime,
    since: Instant,
    later: Instant,
);

#[tracepoint(provider = "owned")]
fn addresses(
    v4: Ipv4Addr,
    v6: Ipv6Addr,
    socket: SocketAddr,
    scoped: &SocketAddr,
    ip: std::net::IpAddr,
);

#[tracepoint(provider = "owned")]
fn wrapped(
    a: NonZeroU64,
    b: NonZeroI16,
    c: Wrapping<u8>,
    d: &AtomicU64,
    e: &AtomicBool,
    f: Option<NonZeroU64>,
    g: Result<u8, &str>,
    h: Result<u8, String>,
    pointer: *mut u8,
);

#[tracepoint(provider = "owned")]
fn forms(
    #[field(hex)] a: u32,
    #[field(network)] b: u16,
    #[field(octal, name = "mode")] c: Option<u64>,
    #[field(binary)] d: &[u8],
    #[field(hex, network)] e: [u32; 2],
    #[field(skip)] _f: u8,
    #[field(with = str::len)] g: &str,
);

#[tracepoint(provider = "owned")]
fn formatted(
    #[field(display)] a: &std::io::Error,
    #[field(debug)] b: BTreeMap<u8, u8>,
    #[field(display)] c: impl Display,
    #[field(debug)] d: impl Debug,
    e: impl AsRef<str>,
    f: impl AsRef<Path>,
);

#[tracepoint(provider = "owned")]
#[rustfmt::skip]
fn many(
    a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8, n: u8, o: u8, p: u8,
    q: String, r: u64, s: &str,
);

#[derive(Field, Clone, Copy)]
struct Inode {
    #[field(hex)]
    number: u64,
    #[field(name = "is_dir")]
    directory: bool,
    #[field(skip)]
    _cached: usize,
    #[field(network)]
    port: u16,
}

#[tracepoint(provider = "owned")]
fn derived(inode: Inode);

fn text(number: impl ToString) -> Value {
    Value::String(number.to_string())
}

fn main() {
    let mut account = Vec::new();
    owners(
        "a\u{e9}".into(),
        vec![1, 65535],
        "boxed".into(),
        Arc::from([0, 255]),
        Rc::new(u64::MAX),
        Cow::Borrowed("cow"),
        c"c".into(),
    );
    account.push(json!({
        "a": "a\u{e9}", "b": ["1", "65535"], "c": "boxed", "d": ["0", "255"], "e": text(u64::MAX), "f": "cow", "g": "c",
    }));
    lent(
        &"s".into(),
        &vec!["x".into(), String::new()],
        &mut 7,
        &["p", "q"],
        Some(&Rc::new(-1)),
        &true,
    );
    account.push(json!({"a": "s", "b": ["x", ""], "c": "7", "d": ["p", "q"], "e": "-1", "f": "1"}));
    let path = Path::new("/tmp/\u{fc}");
    texts(path, path.into(), OsStr::from_bytes(b"name"), "arg".into(), b"by\0tes");
    account.push(json!({
        "path": path, "owned": path, "name": "name", "argument": "arg", "bytes": "by\u{1a}tes",
    }));
    times_of(&mut account);
    addresses(
        Ipv4Addr::LOCALHOST,
        Ipv6Addr::LOCALHOST,
        SocketAddr::from(([10, 0, 255, 1], 65535)),
        &"[fe80::1%3]:80".parse().expect("an address"),
        Ipv6Addr::UNSPECIFIED.into(),
    );
    account.push(json!({
        "v4": "127.0.0.1", "v6": "::1", "socket": {"ip": "10.0.255.1", "port": "65535"},
        "scoped": {"ip": "fe80::1%3", "port": "80"}, "ip": "::",
    }));
    let one = NonZeroU64::MIN;
    wrapped(
        NonZeroU64::MAX,
        NonZeroI16::MIN,
        Wrapping(200),
        &AtomicU64::new(9),
        &AtomicBool::new(true),
        Some(one),
        Ok(3),
        Err("wrong".into()),
        std::ptr::without_provenance_mut(0xbeef),
    );
    account.push(json!({
        "a": text(u64::MAX), "b": text(i16::MIN), "c": "200", "d": "9", "e": "1", "f": "1", "g": "3", "h": "wrong",
        "pointer": text(0xbeef),
    }));
    let port = u16::to_be(443);
    forms(0xdead, port, Some(0o644), &[5, 6], [1_u32.to_be(), 2_u32.to_be()], 1, "four");
    account.push(json!({
        "a": text(0xdead), "b": "443", "mode": text(0o644), "d": ["5", "6"], "e": ["1", "2"], "g": "4",
    }));
    let long = "x".repeat(1000);
    formatted(
        &std::io::Error::other("no"),
        [(1, 2)].into(),
        &long,
        Some("d"),
        String::from("e"),
        "f",
    );
    account.push(json!({
        "a": "no", "b": "{1: 2}", "c": "x".repeat(509) + "…", "d": "Some(\"d\")", "e": "e", "f": "f",
    }));
    formatted::when_on(|record| {
        let (c, f) = (6.5.to_string(), PathBuf::from("made"));
        record(&std::io::Error::other("when"), BTreeMap::new(), &c, &(), "on", &f);
    });
    account.push(json!({"a": "when", "b": "{}", "c": "6.5", "d": "()", "e": "on", "f": "made"}));
    many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, "17".into(), 18, "19");
    let names = ('a'..='p').zip(1..).map(|(name, value)| (name.to_string(), text(value)));
    let rest = [("q", "17"), ("r", "18"), ("s", "19")];
    let rest = rest.map(|(name, value)| (name.to_owned(), text(value)));
    account.push(Value::Object(names.chain(rest).collect()));
    derived(Inode { number: 0xabc, directory: true, _cached: 3, port });
    account.push(json!({"inode": {"number": text(0xabc), "is_dir": "1", "port": "443"}}));
    report::write(&account);
}

fn times_of(account: &mut Vec<Value>) {
    let now = Instant::now();
    let epoch = SystemTime::UNIX_EPOCH;
    // The first instant anchors all others: what it is can only be said of their distance.
    times(
        Duration::new(1, 5),
        epoch + Duration::from_nanos(17),
        epoch - Duration::from_secs(1),
        now,
        now + Duration::from_nanos(12_345),
    );
    account.push(json!({
        "duration": text(1_000_000_005_u64), "system": "17", "before": text(-1_000_000_000_i64), "since": "*",
        "later": "* 12345",
    }));
}
