use ust::tracepoint;

struct Inode(u64);

#[tracepoint]
fn file_indexed(path: &str, inode: Inode);

fn main() {}
