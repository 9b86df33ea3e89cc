//! `ticks EVENTS [stay|a-moment]`: emits EVENTS and ends; or stays, until it is killed, or for a moment. Opens nothing and
//! starts nothing.

use std::time::Duration;
use ust::tracepoint;

/// It ends then even if a test has failed and left it behind.
const AT_MOST: Duration = Duration::from_secs(600);

#[tracepoint(provider = "ticks", level = Info)]
fn tick(sequence: u64);

fn main() {
    let mut arguments = std::env::args().skip(1);
    let events = arguments.next().and_then(|text| text.parse().ok()).expect("EVENTS");
    (0..events).for_each(tick);
    match arguments.next().as_deref() {
        None => {}
        Some("a-moment") => std::thread::sleep(Duration::from_secs(1)),
        Some(_) => std::thread::sleep(AT_MOST),
    }
}
