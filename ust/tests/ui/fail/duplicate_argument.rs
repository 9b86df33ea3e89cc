use ust::tracepoint;

#[tracepoint(level = Info, provider = "indexer", level = Debug)]
fn file_indexed(path: &str);

fn main() {}
