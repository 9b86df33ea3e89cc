//! The daemon's log: one line for each event, whatever names the event quotes.
//!
//! Traced processes choose their names, and clients those of sessions and directories. A line end in a name must not
//! begin another line of the log, and no escape sequence may reach the terminal that shows it. So each event is made
//! [printable](ctf::printable) as a whole when it is written. For the same reason the log has no colours, which are
//! escape sequences.

use ctf::printable::printable;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Mutex;
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// Logs to a file, or to standard error.
pub fn start(file: Option<File>, level: LevelFilter) {
    match file {
        None => log_to(|| PrintableEvents(io::stderr()), level).init(),
        Some(file) => log_to_file(file, level).init(),
    }
}

fn log_to_file(file: File, level: LevelFilter) -> impl Subscriber + Send + Sync {
    log_to(Mutex::new(PrintableEvents(file)), level)
}

fn log_to(
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
    level: LevelFilter,
) -> impl Subscriber + Send + Sync {
    let log = tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false);
    log.with_writer(writer).finish()
}

/// Writes events. Each comes as one write that ends with a line end.
#[derive(Debug)]
struct PrintableEvents<W>(W);

impl<W: Write> Write for PrintableEvents<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        self.0.write_all(format!("{}\n", printable(line)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::subscriber::with_default;

    #[test]
    fn an_event_is_a_line_whatever_it_quotes() {
        let path = std::env::temp_dir().join(format!("ust-log-{}", std::process::id()));
        let file = File::create(&path).unwrap();
        with_default(log_to_file(file, LevelFilter::WARN), || {
            let name = "a\x1b[31m\n2026 ERROR forged\r\u{202e}\u{9b}";
            tracing::error!("process 1 ({name}): {:?}", name);
            tracing::error!(name, "second");
        });
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text.lines().count(), 2, "{text:?}");
        assert_eq!(ctf::printable::lines(&text).to_string(), text);
        assert!(text.contains(r"(a\x1b[31m\n2026 ERROR forged\r\xe2\x80\xae"), "{text}");
    }
}
