//! A trace's lines and errors, by each of the two ways in which records are read.

use std::path::Path;

use ctf::read::{Event, Format, Place, ReadError, Reader, Records};
use ctf::schema::Type;
use ctf::text::{Out, Printer};

/// By plans, where classes have them.
pub fn planned(dir: &Path) -> Vec<String> {
    let (mut lines, mut printer, mut out) = (Vec::new(), Printer::utc(), Out::default());
    let mut records = Records::open(dir).unwrap();
    while let Some(record) = records.next_record() {
        out.truncate(0);
        match record.and_then(|record| printer.record(record, &mut out)) {
            Ok(()) => lines.push(String::from_utf8_lossy(out.as_bytes()).trim_end().to_owned()),
            Err(error) => lines.push(error.to_string()),
        }
    }
    lines
}

/// By the general decoder.
pub fn general(dir: &Path) -> Vec<String> {
    let mut printer = Printer::utc();
    let line = |event: Result<Event, ReadError>| match event {
        Ok(event) => printer.line(&event).trim_end().to_owned(),
        Err(error) => error.to_string(),
    };
    Reader::open(dir).unwrap().map(line).collect()
}

/// How many classes have plans.
pub fn plans(dir: &Path) -> usize {
    let records = Records::open(dir).unwrap();
    records.classes().iter().filter(|class| class.plan(&mut Nothing).is_some()).count()
}

struct Nothing;

impl Format for Nothing {
    type Node = ();

    fn node(&mut self, _: Place<'_>, _: &Type) {}

    fn end(&mut self, _: &Type) {}
}
