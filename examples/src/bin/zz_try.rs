//! x
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::net::SocketAddr;
use std::time::*;
use std::fmt::{Debug, Display};
use ust::tracepoint;
#[tracepoint]
fn owned(a: String, b: PathBuf, c: Vec<u8>, d: &Arc<str>, e: Box<[u32]>, f: std::borrow::Cow<'_, str>);
#[tracepoint]
fn refs(a: &Path, b: &bool, c: &[&str], #[field(display)] d: &std::io::Error, #[field(debug)] e: HashMap<u8, u8>, f: &SocketAddr, g: Duration, h: Instant, i: SystemTime);
#[tracepoint]
fn impls(a: impl AsRef<str>, b: impl AsRef<Path>, #[field(display)] c: impl Display, #[field(debug)] d: impl Debug, #[field(skip)] e: impl Sized);
#[tracepoint]
fn forms(#[field(hex)] a: u32, #[field(binary, network)] b: &[u16], #[field(octal, name = "mode")] c: Option<u64>, #[field(text)] d: &[u8], #[field(with = str::len)] e: &str, #[field(hex)] f: [u8; 6]);
#[tracepoint]
fn many(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8, m: u8, n: u8, o: u8, p: u8, q: u8, r: String, s: Result<u8, &str>);
fn main() {
    for _ in 0..3 {
    owned("a\nb".into(), "/x".into(), vec![1], &"arc".into(), vec![1, 2].into(), "cow".into());
    refs(Path::new("/a"), &true, &["a", "b"], &std::io::Error::other("no"), HashMap::from([(1, 2)]), &"127.0.0.1:80".parse().unwrap(), Duration::from_millis(2), Instant::now(), SystemTime::now());
    refs(Path::new("/a"), &true, &["a", "b"], &std::io::Error::other("x".repeat(600)), HashMap::new(), &"[fe80::1%3]:80".parse().unwrap(), Duration::from_millis(2), Instant::now(), SystemTime::now());
    impls(String::from("s"), "p", 5, Some(6), ());
    impls::when_on(|record| record("s", Path::new(&5.to_string()), &6, &7));
    impls::with(|| ("s", Path::new("x"), &6, &7));
    forms(0xdead, &[80, 0x5000], Some(0o644), b"bytes", "hello", [1; 6]);
    many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, "eighteen".into(), Err("bad"));
    }
}
