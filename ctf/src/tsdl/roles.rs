//! Gives numbers their roles by the names that CTF 1.8 has for them.
//!
//! | part | names |
//! | --- | --- |
//! | `packet.header` | `magic`, `uuid`, `stream_id`, `stream_instance_id` |
//! | `packet.context` | `timestamp_begin`, `timestamp_end`, `events_discarded`, `content_size`, `packet_size`, `packet_seq_num` |
//! | `event.header` | `id`, however deep in structures and variants |

use std::collections::HashMap;
use std::sync::Arc;

use crate::schema::{EnumType, Fields, IntegerType, Options, Role, StructType, Type, VariantType};

const HEADER: [(&str, Role); 4] = [
    ("magic", Role::PacketMagic),
    ("uuid", Role::MetadataUuid),
    ("stream_id", Role::StreamClassId),
    ("stream_instance_id", Role::StreamId),
];

const CONTEXT: [(&str, Role); 6] = [
    ("timestamp_begin", Role::PacketBegin),
    ("timestamp_end", Role::PacketEnd),
    ("events_discarded", Role::Discarded),
    ("content_size", Role::ContentSize),
    ("packet_size", Role::PacketSize),
    ("packet_seq_num", Role::PacketNumber),
];

/// A packet header whose fields have their roles.
pub(super) fn packet_header(ty: &Type) -> Type {
    with_roles(ty, &HEADER)
}

/// The same for a packet context.
pub(super) fn packet_context(ty: &Type) -> Type {
    with_roles(ty, &CONTEXT)
}

fn with_roles(ty: &Type, roles: &[(&str, Role)]) -> Type {
    let Type::Struct(ty) = ty else { return ty.clone() };
    let field = |(name, ty): &(Arc<str>, Type)| {
        let role = roles.iter().find(|(known, _)| *known == &**name);
        let ty = role.map_or_else(|| ty.clone(), |(_, role)| with_role(ty, *role));
        (Arc::clone(name), ty)
    };
    let fields = ty.fields.iter().map(field).collect();
    Type::Struct(Arc::new(StructType { align: ty.align, fields }))
}

/// The same type with a role, if it is a number, or the UUID's array of numbers.
fn with_role(ty: &Type, role: Role) -> Type {
    let number = |ty: &IntegerType| IntegerType { roles: ty.roles.with(role), ..*ty };
    match ty {
        Type::Integer(ty) => Type::Integer(number(ty)),
        Type::Enum(ty) => {
            let (container, labels) = (number(&ty.container), ty.labels.clone());
            Type::Enum(Arc::new(EnumType { container, labels }))
        }
        Type::Array { elem, len } if role == Role::MetadataUuid => {
            Type::Array { elem: Arc::new(with_role(elem, role)), len: *len }
        }
        ty => ty.clone(),
    }
}

/// The same for event headers. What they share stays shared: the expanded types have no bound.
#[derive(Default)]
pub(super) struct EventHeaders {
    /// By where a type lies, the type, which stays there as long as this, and what was made of it.
    structs: HashMap<*const StructType, (Arc<StructType>, Arc<StructType>)>,
    options: HashMap<*const Options, (Arc<Options>, Arc<Options>)>,
}

impl EventHeaders {
    pub(super) fn of(&mut self, ty: &Type) -> Type {
        match ty {
            Type::Struct(ty) => {
                if let Some((_, known)) = self.structs.get(&Arc::as_ptr(ty)) {
                    return Type::Struct(Arc::clone(known));
                }
                let with_roles =
                    Arc::new(StructType { align: ty.align, fields: self.fields(&ty.fields) });
                let both = (Arc::clone(ty), Arc::clone(&with_roles));
                self.structs.insert(Arc::as_ptr(ty), both);
                Type::Struct(with_roles)
            }
            Type::Variant(ty) => {
                let at = Arc::as_ptr(&ty.options);
                let known = self.options.get(&at).map(|(_, known)| Arc::clone(known));
                let options = known.unwrap_or_else(|| {
                    let options = Arc::new(Options::new(self.fields(ty.options.all())));
                    self.options.insert(at, (Arc::clone(&ty.options), Arc::clone(&options)));
                    options
                });
                Type::Variant(Arc::new(VariantType { tag: ty.tag.clone(), options }))
            }
            ty => ty.clone(),
        }
    }

    fn fields(&mut self, fields: &Fields) -> Fields {
        let field = |(name, ty): &(Arc<str>, Type)| {
            let ty = match &**name {
                "id" => with_role(&self.of(ty), Role::EventClassId),
                _ => self.of(ty),
            };
            (Arc::clone(name), ty)
        };
        fields.iter().map(field).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::{Role, Type};
    use crate::tsdl;

    /// Else a text of a page could have an event header of 2^30 fields.
    #[test]
    fn types_that_are_shared_stay_shared() {
        let aliases = (1..30).map(|at| {
            let within = at - 1;
            format!("typealias struct {{ t{within} a; t{within} id; }} := t{at};")
        });
        let text = format!(
            "trace {{ byte_order = le; packet.header := struct {{ integer {{ size = 8; }} stream_id; }}; }};
            typealias integer {{ size = 8; }} := t0; {}
            stream {{ id = 0; event.header := struct {{ t29 a; t0 id; }}; }};
            stream {{ id = 1; event.header := struct {{ t29 a; t0 id; }}; }};",
            aliases.collect::<String>()
        );
        let metadata = tsdl::parse(text.as_bytes()).unwrap();
        let [one, other] = [0, 1].map(|id| match &metadata.streams[&id].event_header {
            Some(Type::Struct(header)) => match &header.fields[0].1 {
                Type::Struct(all) => std::sync::Arc::as_ptr(all),
                _ => panic!(),
            },
            _ => panic!(),
        });
        assert_eq!(one, other, "streams share what their headers share");
        let Some(Type::Struct(header)) = &metadata.streams[&0].event_header else { panic!() };
        let mut ty = &header.fields[0].1;
        while let Type::Struct(within) = ty {
            ty = &within.fields[1].1;
        }
        let Type::Integer(id) = ty else { panic!() };
        assert!(id.roles.has(Role::EventClassId), "however deep");
    }
}
