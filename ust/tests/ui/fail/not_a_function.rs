use ust::tracepoint;

#[tracepoint]
struct FileIndexed {
    path: String,
}

#[tracepoint]
static FILE_INDEXED: u32 = 0;

fn main() {}
