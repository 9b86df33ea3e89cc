use ust::tracepoint;

#[tracepoint(skip(pth))]
fn open(path: &str) {
    let _ = path;
}

fn main() {}
