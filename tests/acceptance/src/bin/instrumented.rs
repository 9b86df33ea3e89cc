//! `instrumented`: calls functions of every kind that `#[tracepoint]` instruments. `tests/instrumented.rs` has what they leave.

use std::fmt::{Debug, Display};
use std::task::{Context, Poll, Waker};
use ust::tracepoint;

#[derive(Debug)]
struct Options {
    a: u8,
}
#[derive(Debug)]
struct Refused;
impl Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("refused")
    }
}

#[tracepoint(provider = "fns")]
fn add(a: u32, b: u32) -> u32 {
    a + b
}
#[tracepoint(provider = "fns", level = Info)]
fn fetch(
    url: &str,
    #[field(debug)] options: Options,
    n: &mut u64,
    v: Vec<u8>,
) -> Result<u32, Refused> {
    *n += 1;
    if options.a == 0 {
        return Err(Refused);
    }
    let x = v.len();
    drop(v);
    Ok(url.len() as u32 + x as u32)
}
#[tracepoint(provider = "fns")]
fn consumes(name: String) {
    drop(name);
}
#[tracepoint(provider = "fns")]
fn panics(x: u8) -> String {
    if x > 1 {
        panic!("no")
    }
    "fine".to_owned()
}
#[tracepoint(provider = "fns")]
fn generic<T: Debug + Clone, const N: usize>(
    #[field(debug)] t: &T,
    #[field(display)] d: impl Display,
    a: [u8; 2],
) -> Option<T> {
    let _ = (N, a, d.to_string());
    Some(t.clone())
}
#[tracepoint(provider = "fns", span)]
fn slow(path: String, n: u64) -> std::io::Result<u64> {
    std::fs::metadata(&path)?;
    drop(path);
    Ok(n)
}
#[tracepoint(provider = "fns", skip(b), ret(debug))]
unsafe fn lent(a: *const u8, b: &Options) -> Option<&Options> {
    let _ = a;
    Some(b)
}
#[tracepoint(provider = "fns")]
extern "C" fn of_c(a: i32) -> i32 {
    a * 2
}
#[tracepoint(provider = "fns")]
fn letters<'a>(s: &'a str) -> impl Iterator<Item = char> + 'a {
    s.chars()
}
#[tracepoint(provider = "fns")]
async fn work(n: u32) -> Result<u32, Refused> {
    for _ in 0..n {
        yielded().await;
    }
    if n > 2 {
        Err(Refused)?
    }
    Ok(n)
}
#[tracepoint(provider = "fns", span)]
async fn timed(name: &str) {
    yielded().await;
    let _ = name;
}
#[tracepoint(provider = "fns")]
async fn panics_later(n: u8) -> u8 {
    yielded().await;
    if n > 1 {
        panic!("no")
    }
    n
}
#[tracepoint(provider = "fns", span)]
fn optional(name: Option<&str>) {
    let _ = name;
}
#[tracepoint(provider = "fns", span)]
fn request(conn: u64, command: &str);

struct Cache<T>(Vec<T>);
#[tracepoint(provider = "fns", level = Notice)]
impl<T: Debug + Clone> Cache<T> {
    const fn new() -> Self {
        Self(Vec::new())
    }
    fn insert(&mut self, #[field(debug)] t: T) -> usize {
        self.0.push(t);
        self.0.len()
    }
    #[tracepoint(skip)]
    fn quiet(&self) {}
    #[tracepoint(name = "getter", ret(debug))]
    fn get(&self, i: usize) -> Option<&T> {
        self.0.get(i)
    }
}
#[tracepoint(provider = "fns")]
mod inner {
    pub(super) fn one(a: u8) -> u8 {
        a
    }
    pub(super) struct S;
    impl S {
        pub(super) fn two(#[field(debug, name = "this")] &self) {}
    }
    impl std::fmt::Debug for S {
        #[tracepoint(skip)]
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("S!")
        }
    }
}
/// Is ready when it is polled for the second time.
async fn yielded() {
    let mut is_first = true;
    std::future::poll_fn(|_| {
        if std::mem::take(&mut is_first) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

fn block_on<F: Future>(f: F) -> F::Output {
    let mut f = std::pin::pin!(f);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(x) = f.as_mut().poll(&mut cx) {
            return x;
        }
    }
}
#[tracepoint(provider = "fns", skip_all)]
fn opened<T>(t: T, path: &str) -> std::io::Result<T> {
    std::fs::metadata(path)?;
    Ok(t)
}
#[tracepoint(provider = "fns", skip_all)]
fn parsed<E>(number: Result<u16, E>) -> Result<u16, E> {
    number
}
struct Connection;
#[tracepoint(provider = "fns", skip_all)]
impl Connection {
    fn refused(why: Refused) -> Result<Self, Refused> {
        Err(why)
    }
}
fn main() {
    assert_eq!(add(1, 2), 3);
    let mut n = 1;
    let _ = fetch("http://x", Options { a: 0 }, &mut n, vec![1, 2]);
    let _ = fetch("http://x", Options { a: 1 }, &mut n, vec![1, 2]);
    consumes("n".into());
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| panics(2));
    panics(1);
    generic::<_, 3>(&Some(1), 5, [1, 2]);
    let _ = slow("/etc/passwd".into(), 1);
    let _ = slow("/nonexistent".into(), 1);
    let _ = slow("x".repeat(1000), 1);
    // SAFETY: it looks at no pointer.
    let _ = unsafe { lent(std::ptr::without_provenance(0x10), &Options { a: 1 }) };
    of_c(4);
    let _ = letters("ab").count();
    let _ = block_on(work(1));
    let _ = block_on(work(3));
    block_on(timed("ws"));
    drop(timed("never polled"));
    {
        let mut f = Box::pin(work(1));
        let mut cx = Context::from_waker(Waker::noop());
        let _ = f.as_mut().poll(&mut cx);
    }
    {
        let _s = request(7, "GET");
    }
    block_on(request(8, "PUT").in_future(work(2))).unwrap();
    let mut c = Cache::new();
    c.insert("a");
    c.quiet();
    c.get(0);
    inner::one(1);
    inner::S.two();
    let _ = std::panic::catch_unwind(|| block_on(panics_later(2)));
    optional(Some(&"x".repeat(1000)));
    let _ = opened(Connection, "/nonexistent");
    let _ = opened(Connection, "/");
    let _ = parsed::<Connection>(Ok(5));
    let _ = parsed(Err(Connection));
    let _ = Connection::refused(Refused);
}
