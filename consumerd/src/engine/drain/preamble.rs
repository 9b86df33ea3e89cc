//! The beginning of a trace's metadata: identity, machine and process, clock, and the contents of each packet.

use super::stream_class::{StreamClass, buffering_scheme};
use crate::engine::clock::ClockDescription;
use crate::engine::process_file::{ProcessFile, Program};
use ctf::write::metadata::{self, Clock, EnvValue};

/// The preamble of one process's metadata.
pub fn preamble(
    uuid: [u8; 16],
    process: &ProcessFile,
    clock: ClockDescription,
    classes: &[StreamClass],
) -> String {
    let text = |value: &str| EnvValue::Str(value.into());
    let number = |value: u64| EnvValue::Int(value as i64);
    let version = |part: &str| EnvValue::Int(part.parse().unwrap_or(0));
    let hostname = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let env = [
        ("hostname", text(&hostname)),
        ("domain", text("ust")),
        ("tracer_name", text("ust")),
        ("tracer_major", version(env!("CARGO_PKG_VERSION_MAJOR"))),
        ("tracer_minor", version(env!("CARGO_PKG_VERSION_MINOR"))),
        ("tracer_patchlevel", version(env!("CARGO_PKG_VERSION_PATCH"))),
        ("tracer_buffering_scheme", text(buffering_scheme(classes))),
        ("vpid", number(process.pid.into())),
        ("procname", text(&process.program.name)),
        ("vpid_datetime", text(&utc(process.created_realtime_ns))),
        ("clock_pair_cycles", number(clock.pair.cycles)),
        ("clock_pair_monotonic_ns", number(clock.pair.monotonic_ns)),
        ("clock_pair_realtime_ns", number(clock.pair.realtime_ns)),
    ];
    let Program { exe, command_line, build_id, .. } = &process.program;
    let program = [("exe", exe), ("command_line", command_line), ("build_id", build_id)];
    let known = program.into_iter().filter(|(_, it)| !it.is_empty());
    let env = env.into_iter().chain(known.map(|(key, value)| (key, text(value))));
    let (offset_s, offset_cycles) = clock.offset();
    let name = match clock.kind {
        ust_core::clock::ClockKind::Tsc => "tsc",
        ust_core::clock::ClockKind::Monotonic => "monotonic",
    };
    metadata::preamble(&metadata::Trace {
        uuid,
        env: env.map(|(key, value)| (key.into(), value)).collect(),
        clock: Clock {
            name: name.into(),
            uuid: None,
            description: format!("{name}, offset to the epoch"),
            freq_hz: clock.freq_hz,
            offset_s,
            offset_cycles,
        },
        streams: (0..).zip(classes).map(|(id, class)| class.described(id)).collect(),
    })
}

/// `20261121T034512Z`, as LTTng writes moments, in UTC.
fn utc(realtime_ns: u64) -> String {
    let moment = jiff::Timestamp::from_nanosecond(realtime_ns.into());
    moment.map(|moment| moment.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_lttng_does() {
        assert_eq!(utc(0), "19700101T000000Z");
        assert_eq!(utc(951_827_696_000_000_000), "20000229T123456Z");
        assert_eq!(utc(1_795_230_000_123_456_789), "20261121T030000Z");
    }
}
