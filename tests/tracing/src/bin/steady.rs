//! `steady`: the same events again and again, in a span that is entered for each of them. The report says how often that
//! allocated, after the first rounds.

use tracing::{info, info_span};
use ust_acceptance::quiet::{CountingAllocator, allocations};
use ust_acceptance::report;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn main() {
    tracing::subscriber::set_global_default(ust_tracing::subscriber()).expect("it is the first");
    let span = info_span!(target: "steady", "work", later = tracing::field::Empty);
    let round = |number: u64| {
        let _inside = span.enter();
        span.record("later", number);
        info!(target: "steady", number, yes = true, text = "text", float = 0.5, shown = %number, debug = ?Some("text"), "message {number}");
        info!(target: "steady", long = %format_args!("{:>5000}", number));
    };
    (0..100).for_each(round);
    let before = allocations();
    (0..1000).for_each(round);
    report::write(&(allocations() - before));
}
