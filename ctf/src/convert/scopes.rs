//! Finds the field that a path of CTF 1.8 means, where the field stands that needs it, and says how CTF 2 finds it from
//! there.
//!
//! ```text
//!   struct {                              open: the structures around the field, with their fields before it
//!       u8 n;
//!       struct { T a[n]; } s;             a: {"path": [null, "n"]}
//!   }
//!   event.fields, with U b[id];           b: {"origin": "event-record-header", "path": ["id"]}
//! ```

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::json::location::ORIGINS;
use crate::json::node::Node;
use crate::schema::{Fields, Names, Path, Scope, Type};

/// The structures around a field, and the parts before its own.
#[derive(Default)]
pub(super) struct Scopes<'t> {
    /// Parts that a reader has read by then, and the fields of each.
    parts: Vec<(Scope, Level<'t>)>,
    /// Structures that a reader is in, from the outermost on.
    open: Vec<Level<'t>>,
}

/// A structure's fields, of which the first `before` come before the present place.
#[derive(Clone)]
struct Level<'t> {
    fields: &'t Fields,
    shown: Arc<[String]>,
    before: usize,
}

impl<'t> Scopes<'t> {
    /// Forgets what belongs to the part `scope`, and to parts behind it.
    pub(super) fn back_to(&mut self, scope: Scope) {
        self.parts.retain(|(part, _)| *part < scope);
        self.open.clear();
    }

    /// The part that was gone through may be referred to from now on.
    pub(super) fn end_part(&mut self, scope: Scope, fields: &'t Fields, shown: Arc<[String]>) {
        self.open.clear();
        self.parts.push((scope, Level { fields, shown, before: fields.len() }));
    }

    pub(super) fn begin_struct(&mut self, fields: &'t Fields, shown: Arc<[String]>) {
        self.open.push(Level { fields, shown, before: 0 });
    }

    pub(super) fn end_struct(&mut self) {
        self.open.pop();
    }

    /// The next field of the innermost structure begins.
    pub(super) fn at_field(&mut self, at: usize) {
        if let Some(level) = self.open.last_mut() {
            level.before = at;
        }
    }

    /// The field that a path leads to, and its location in CTF 2. `None` if there is no such number.
    pub(super) fn find(&self, path: &Path, own: Scope) -> Option<(Node, &'t Type)> {
        let open = |at: usize| {
            let (names, ty) = self.walk(self.open.get(at)?, Some(at), &path.names)?;
            let up = self.open.len() - 1 - at;
            let steps = std::iter::repeat_n(Node::Null, up).chain(names);
            Some((Node::object([("path", Node::array(steps))]), ty))
        };
        let part = |(scope, level): &(Scope, Level<'t>)| {
            let (names, ty) = self.walk(level, None, &path.names)?;
            let (origin, _) = ORIGINS.iter().find(|(_, known)| known == scope)?;
            let properties = [("origin", Node::text(*origin)), ("path", Node::array(names))];
            Some((Node::object(properties), ty))
        };
        match (path.scope, path.up) {
            (Some(scope), _) if scope == own => open(0),
            (Some(scope), _) => part(self.parts.iter().find(|(part, _)| *part == scope)?),
            (None, Some(up)) => open(self.open.len().checked_sub(1 + up as usize)?),
            (None, None) => {
                let mut structs = (0..self.open.len()).rev().filter_map(open);
                structs.next().or_else(|| self.parts.iter().rev().find_map(part))
            }
        }
    }

    /// The number to which names lead from a structure, which is at that place in `open` if a reader is in it.
    fn walk(
        &self,
        level: &Level<'t>,
        open: Option<usize>,
        names: &[Arc<str>],
    ) -> Option<(Vec<Node>, &'t Type)> {
        let (last, around) = names.split_last()?;
        let (mut level, mut open, mut steps) = (level.clone(), open, Vec::new());
        for name in around {
            // The structure around the present place may be meant, which is not behind it.
            let until = (level.before + usize::from(open.is_some())).min(level.fields.len());
            let at = level.fields[..until].iter().rposition(|(field, _)| field == name)?;
            steps.push(Node::text(&*level.shown[at]));
            let inner = open.filter(|_| at == level.before).map(|at| at + 1);
            level = match inner {
                Some(inner) => self.open.get(inner)?.clone(),
                None => completed(&level.fields[at].1)?,
            };
            open = inner;
        }
        let is_meant = |(name, ty): &(Arc<str>, Type)| {
            name == last && matches!(ty, Type::Integer(_) | Type::Enum(_) | Type::Varint(_))
        };
        let at = level.fields[..level.before].iter().rposition(is_meant)?;
        steps.push(Node::text(&*level.shown[at]));
        Some((steps, &level.fields[at].1))
    }
}

/// The fields of a structure that was read.
fn completed(ty: &Type) -> Option<Level<'_>> {
    match ty {
        Type::Struct(ty) => Some(Level {
            fields: &ty.fields,
            shown: shown(&ty.fields, Names::Escaped),
            before: ty.fields.len(),
        }),
        _ => None,
    }
}

/// The names that a structure's fields have in CTF 2: those that users gave them, unless another field has that name.
pub(super) fn shown(fields: &Fields, names: Names) -> Arc<[String]> {
    let mut times = HashMap::<&str, usize>::new();
    for (name, _) in fields {
        *times.entry(names.shown(name)).or_default() += 1;
    }
    let mut taken = HashSet::new();
    let shown = |(name, _): &(Arc<str>, Type)| {
        let plain = Some(names.shown(name)).filter(|plain| *plain == &**name || times[plain] == 1);
        // A name may be there twice.
        let numbered = (2_u64..).map(|number| format!("{name}_{number}"));
        let choices = plain.into_iter().chain([&**name]).map(str::to_owned).chain(numbered);
        let free = choices.into_iter().find(|name| taken.insert(name.clone()));
        free.unwrap_or_default()
    };
    fields.iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Encoding;

    #[test]
    fn each_field_has_a_name_of_its_own() {
        let shown_as = |names: &[&str], how| {
            let field = |name: &&str| (Arc::from(*name), Type::String(Encoding::Utf8));
            shown(&names.iter().map(field).collect(), how).to_vec()
        };
        assert_eq!(shown_as(&["_a", "b", "__c"], Names::Escaped), ["a", "b", "_c"]);
        assert_eq!(shown_as(&["_a", "a"], Names::Escaped), ["_a", "a"]);
        assert_eq!(shown_as(&["_a", "__a"], Names::Escaped), ["a", "_a"]);
        assert_eq!(shown_as(&["_a", "a", "__a"], Names::Escaped), ["_a", "a", "__a"]);
        assert_eq!(shown_as(&["a", "a", "_a", "_a"], Names::Escaped), ["a", "a_2", "_a", "_a_2"]);
        assert_eq!(shown_as(&["_a", "a"], Names::Plain), ["_a", "a"]);
    }
}
