//! Programs that use `tracing`, recorded by `ust-tracing`.
#![deny(unsafe_code)]
