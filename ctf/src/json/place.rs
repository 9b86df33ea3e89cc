//! A JSON value together with where it is, so that each expectation that it does not meet names the place.

use std::fmt::Write;
use std::ops::RangeInclusive;

use super::node::Node;

/// The place in a fragment, and what is wrong there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) path: String,
    pub(super) message: String,
}

/// A value and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) node: &'p Node,
    step: Step<'p>,
    parent: Option<&'p Place<'p>>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Fragment,
    Property(&'p str),
    Element(usize),
}

/// An object whose properties are all known.
#[derive(Debug)]
pub(super) struct Object<'p> {
    place: &'p Place<'p>,
    properties: &'p [(String, Node)],
}

impl<'p> Place<'p> {
    pub(super) fn fragment(node: &'p Node) -> Place<'p> {
        Place { node, step: Step::Fragment, parent: None }
    }

    /// The error that this is wrong.
    pub(super) fn wrong(&self, message: impl Into<String>) -> Wrong {
        Wrong { path: self.path(), message: message.into() }
    }

    /// The error that something else was expected.
    pub(super) fn expected(&self, what: &str) -> Wrong {
        let found = match self.node {
            Node::Integer(number) => number.to_string(),
            Node::Text(text) if text.chars().count() <= 60 => format!("`{text}`"),
            node => node.kind().to_owned(),
        };
        self.wrong(format!("expected {what}, found {found}"))
    }

    fn path(&self) -> String {
        let mut path = self.parent.map(Place::path).unwrap_or_default();
        match self.step {
            Step::Fragment => {}
            Step::Property(name) => {
                path.push_str(if path.is_empty() { "" } else { "." });
                path.push_str(name);
            }
            Step::Element(at) => {
                let _ = write!(path, "[{at}]");
            }
        }
        path
    }

    pub(super) fn text(&self) -> Result<&'p str, Wrong> {
        match self.node {
            Node::Text(text) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    /// An integer within these bounds, which `what` describes.
    pub(super) fn integer(&self, within: RangeInclusive<i128>, what: &str) -> Result<i128, Wrong> {
        match self.node {
            Node::Integer(number) if within.contains(number) => Ok(*number),
            _ => Err(self.expected(what)),
        }
    }

    /// An integer of 64 bits without sign.
    pub(super) fn unsigned(&self) -> Result<u64, Wrong> {
        let number = self.integer(0..=u64::MAX.into(), "an integer from 0 to 2^64 - 1")?;
        Ok(number as u64)
    }

    pub(super) fn elements<'s>(
        &'s self,
    ) -> Result<impl ExactSizeIterator<Item = Place<'s>> + use<'s>, Wrong> {
        let Node::Array(elements) = self.node else { return Err(self.expected("an array")) };
        let place = |(at, node)| Place { node, step: Step::Element(at), parent: Some(self) };
        Ok(elements.iter().enumerate().map(place))
    }

    /// The properties of an object, whatever their names are.
    pub(super) fn entries<'s>(
        &'s self,
    ) -> Result<impl ExactSizeIterator<Item = (&'s str, Place<'s>)> + use<'s>, Wrong> {
        let Node::Object(properties) = self.node else { return Err(self.expected("an object")) };
        let entry = |(name, node): &'s (String, Node)| {
            (&**name, Place { node, step: Step::Property(name), parent: Some(self) })
        };
        Ok(properties.iter().map(entry))
    }

    /// An object that has no other properties than these.
    pub(super) fn object<'s>(&'s self, known: &[&[&str]]) -> Result<Object<'s>, Wrong> {
        let Node::Object(properties) = self.node else { return Err(self.expected("an object")) };
        let object = Object { place: self, properties };
        for (name, _) in properties {
            if !known.iter().any(|known| known.contains(&&**name)) {
                return Err(self.wrong(format!("there is no property `{name}` here")));
            }
        }
        Ok(object)
    }

    /// The property of an object that may have others too.
    pub(super) fn peek(&self, name: &str) -> Option<&'p Node> {
        let Node::Object(properties) = self.node else { return None };
        properties.iter().find(|(property, _)| property == name).map(|(_, node)| node)
    }
}

impl<'p> Object<'p> {
    pub(super) fn get(&self, name: &str) -> Option<Place<'p>> {
        let (name, node) = self.properties.iter().find(|(property, _)| property == name)?;
        Some(Place { node, step: Step::Property(name), parent: Some(self.place) })
    }

    pub(super) fn required(&self, name: &str) -> Result<Place<'p>, Wrong> {
        self.get(name).ok_or_else(|| self.place.wrong(format!("the property `{name}` is missing")))
    }
}
