use ust::tracepoint;

#[tracepoint]
fn file_indexed(&self, path: &str);

fn main() {}
