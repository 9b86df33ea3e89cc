use ust::tracepoint;

struct Options;

#[tracepoint]
fn open(path: &str, options: &Options) {
    let _ = (path, options);
}

fn main() {}
