use ust::tracepoint;

const __UST_CALLSITE: usize = 4;

#[tracepoint]
fn __ust_declare(a: u8);

#[tracepoint]
fn file_indexed(__ust_field0: u8, hashes: [u8; __UST_CALLSITE]);

struct Index;

impl Index {
    const HASHES: usize = 4;
}

#[tracepoint]
fn hashed(hashes: [u8; Self::HASHES]);

#[tracepoint]
fn u64(bytes: u32);

#[tracepoint]
fn outcome(r#Ok: bool, None: bool);

fn main() {
    let _ = Index::HASHES;
}
