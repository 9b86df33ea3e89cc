use ust::tracepoint;

#[tracepoint]
fn file_indexed((path, size): (&str, u64), _: u8, mut words: u32, ref ok: bool, #[cfg(unix)] mode: u32);

fn main() {}
