//! `big_records BYTES COUNT`: records of that many bytes of text, each between two small ones.

use ust::tracepoint;

#[tracepoint(provider = "big", level = Info)]
fn text(number: u64, text: &str);

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<usize>().expect("a number"));
    let mut next = || arguments.next().expect("BYTES COUNT");
    let (bytes, count) = (next(), next() as u64);
    let long = "x".repeat(bytes);
    text(0, "first");
    for number in 0..count {
        text(2 * number + 1, &long);
        text(2 * number + 2, "small");
    }
}
