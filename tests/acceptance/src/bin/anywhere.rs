//! `anywhere`: events, texts and spans without a declaration, beside a declared one. `tests/anywhere.rs` has what they leave.
#![forbid(unsafe_code)]

use std::fmt::Debug;
use std::path::Path;
use ust::{Field, event, span, text, tracepoint};

#[tracepoint(provider = "anywhere")]
fn declared(id: u64);

#[derive(Field, Clone, Copy)]
struct Point {
    x: i32,
    y: i32,
}

/// One class, whatever `T` is.
fn formatted<T: Debug>(value: T) {
    event!("anywhere:formatted", Info, value = ?value);
}

/// No class: its field has several types.
fn ambiguous<T: Field>(value: T) {
    event!("anywhere:ambiguous", value);
}

/// Inlined into several callers, it is still one class.
#[inline(always)]
fn inlined(number: u8) {
    event!("anywhere:inlined", number);
}

fn main() {
    let (id, name) = (7_u64, String::from("Ada"));
    declared(1);
    for step in 0..2 {
        event!(
            "anywhere:order",
            Notice,
            id = id + step,
            customer = %name,
            why = ?Some(1),
            name,
            path = Path::new("/x"),
            at = Point { x: 1, y: -1 },
        );
    }
    event!("anywhere:nothing");
    event!("own_provider");
    formatted(1_u8);
    formatted("text");
    ambiguous(1_u8);
    ambiguous("text");
    inlined(1);
    std::hint::black_box(inlined as fn(u8))(2);
    text!(Info, "{} has {id}", name);
    text!("plain");
    drop(span!("anywhere:parse", file = Path::new("a.rs"), ?id));
    event!(
        "anywhere:evaluated",
        value = {
            // Only if it is on: no rule of the second run of the test names it.
            println!("evaluated");
            3_u16
        }
    );
}
