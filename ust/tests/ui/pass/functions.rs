//! Instrumenting a function does not change what it does, nor what it may be.
#![deny(warnings, missing_docs, rust_2018_idioms, clippy::pedantic)]

use std::cell::RefCell;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use ust::tracepoint;

struct Store(u32, Vec<u32>);

#[tracepoint]
impl Store {
    fn lent(&mut self) -> &mut u32 {
        &mut self.0
    }
    fn lent_perhaps(&mut self) -> Option<&mut u32> {
        self.1.first_mut()
    }
    fn all(&mut self) -> &mut [u32] {
        &mut self.1
    }
    fn changed(mut self, number: u32) -> Self {
        self.0 = number;
        self
    }
    fn boxed(self: Box<Self>) -> u32 {
        self.0
    }
    fn pinned(self: Pin<&mut Self>) -> u32 {
        self.get_mut().0
    }
    async fn lent_later(&mut self) -> &mut u32 {
        std::future::ready(&mut self.0).await
    }
    #[tracepoint(span)]
    async fn named<'a>(&'a mut self, name: &'a str) -> Result<&'a str, fmt::Error> {
        std::future::ready(self.0).await;
        Ok(name)
    }
}

#[tracepoint]
impl Iterator for Store {
    type Item = u32;
    fn next(&mut self) -> Option<u32> {
        self.1.pop()
    }
}

#[tracepoint]
fn lent_by_name<'a>(names: &'a mut Vec<String>, index: usize) -> Option<&'a mut String> {
    names.get_mut(index)
}

#[tracepoint]
fn coerced(is_short: bool) -> Box<dyn Debug> {
    if is_short {
        return Box::new(1_u8);
    }
    Box::new("text")
}

#[tracepoint]
async fn coerced_later(is_short: bool) -> Result<Box<dyn Debug + Send>, Box<dyn std::error::Error>> {
    std::future::ready(()).await;
    if is_short {
        return Ok(Box::new(1_u8));
    }
    Err("long")?
}

#[tracepoint]
fn changed(mut number: u32, mut bytes: Vec<u8>) -> usize {
    number += 1;
    bytes.push(1);
    number as usize + bytes.len()
}

#[tracepoint]
fn taken_apart(
    #[field(skip)] (mut number, text): (u32, String),
    #[field(skip)] ref lent: String,
    _: u8,
) -> usize {
    number += 1;
    number as usize + text.len() + lent.len()
}

#[tracepoint]
fn any(text: impl AsRef<str>, #[field(debug)] shown: impl Debug) -> impl Iterator<Item = usize> {
    [text.as_ref().len(), format!("{shown:?}").len()].into_iter()
}

#[tracepoint]
fn lived<'a, 'b: 'a, T, const N: usize>(
    one: &'a str,
    other: &'b str,
    #[field(debug)] of: [T; N],
) -> &'a str
where
    T: Debug + Copy,
{
    if of.len() > 2 { one } else { other }
}

#[tracepoint]
async fn factorial(number: u64) -> u64 {
    if number == 0 { 1 } else { number * Box::pin(factorial(number - 1)).await }
}

#[tracepoint]
async fn never(_number: u32) -> ! {
    loop {
        std::future::pending::<()>().await;
    }
}

#[tracepoint]
fn never_returns() -> ! {
    std::process::exit(0)
}

#[tracepoint]
fn nested(number: u32) -> u32 {
    #[tracepoint]
    fn inner(number: u32) -> u32 {
        number + 1
    }
    let closure = |number: u32| {
        if number > 3 {
            return 1;
        }
        inner(number)
    };
    'found: loop {
        if closure(number) > 0 {
            break 'found number;
        }
    }
}

#[tracepoint]
#[track_caller]
fn tracked(_number: u32) -> Result<&'static Location<'static>, fmt::Error> {
    Ok(Location::caller())
}

#[tracepoint]
mod module {
    #![allow(clippy::needless_pass_by_value)]
    use super::*;

    macro_rules! next {
        ($number:expr) => {
            $number + 1
        };
    }

    pub(super) fn by_macro(number: u32) -> u32 {
        next!(number)
    }
    pub(super) fn allowing(number: u32) -> u32 {
        #![allow(unused_variables)]
        let unused = 1;
        number
    }
    pub(super) fn future(#[field(skip)] store: Store) -> impl Future<Output = u32> {
        async move { store.0 }
    }
}

/// Says when it is dropped.
struct Dropped<'a>(&'a RefCell<String>, char);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

#[tracepoint(skip_all)]
fn drops(a: Dropped<'_>, b: Dropped<'_>, c: Dropped<'_>) -> u32 {
    let order = [b.1, a.1, c.1];
    order.len() as u32
}

#[tracepoint(skip_all)]
async fn drops_later(a: Dropped<'_>, b: Dropped<'_>, c: Dropped<'_>) -> u32 {
    let order = [b.1, a.1, c.1];
    std::future::ready(order).await.len() as u32
}

#[tracepoint]
impl Display for Store {
    fn fmt(&self, #[field(skip)] f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn is_send<T: Send>(_: &T) {}

fn main() {
    let mut store = Store(1, vec![5]).changed(2);
    *store.lent() += 1;
    *store.lent_perhaps().unwrap() += 1;
    assert_eq!(store.all(), [6]);
    *block_on(store.lent_later()) += 1;
    assert_eq!(block_on(store.named("name")), Ok("name"));
    assert_eq!(Pin::new(&mut store).pinned(), 4);
    assert_eq!((store.to_string(), store.next()), ("4".to_owned(), Some(6)));
    assert_eq!(block_on(module::future(store)), 4);
    assert_eq!(Box::new(Store(7, vec![])).boxed(), 7);

    lent_by_name(&mut vec!["a".into()], 0).unwrap().push('b');
    assert_eq!(format!("{:?} {:?}", coerced(true), coerced(false)), "1 \"text\"");
    assert!(block_on(coerced_later(true)).is_ok() && block_on(coerced_later(false)).is_err());
    assert_eq!(changed(1, vec![1]), 4);
    assert_eq!(taken_apart((1, "text".into()), "more".into(), 1), 10);
    assert_eq!(any("text", 17).sum::<usize>(), 6);
    assert_eq!(lived("one", "other", [1]), "other");
    assert_eq!(block_on(factorial(5)), 120);
    is_send(&factorial(1));
    is_send(&never(1));
    assert_eq!((nested(2), module::by_macro(1), module::allowing(1)), (2, 2, 1));
    assert_eq!(tracked(1).unwrap().line(), line!());

    let order = RefCell::new(String::new());
    let dropped = |name| Dropped(&order, name);
    drops(dropped('a'), dropped('b'), dropped('c'));
    block_on(drops_later(dropped('a'), dropped('b'), dropped('c')));
    assert_eq!(*order.borrow(), "cbacba");
    never_returns();
}
