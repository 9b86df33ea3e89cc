use ust::tracepoint;

#[tracepoint(ret(debug), skip_all)]
fn opened(path: &str);

fn main() {}
