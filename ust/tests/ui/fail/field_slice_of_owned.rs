use ust::tracepoint;

#[tracepoint]
fn files_indexed(paths: &[String]);

fn main() {}
