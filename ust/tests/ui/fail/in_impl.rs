use ust::tracepoint;

struct Indexer;

impl Indexer {
    #[tracepoint]
    fn file_indexed(path: &str);

    #[tracepoint(span)]
    fn file(path: &str);
}

fn main() {}
