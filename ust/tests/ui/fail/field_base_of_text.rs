use ust::tracepoint;

#[tracepoint]
fn opened(#[field(hex)] path: &str);

fn main() {}
