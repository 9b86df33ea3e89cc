//! The linker makes symbols that say where linkme's sections begin and end. They are this object's own affair.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,start-stop-visibility=hidden");
}
