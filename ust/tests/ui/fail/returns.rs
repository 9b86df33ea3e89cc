use ust::tracepoint;

#[tracepoint]
fn file_indexed(path: &str) -> u32;

fn main() {}
