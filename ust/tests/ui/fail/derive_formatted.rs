

#[derive(ust::Field)]
struct Failed<'a> {
    #[field(display)]
    why: &'a str,
}

fn main() {}
