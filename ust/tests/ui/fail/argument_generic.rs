use ust::tracepoint;

#[tracepoint]
fn show<T: std::fmt::Debug>(value: T, other: impl Sized) {
    let _ = (value, other);
}

fn main() {}
