use ust::tracepoint;

#[tracepoint]
async fn fetched(url: &str);

fn main() {}
