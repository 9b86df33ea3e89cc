//! Hands the values of an event to a visitor, as a plan of its class does.
//!
//! A class that has no plan is read by the general decoder; with this, what takes values has one form for both.

use super::event::Event;
use super::plan::{Format, Place, Visitor};
use super::value::Value;
use crate::schema::{Scope, Type};

impl Event {
    /// Hands its values to a visitor, each with the node that `format` makes for it.
    pub fn replay<F: Format, V: Visitor<F::Node>>(&self, format: &mut F, visitor: &mut V) {
        visitor.begin();
        let streams = &self.trace.metadata.streams;
        let stream = streams.get(&self.packet.stream_id);
        let parts = [
            (
                Scope::StreamEventContext,
                stream.and_then(|stream| stream.event_context.as_ref()),
                &self.stream_context,
            ),
            (Scope::EventContext, self.class.context.as_ref(), &self.context),
            (Scope::Fields, self.class.fields.as_ref(), &self.fields),
        ];
        for (scope, ty, value) in parts {
            if let (Some(ty), Some(value)) = (ty, value) {
                replay(Place::Part(scope), ty, value, format, visitor);
            }
        }
    }
}

/// Hands over one value of this type.
pub(crate) fn replay<F: Format, V: Visitor<F::Node>>(
    place: Place<'_>,
    ty: &Type,
    value: &Value,
    format: &mut F,
    visitor: &mut V,
) {
    if let Type::Aligned { ty, .. } = ty {
        return replay(place, ty, value, format, visitor);
    }
    let node = format.node(place, ty);
    match (ty, value) {
        (_, Value::Unsigned { value, .. }) => visitor.unsigned(&node, *value),
        (_, Value::Signed { value, .. }) => visitor.signed(&node, *value),
        (_, Value::Character(number)) => visitor.unsigned(&node, u64::from(*number)),
        (_, Value::Float { value, .. }) => visitor.float(&node, *value),
        (_, Value::Text(text)) => visitor.text(&node, text),
        (_, Value::Bits { value, .. }) => visitor.unsigned(&node, *value),
        (_, Value::Truth(truth)) => visitor.unsigned(&node, u64::from(*truth)),
        (_, Value::Blob(bytes)) => visitor.blob(&node, bytes),
        (_, Value::Optional(None)) => visitor.absent(&node),
        (Type::Optional(optional), Value::Optional(Some(value))) => {
            visitor.open(&node);
            replay(Place::Optional, &optional.ty, value, format, visitor);
            visitor.close(&format.end(ty));
        }
        (_, Value::Enum { ty, value }) if ty.container.signed => {
            visitor.signed(&node, *value as i64);
        }
        (_, Value::Enum { value, .. }) => visitor.unsigned(&node, *value as u64),
        (Type::Struct(all), Value::Struct(values)) => {
            visitor.open(&node);
            for (at, ((_, ty), (_, value))) in all.fields.iter().zip(values).enumerate() {
                replay(Place::Field { fields: &all.fields, at }, ty, value, format, visitor);
            }
            visitor.close(&format.end(ty));
        }
        (Type::Variant(variant), Value::Variant { place, value, .. }) => {
            visitor.open(&node);
            if let Some((name, ty)) = variant.options.all().get(*place) {
                replay(Place::Option(name), ty, value, format, visitor);
            }
            visitor.close(&format.end(ty));
        }
        (Type::Array { elem, .. } | Type::Sequence { elem, .. }, Value::Array(values)) => {
            visitor.open(&node);
            for (number, value) in (0..).zip(values) {
                visitor.element(number);
                replay(Place::Element, elem, value, format, visitor);
            }
            visitor.close(&format.end(ty));
        }
        // The decoder makes no other pairs.
        (
            _,
            Value::Struct(_) | Value::Variant { .. } | Value::Array(_) | Value::Optional(Some(_)),
        ) => {}
    }
}
