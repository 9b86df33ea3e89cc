//! A JSON value as it stands in a text, read or written: properties in their order, each once, and integers exactly.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

/// See the module's page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Integer(i128),
    /// A number with a fraction or an exponent, or one beyond 64 bits.
    Float(f64),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Node {
        Node::Text(text.into())
    }

    pub(crate) fn integer(number: impl Into<i128>) -> Node {
        Node::Integer(number.into())
    }

    /// An object with these properties, each of which has another name.
    pub(crate) fn object<N: Into<String>>(properties: impl IntoIterator<Item = (N, Node)>) -> Node {
        Node::Object(properties.into_iter().map(|(name, node)| (name.into(), node)).collect())
    }

    /// An array of these.
    pub(crate) fn array(elements: impl IntoIterator<Item = Node>) -> Node {
        Node::Array(elements.into_iter().collect())
    }

    /// What it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Bool(_) => "a truth value",
            Node::Integer(_) => "an integer",
            Node::Float(_) => "a number that is no integer of 64 bits",
            Node::Text(_) => "a string",
            Node::Array(_) => "an array",
            Node::Object(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node, D::Error> {
        from.deserialize_any(Nodes)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Node::Null => to.serialize_unit(),
            Node::Bool(value) => to.serialize_bool(*value),
            Node::Integer(number) => to.serialize_i128(*number),
            Node::Float(number) => to.serialize_f64(*number),
            Node::Text(text) => to.serialize_str(text),
            Node::Array(elements) => to.collect_seq(elements),
            Node::Object(properties) => {
                to.collect_map(properties.iter().map(|(name, node)| (name, node)))
            }
        }
    }
}

struct Nodes;

impl<'de> Visitor<'de> for Nodes {
    type Value = Node;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = from.next_element()? {
            elements.push(element);
        }
        Ok(Node::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let (mut properties, mut names) = (Vec::new(), HashSet::new());
        while let Some((name, value)) = from.next_entry::<String, Node>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format_args!("there are two properties `{name}`")));
            }
            properties.push((name, value));
        }
        Ok(Node::Object(properties))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_as_they_stand() {
        let text = r#"{"b": [18446744073709551615, -9223372036854775808, 1.0, 1e3], "a": null}"#;
        let numbers = vec![
            Node::Integer(u64::MAX.into()),
            Node::Integer(i64::MIN.into()),
            Node::Float(1.0),
            Node::Float(1000.0),
        ];
        let object = vec![("b".to_owned(), Node::Array(numbers)), ("a".to_owned(), Node::Null)];
        let object = Node::Object(object);
        assert_eq!(serde_json::from_str::<Node>(text).unwrap(), object);
        assert_eq!(
            serde_json::from_str::<Node>(&serde_json::to_string(&object).unwrap()).unwrap(),
            object
        );
        assert!(serde_json::from_str::<Node>(r#"{"a": 1, "a": 1}"#).is_err());
    }
}
