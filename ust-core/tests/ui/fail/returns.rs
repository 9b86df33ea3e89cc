use ust_core::tracepoint;

#[tracepoint]
fn file_indexed(path: &str) -> u32;

fn main() {}
