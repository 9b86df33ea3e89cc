use ust::tracepoint;

#[tracepoint]
fn files_indexed(paths: &[&str]);

fn main() {}
