use ust::tracepoint;

#[tracepoint]
fn file_indexed(path: &str, bytes: u64);

fn main() {
    file_indexed("a.rs");
    file_indexed(512, "a.rs");
    file_indexed::with(|| "a.rs");
}
