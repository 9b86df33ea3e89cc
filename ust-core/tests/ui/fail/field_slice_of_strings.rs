use ust_core::tracepoint;

#[tracepoint]
fn files_indexed(paths: &[&str]);

fn main() {}
