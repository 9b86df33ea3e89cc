use std::borrow::{Borrow, Cow};
use ust::{Field, tracepoint};

#[derive(Field)]
struct Name<'a>(&'a str);

struct Owned<'a>(Name<'a>);

impl<'a> Borrow<Name<'a>> for Owned<'a> {
    fn borrow(&self) -> &Name<'a> {
        &self.0
    }
}

impl<'a> ToOwned for Name<'a> {
    type Owned = Owned<'a>;
    fn to_owned(&self) -> Owned<'a> {
        Owned(Name(self.0))
    }
}

#[tracepoint]
fn named(name: Cow<'_, Name<'_>>);

fn main() {}
