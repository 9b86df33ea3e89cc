use ust_core::tracepoint;

#[tracepoint]
fn file_indexed(path: &str);

#[tracepoint]
fn file_indexed(path: &str, bytes: u64);

fn main() {}
