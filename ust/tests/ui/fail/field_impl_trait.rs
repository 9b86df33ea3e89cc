use ust::tracepoint;

#[tracepoint]
fn failed(why: impl std::fmt::Display);

fn main() {}
