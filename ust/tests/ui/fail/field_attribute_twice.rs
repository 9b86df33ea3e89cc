use ust::tracepoint;

#[tracepoint]
fn opened(#[field(hex, debug)] inode: u64, #[field(display, text)] path: &str);

fn main() {}
