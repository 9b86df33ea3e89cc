//! First steps: one tracepoint, one call.
//!
//! ```text
//! cargo build --release
//! target/release/ust record -o /tmp/first -e 'indexer:*' -- target/release/first_steps
//! target/release/ust view /tmp/first                    (or: babeltrace2 /tmp/first)
//! ```
//!
//! Without `ust record`, or a daemon, the call is a load and a branch that is not taken.

use ust::tracepoint;

// A function without a body: its parameters are the event's fields. It is called like any other.
#[tracepoint(provider = "indexer", level = Info)]
fn file_indexed(path: &str, bytes: u64, words: u32, ok: bool);

fn main() {
    file_indexed("a.txt", 1204, 187, true);
}
