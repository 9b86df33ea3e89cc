use ust::tracepoint;

struct Cache;

impl Cache {
    #[tracepoint]
    fn merge(&self, other: &Self) {
        let _ = other;
    }
}

fn main() {}
