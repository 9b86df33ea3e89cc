use ust::tracepoint;

#[tracepoint]
fn opened(#[field(name)] inode: u64, #[field(with)] path: &str, #[field(name = "a-b")] mode: u32);

fn main() {}
