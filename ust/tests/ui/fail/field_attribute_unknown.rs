use ust::tracepoint;

#[tracepoint]
fn opened(#[field(hexadecimal)] inode: u64, #[field(pretty)] path: &str);

fn main() {}
