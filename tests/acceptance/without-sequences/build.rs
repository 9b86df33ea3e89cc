//! Builds these packages with portable read-modify-writes, as for a processor that the library has no sequences for.

fn main() {
    println!("cargo::rustc-cfg=portable_rmw");
}
