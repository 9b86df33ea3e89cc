use ust::tracepoint;

#[tracepoint]
fn file_indexed(path: &str) {
    println!("{path}");
}

fn main() {}
