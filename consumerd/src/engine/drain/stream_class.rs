//! A channel as traces describe it: a stream class, whose id is the channel's number in its session.

use crate::channel_name::stream_file_name;
use crate::engine::api::ChannelUid;
use ctf::write::metadata::{self, Integer};
use ust_core::abi::Buffers;

/// See the module page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamClass {
    /// The channel.
    pub channel: ChannelUid,
    /// Its name, with which the names of its stream files begin.
    pub name: String,
    /// Who writes to one stream.
    pub buffers: Buffers,
}

impl StreamClass {
    /// The name of stream file number `instance`.
    pub fn file_name(&self, instance: u64) -> String {
        stream_file_name(&self.name, instance)
    }

    /// Its description for the metadata.
    pub fn described(&self, id: u32) -> metadata::StreamClass {
        // Contexts keep bare names.
        let (owner, ty) = match self.buffers {
            Buffers::PerThread => ("vtid", Integer::I32),
            Buffers::PerCpu => ("cpu_id", Integer::U32),
        };
        metadata::StreamClass { id, extra: vec![(owner.into(), ty)], context: Vec::new() }
    }
}

/// The environment's word for who writes to one stream.
pub fn buffering_scheme(classes: &[StreamClass]) -> &'static str {
    let has = |buffers| classes.iter().any(|class| class.buffers == buffers);
    match (has(Buffers::PerThread), has(Buffers::PerCpu)) {
        (true, true) => "tid and cpu",
        (false, true) => "cpu",
        _ => "tid",
    }
}
