use ust_core::tracepoint;

struct Indexer;

impl Indexer {
    #[tracepoint]
    fn file_indexed(path: &str);
}

fn main() {}
