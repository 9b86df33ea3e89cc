//! Shared memory: memfds, their mappings, and the only code that overlays words on mapped bytes.
//!
//! ```text
//!   memfd            creates sealed files; checks seals and sizes of files that came from elsewhere
//!   named            files with a name, which outlive both sides; not sealed
//!   walk             finds the way to a directory without following links that others laid
//!   own_dir          a directory of this user's alone, held by its descriptor
//!   out_of_the_way   keeps our descriptors off the numbers that the program uses
//!   mapping          maps files, and lends typed references to what is at an offset
//!   stream           lends the ring the words of one stream: `StreamWords`
//!   doorbell         the two words by which writers wake the consumer
//!   private          pages for what must be made without malloc
//! ```
//!
//! No code ever forms a `&[u8]` over memory that a peer can write. Raw pointers and atomics copy bytes
//! into private memory, where they are then checked.

pub mod doorbell;
pub mod guard;
pub mod mapping;
pub mod memfd;
pub mod named;
pub mod out_of_the_way;
pub mod own_dir;
pub mod private;
pub mod stream;
pub mod walk;

pub use mapping::Mapping;
pub use stream::{StreamWords, WriterWords};
