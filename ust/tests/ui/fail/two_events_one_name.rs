use ust::tracepoint;

#[tracepoint]
fn file_indexed(path: &str);

#[tracepoint]
fn file_indexed(path: &str, bytes: u64);

fn main() {}
