use ust::tracepoint;

#[tracepoint]
fn owned(content: Vec<u8>, path: String, pair: (u8, String), hash: u128, file: std::path::PathBuf);

#[tracepoint]
fn borrowed(content: &Vec<u8>, path: &String);

fn main() {}
