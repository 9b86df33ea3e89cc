use ust::tracepoint;

#[tracepoint]
fn file_indexed<T: Copy, const N: usize>(path: &str, value: T) where T: Send;

#[tracepoint]
fn file_found(path: impl AsRef<str>);

fn main() {}
