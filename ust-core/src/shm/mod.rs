//! Shared memory: memfds, their mappings, and the one place where words are overlaid on mapped bytes.
//!
//! ```text
//!   memfd   creates sealed files, checks seals and sizes of those that came from elsewhere
//!   named   the same with a name, for what is to outlive both sides; not sealed
//!   walk       finds the way to a directory without following links that others laid
//!   own_dir    a directory of this user's alone, held by its descriptor
//!   standard   keeps what we open from the numbers of the program's standard descriptors
//!   mapping maps them, and lends typed references to what stands at an offset
//!   stream  lends the ring the words of one stream: `StreamWords`
//!   doorbell   the two words by which writers wake the daemon
//!   private    pages for what must be made without malloc
//! ```
//!
//! No `&[u8]` is ever formed over memory that a peer can write: bytes go in and out through raw pointers
//! and atomics, into private memory, where they are then checked.

pub mod doorbell;
pub mod guard;
pub mod mapping;
pub mod memfd;
pub mod named;
pub mod own_dir;
pub mod private;
pub mod standard;
pub mod stream;
pub mod walk;

pub use mapping::Mapping;
pub use stream::{StreamWords, WriterWords};
