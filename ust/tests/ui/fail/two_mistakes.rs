use ust::tracepoint;

#[tracepoint(lvl = Info)]
async fn file_indexed(mut path: &str) -> bool;

fn main() {}
