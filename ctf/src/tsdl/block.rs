//! The entries of one block, by name, with types looked up.

use std::collections::{HashMap, HashSet};

use super::ast::{Entry, Value, Wrong};
use super::named::Named;
use super::resolve::Resolver;
use crate::schema::{EnvValue, EventType, Type};

/// A block's entries.
pub(super) struct Block<'a> {
    /// Where it begins.
    pub(super) at: usize,
    values: Vec<(&'a str, &'a Value<'a>, usize)>,
    types: Vec<(&'a str, Named, usize)>,
}

impl<'a> Block<'a> {
    /// Looks up the types of a block, each of whose entries has a name of its own.
    pub(super) fn read(
        entries: &'a [Entry<'a>],
        resolver: &mut Resolver,
        at: usize,
    ) -> Result<Block<'a>, Wrong> {
        let mut block = Block::of_values(entries, at)?;
        for entry in entries {
            match entry {
                Entry::Declaration(declaration) => resolver.declare(declaration)?,
                Entry::Value { .. } => {}
                Entry::Type { path, ty, at } => {
                    if block.types.iter().any(|(other, ..)| other == path) {
                        return Err((*at, format!("`{path}` for the second time")));
                    }
                    // A block with thousands of types has no meaning for readers.
                    if is_part(path) {
                        block.types.push((path, resolver.resolve(ty)?, *at));
                    }
                }
            }
        }
        Ok(block)
    }

    /// The values alone.
    pub(super) fn of_values(entries: &'a [Entry<'a>], at: usize) -> Result<Block<'a>, Wrong> {
        let block = Block::of_any_values(entries, at);
        let mut names = HashSet::with_capacity(block.values.len());
        for (name, _, at) in &block.values {
            if !names.insert(*name) {
                return Err((*at, format!("`{name}` for the second time")));
            }
        }
        Ok(block)
    }

    /// The values of a block in which a name may stand again.
    pub(super) fn of_any_values(entries: &'a [Entry<'a>], at: usize) -> Block<'a> {
        let values = entries.iter().filter_map(|entry| match entry {
            Entry::Value { path, value, at } => Some((&**path, value, *at)),
            _ => None,
        });
        Block { at, values: values.collect(), types: Vec::new() }
    }

    pub(super) fn value(&self, name: &str) -> Option<(&'a Value<'a>, usize)> {
        self.values.iter().find(|(path, ..)| *path == name).map(|(_, value, at)| (*value, *at))
    }

    /// A type, and where the text has it.
    pub(super) fn named(&self, name: &str) -> Option<(&Named, usize)> {
        self.types.iter().find(|(path, ..)| *path == name).map(|(_, named, at)| (named, *at))
    }

    pub(super) fn ty(&self, name: &str) -> Option<Type> {
        self.named(name).map(|(named, _)| named.ty.clone())
    }

    /// Text, or a word in its place.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.value(name)?.0.word()
    }

    pub(super) fn number<N: TryFrom<i128>>(&self, name: &str) -> Result<Option<N>, Wrong> {
        let Some((value, at)) = self.value(name) else { return Ok(None) };
        let number = match value {
            Value::Int(number) => N::try_from(*number).ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| (at, format!("`{name}` cannot be this")))
    }

    /// The values as facts about what was traced. Of a name that stands again, the last value counts.
    pub(super) fn add_to(&self, env: &mut Vec<(String, EnvValue)>) {
        let known = env.iter().enumerate().map(|(place, (name, _))| (name.clone(), place));
        let mut places: HashMap<String, usize> = known.collect();
        for (name, value, _) in &self.values {
            let value = match value {
                Value::Int(number) => match i64::try_from(*number) {
                    Ok(number) => EnvValue::Int(number),
                    Err(_) => EnvValue::Str(number.to_string()),
                },
                Value::Text(text) | Value::Path(text) => EnvValue::Str(text.clone()),
                Value::Word(word) => EnvValue::Str((*word).to_owned()),
            };
            let place = *places.entry((*name).to_owned()).or_insert(env.len());
            match env.get_mut(place) {
                Some((_, known)) => *known = value,
                None => env.push(((*name).to_owned(), value)),
            }
        }
    }

    pub(super) fn event(&self) -> Result<EventType, Wrong> {
        Ok(EventType {
            name: self.text("name").unwrap_or_default().to_owned(),
            id: self.number("id")?.unwrap_or(0),
            loglevel: self.number("loglevel")?,
            source: self.text("model.emf.uri").map(str::to_owned),
            context: self.ty("context"),
            fields: self.ty("fields"),
        })
    }
}

/// Whether a type with this name describes a part of packets or records.
fn is_part(path: &str) -> bool {
    matches!(
        path,
        "packet.header"
            | "packet.context"
            | "event.header"
            | "event.context"
            | "context"
            | "fields"
    )
}
