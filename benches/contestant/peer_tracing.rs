//! The `tracing` crates: disabled, formatted into a file by tracing-appender, and recorded by `ust-tracing`.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use ust_benches::Result;

/// The small event.
#[inline(never)]
pub fn emit(events: u64) {
    for event in 0..events {
        tracing::info!(target: "bench", number = black_box(event as u32));
    }
}

/// What programs have: a message and some fields, in a span.
#[inline(never)]
pub fn emit_usual(events: u64) {
    let span = tracing::info_span!(target: "bench_spans", "request", id = 17);
    let _inside = span.enter();
    for event in 0..events {
        let peer = black_box("10.0.0.1:4711");
        tracing::info!(target: "bench", peer, bytes = black_box(event), "request done");
    }
}

/// An event that no rule names.
#[inline(never)]
pub fn emit_unwanted(events: u64) {
    for event in 0..events {
        tracing::info!(target: "unheard_of", number = black_box(event as u32));
    }
}

/// Sets a subscriber that wants nothing.
pub fn disable() -> Result<()> {
    Ok(tracing::subscriber::set_global_default(tracing::subscriber::NoSubscriber::new())?)
}

/// Sets the subscriber that records by rules.
pub fn record() -> Result<()> {
    Ok(tracing::subscriber::set_global_default(ust_tracing::subscriber())?)
}

/// Sets a registry whose only layer records by rules.
pub fn record_by_layer() -> Result<()> {
    let subscriber = tracing_subscriber::registry().with(ust_tracing::layer());
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

/// The file that lines go to, and the thread that writes them.
pub struct Appender {
    lines: Receiver<()>,
    writer: NonBlocking,
    _guard: WorkerGuard,
}

impl Appender {
    /// Sets a subscriber that formats every event and hands the line to a thread that writes it.
    pub fn install() -> Result<Self> {
        let (line_written, lines) = channel();
        let file = CountedLines { file: tempfile::tempfile()?, line_written };
        let (writer, guard) = NonBlockingBuilder::default().lossy(false).finish(file);
        let for_subscriber = writer.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || for_subscriber.make_writer())
            .init();
        Ok(Self { lines, writer, _guard: guard })
    }

    /// Waits until so many more lines are in the file; none may have been dropped.
    pub fn settle(&self, events: u64) -> Result<()> {
        for _ in 0..events {
            self.lines.recv()?;
        }
        match self.writer.error_counter().dropped_lines() {
            0 => Ok(()),
            dropped => Err(format!("{dropped} lines were dropped").into()),
        }
    }
}

/// The writing thread's end: each line is one write.
struct CountedLines {
    file: File,
    line_written: Sender<()>,
}

impl Write for CountedLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.file.write_all(line)?;
        // The receiver, which counts the lines, may have ended.
        let _ = self.line_written.send(());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
