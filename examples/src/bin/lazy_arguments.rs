//! Arguments that cost something: computed only while the event is on.
//!
//! ```text
//! target/release/lazy_arguments                                            prints: orders priced: 0
//! target/release/ust record -o /tmp/lazy -e 'shop:*' -- target/release/lazy_arguments
//!                                                                          prints: orders priced: 2
//! target/release/ust record -o /tmp/one -e 'shop:order' -- target/release/lazy_arguments
//!                                                                          prints: orders priced: 1
//! ```
//!
//! The arguments of a plain call are evaluated whether the event is on or not, as for any function. `with` and `enabled`
//! look first whether it is on: they belong to a type that has the function's name.

use std::cell::Cell;
use ust::tracepoint;

#[tracepoint(provider = "shop", level = Info)]
fn order(id: u64, total_cents: u64);

#[tracepoint(provider = "shop", level = Notice)]
fn day_closed(total_cents: u64);

/// Prices, and how often they were computed.
struct Prices {
    asked: Cell<u32>,
}

impl Prices {
    /// Stands for a slow computation: a walk over a large structure, a look-up, a `format!`.
    fn total_cents(&self, order: u64) -> u64 {
        self.asked.set(self.asked.get() + 1);
        (1..=order).map(|item| 100 * item).sum()
    }
}

fn main() {
    let prices = Prices { asked: Cell::new(0) };

    // The closure returns the fields, in a tuple. It runs if the event is on, and not otherwise.
    order::with(|| (7, prices.total_cents(7)));

    // A single field needs no tuple. For several statements or several events, ask `enabled` first.
    if day_closed::enabled() {
        let total = prices.total_cents(7);
        day_closed(total);
    }

    println!("orders priced: {}", prices.asked.get());
}
