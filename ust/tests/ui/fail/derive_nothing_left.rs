

#[derive(ust::Field)]
struct Cache {
    #[field(skip)]
    words: u64,
}

fn main() {}
