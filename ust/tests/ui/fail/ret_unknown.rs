use ust::tracepoint;

#[tracepoint(ret(pretty))]
fn open(path: &str) -> bool {
    path.is_empty()
}

fn main() {}
