//! Tells cargo that the embedded demo courses are sources, too.

fn main() {
    println!("cargo:rerun-if-changed=demo");
    println!("cargo:rerun-if-changed=build.rs");
}
