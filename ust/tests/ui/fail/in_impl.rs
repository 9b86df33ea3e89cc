use ust::tracepoint;

struct Indexer;

impl Indexer {
    #[tracepoint]
    fn file_indexed(path: &str);
}

fn main() {}
