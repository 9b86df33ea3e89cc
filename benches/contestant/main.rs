//! The program that is measured: `ust-bench-contestant BODY THREADS [stepped]`. `ust_benches::worker` talks to it on its
//! standard input and output.
//!
//! It is a program of its own so that benches and tests measure the very same code.

mod floor;
mod ours;
mod peer_tracing;
mod plugin;
#[cfg(target_arch = "x86_64")]
mod steps;
mod typical;

use ust_benches::Result;
use ust_benches::contestant::STEPPED;
use ust_benches::worker::Requests;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (body, threads, is_stepped) = match &arguments[..] {
        [body, threads] => (body, threads, false),
        [body, threads, how] if how == STEPPED => (body, threads, true),
        _ => return Err("this is started by benches: see benches/src/lib.rs".into()),
    };
    if !ours::are_set_up() {
        return Err("the tracepoints are not as the recorder wants them".into());
    }
    let mut appender = None;
    let in_plugin;
    let emitter;
    let measured: &(dyn Fn(u64) + Sync) = match body.as_str() {
        "empty_loop" => &floor::empty_loop,
        "clock_gettime" => &floor::clock_gettime,
        #[cfg(target_arch = "x86_64")]
        "rdtsc" => &floor::rdtsc,
        #[cfg(target_arch = "x86_64")]
        "floor" => &floor::floor,
        #[cfg(target_arch = "x86_64")]
        "shared_floor" => &floor::shared_floor,
        "switched_off" => &ours::emit_switched_off,
        "small" => &ours::emit_small,
        "large" => &ours::emit_large,
        "plugin" => {
            in_plugin = plugin::load()?;
            &move |events| in_plugin(events)
        }
        "tracing_off" => {
            peer_tracing::disable()?;
            &peer_tracing::emit
        }
        "tracing_none" => &peer_tracing::emit_unwanted,
        "tracing_unwanted" => {
            peer_tracing::record()?;
            &peer_tracing::emit_unwanted
        }
        "tracing_recorded" => {
            peer_tracing::record()?;
            &peer_tracing::emit
        }
        "tracing_layer" => {
            peer_tracing::record_by_layer()?;
            &peer_tracing::emit
        }
        "tracing_layer_usual" => {
            peer_tracing::record_by_layer()?;
            &peer_tracing::emit_usual
        }
        "tracing_recorded_usual" => {
            peer_tracing::record()?;
            &peer_tracing::emit_usual
        }
        "tracing_appender" => {
            appender = Some(peer_tracing::Appender::install()?);
            &peer_tracing::emit
        }
        "tracing_appender_usual" => {
            appender = Some(peer_tracing::Appender::install()?);
            &peer_tracing::emit_usual
        }
        body => {
            emitter = typical::emitter(body).ok_or_else(|| format!("nobody is called {body}"))?;
            &emitter
        }
    };
    #[cfg(target_arch = "x86_64")]
    if is_stepped {
        steps::prepare()?;
        return Requests::when_ready()?.serve_with(|events| {
            // Not counted: the very first event makes the ring, and the first after a pause has the long header.
            measured(1);
            steps::count(|| measured(events))
        });
    }
    #[cfg(not(target_arch = "x86_64"))]
    if is_stepped {
        return Err("steps are taken on x86-64 only".into());
    }
    let settle = |events| appender.as_ref().map_or(Ok(()), |appender| appender.settle(events));
    Requests::when_ready()?.serve(threads.parse()?, measured, settle)
}
