use ust::tracepoint;

#[tracepoint]
fn opened(#[field(with = std::path::Path::components)] path: &std::path::Path);

fn main() {}
