use ust::tracepoint;

struct Reason;

#[tracepoint]
fn failed(#[field(display)] why: &Reason);

fn main() {}
