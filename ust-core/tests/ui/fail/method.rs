use ust_core::tracepoint;

#[tracepoint]
fn file_indexed(&self, path: &str);

fn main() {}
