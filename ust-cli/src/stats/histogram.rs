//! The durations of one name as bars, by powers of two.

use super::text::{durations, header};
use crate::failure::Failure;
use crate::figures::{bar, duration, grouped};
use consumerd::cause::Cause;
use ctf::printable::printable;
use ctf::text::Printer;
use ctf_analysis::report::Report;

/// Names that are told if the one that was asked for is not there.
const NAMES_MAX: usize = 10;

/// The figures and the bars.
pub fn text(report: &Report, name: &str) -> Result<String, Failure> {
    let name = printable(name).to_string();
    let Some(span) = report.span(&name) else {
        let names = report.spans.iter().take(NAMES_MAX).map(|span| span.name.as_str());
        let there = match names.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() => "there are no durations".to_owned(),
            names => format!("there are {names}"),
        };
        let text = format!("no durations of the name {name}: {there}");
        return Err(Failure::new(Cause::Unreadable, text));
    };
    let has_busy = span.busy_ns.is_some();
    let mut text = header(has_busy) + &durations(span, has_busy);
    let longest = Printer::new().time(span.longest_at_ns);
    text += &format!("The longest ended at {longest}.\n");
    let most = span.histogram.iter().map(|bucket| bucket.count).max();
    for bucket in &span.histogram {
        let range = format!("{} to {}", duration(bucket.from_ns), duration(bucket.to_ns));
        let bar = bar(bucket.count, most);
        text += format!("{range:>26}  {:>12} {bar}", grouped(bucket.count)).trim_end();
        text.push('\n');
    }
    Ok(text)
}
