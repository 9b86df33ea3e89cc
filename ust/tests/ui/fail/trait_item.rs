use ust::tracepoint;

trait Store {
    #[tracepoint]
    fn get(&self, key: &str) -> u64;
}

fn main() {}
