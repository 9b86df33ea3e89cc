use ust::tracepoint;

#[tracepoint(providr = "indexer")]
fn misspelt(path: &str);

#[tracepoint(colour = "red")]
fn unheard_of(path: &str);

#[tracepoint(provider)]
fn without_a_value(path: &str);

#[tracepoint(provider = indexer)]
fn without_quotes(path: &str);

fn main() {}
