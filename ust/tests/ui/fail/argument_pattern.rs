use ust::tracepoint;

#[tracepoint]
fn add((left, right): (u32, u32)) -> u32 {
    left + right
}

fn main() {}
