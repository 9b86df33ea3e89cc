use ust::tracepoint;

#[tracepoint]
fn stored(hash: u128);

fn main() {}
