#![deny(unused_must_use)]
use ust::tracepoint;

#[tracepoint(span)]
fn request(connection: u64);

fn serve() {
    request(7);
}

fn main() {}
