//! `tells_fields alone|beside`: an event or a span with each kind of field. The subscriber stands alone, or is a layer beside one
//! that prints to nowhere.

use std::error::Error;
use std::fmt;
use tracing::field::Empty;
use tracing::{Level, debug, error, event, info, info_span, span, trace, warn};
use tracing_subscriber::prelude::*;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("alone") => tracing::subscriber::set_global_default(ust_tracing::subscriber())
            .expect("it is the first"),
        _ => tracing_subscriber::registry()
            .with(ust_tracing::layer())
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::sink))
            .with(ust_tracing::layer())
            .init(),
    }
    numbers();
    texts();
    shapes();
    spans();
    odd_values();
}

/// Emits an event when it is formatted.
struct Talks;

impl fmt::Debug for Talks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(target: "fields::odd", number = 1, "within");
        f.write_str("talks")
    }
}

/// Cannot be formatted.
struct Panics;

impl fmt::Debug for Panics {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("by intention")
    }
}

fn odd_values() {
    info!(target: "fields::odd", before = 1, talks = ?Talks, after = 2, "around");
    std::panic::set_hook(Box::new(|_| {}));
    let caught = std::panic::catch_unwind(|| info!(target: "fields::odd", panics = ?Panics));
    assert!(caught.is_err());
    info!(target: "fields::odd", "goes on");
    log::warn!(target: "of_log", "by log");
}

fn numbers() {
    info!(
        target: "fields::numbers",
        u8 = 200_u8,
        u64 = u64::MAX,
        i8 = -100_i8,
        i64 = i64::MIN,
        i128 = i128::MIN,
        u128 = u128::MAX,
        f32 = 0.5_f32,
        f64 = -1e300,
        yes = true,
        no = false,
    );
}

#[derive(Debug)]
struct Failed(Option<Box<Failed>>, &'static str);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.as_deref().map(|error| error as _)
    }
}

fn texts() {
    let failed = Failed(Some(Box::new(Failed(None, "no space"))), "not written");
    error!(target: "fields::texts", text = "plain", debug = ?"quoted", display = %"shown", error = &failed as &dyn Error);
    warn!(target: "fields::texts", nul = "a\0b", empty = "", wide = "Größe →");
    debug!(target: "fields::texts", long = %"x".repeat(5000), after = 7);
    debug!(target: "fields::texts", long = %"ä".repeat(5000), after = 7);
    debug!(target: "fields::texts", long = ?Pieces(""), after = 7);
    debug!(target: "fields::texts", long = ?Pieces("x"), after = 7);
    trace!(target: "fields::texts", bytes = &[1_u8, 2, 255][..], "a message, and {}", "bytes");
}

/// A long text, written in small pieces. Goes on after an error.
struct Pieces(&'static str);

impl fmt::Debug for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        let written = (0..5000).map(|_| f.write_str("ä"));
        written.fold(Ok(()), fmt::Result::or)
    }
}

fn shapes() {
    // One callsite, and a shape for each set of fields that is there.
    for which in 0..16_u64 {
        let field = |bit: u64, value: u64| (which & 1 << bit != 0).then_some(value);
        event!(
            target: "fields::shapes",
            Level::INFO,
            a = field(0, which),
            b = field(1, which + 1),
            c = field(2, which + 2),
            d = (which & 8 != 0).then_some("text"),
        );
    }
}

fn spans() {
    let outer = info_span!(target: "fields::spans", "outer", id = 1, later = Empty);
    outer.record("later", "now");
    let _outer = outer.enter();
    info!(target: "fields::spans", "in outer");
    {
        let inner = span!(target: "fields::spans", Level::DEBUG, "inner", http.method = "GET");
        inner.follows_from(&outer);
        inner.in_scope(|| info!(target: "fields::spans", "in inner"));
        info!(target: "fields::spans", parent: &inner, "said to be in inner");
        info!(target: "fields::spans", parent: None, "in none");
    }
    let root = info_span!(target: "fields::spans", parent: None, "root");
    drop(root);
}
