use ust::tracepoint;

#[tracepoint]
mod elsewhere;

fn main() {}
