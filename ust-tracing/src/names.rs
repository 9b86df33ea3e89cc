//! What an event of `tracing` is called in a trace.
//!
//! ```text
//!   target                      kind    line or name    provider     name
//!   mini_redis::cmd::get        event   line 85         mini_redis : cmd::get:85
//!   mini_redis::server          span    run             mini_redis : server:run.new, server:run.close, ...
//!   mini_redis                  event   line 12         mini_redis : 12
//!   log                         event   log event       log        : log_event
//! ```
//!
//! So `-e 'mini_redis:*'` names a whole crate, `-e 'mini_redis:cmd::*'` a module, `-e '*.close'` the ends of all spans, and
//! each target can be read off its events' names.

use tracing_core::Metadata;
use ust::Level;

/// The provider of events without a target.
const NAMELESS: &str = "tracing";

/// A callsite's names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// The crate: what precedes the target's first `::`.
    pub(crate) provider: String,
    /// The rest of the target, then the event's line or the span's name.
    pub(crate) name: String,
}

impl Names {
    pub(crate) fn of(metadata: &Metadata<'_>) -> Self {
        let (provider, module) = match metadata.target().split_once("::") {
            Some((provider, module)) => (provider, module),
            None => (metadata.target(), ""),
        };
        let own = match metadata.line() {
            Some(line) if !metadata.is_span() => line.to_string(),
            _ => as_name(metadata.name()),
        };
        let provider = match as_name(provider).replace(':', "_") {
            empty if empty.is_empty() => NAMELESS.to_owned(),
            provider => provider,
        };
        let name = match as_name(module) {
            root if root.is_empty() => own,
            module => format!("{module}:{own}"),
        };
        Self { provider, name }
    }
}

/// The same, with `_` for each character that a rule or a reader would not take for a letter of a name.
fn as_name(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-.:/+@".contains(c);
    text.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

/// The order stays the same: a rule that asks for a level also gets what is more urgent.
pub(crate) fn level_of(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::ERROR => Level::Err,
        tracing_core::Level::WARN => Level::Warning,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::DebugModule,
        tracing_core::Level::TRACE => Level::Debug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_core::callsite::DefaultCallsite;
    use tracing_core::field::FieldSet;
    use tracing_core::{Kind, identify_callsite};

    fn names(target: &'static str, name: &'static str, line: Option<u32>, kind: Kind) -> String {
        static CALLSITE: DefaultCallsite = DefaultCallsite::new(&METADATA);
        static METADATA: Metadata<'static> = Metadata::new(
            "",
            "",
            tracing_core::Level::INFO,
            None,
            None,
            None,
            FieldSet::new(&[], identify_callsite!(&CALLSITE)),
            Kind::EVENT,
        );
        let fields = FieldSet::new(&[], identify_callsite!(&CALLSITE));
        let level = tracing_core::Level::INFO;
        let metadata = Metadata::new(name, target, level, None, line, None, fields, kind);
        let Names { provider, name } = Names::of(&metadata);
        format!("{provider} {name}")
    }

    #[test]
    fn a_name_tells_crate_module_and_line_or_span() {
        assert_eq!(names("redis::cmd::get", "event x", Some(85), Kind::EVENT), "redis cmd::get:85");
        assert_eq!(names("redis::server", "run", Some(7), Kind::SPAN), "redis server:run");
        assert_eq!(names("redis", "event x", Some(12), Kind::EVENT), "redis 12");
        assert_eq!(names("log", "log event", None, Kind::EVENT), "log log_event");
    }

    #[test]
    fn odd_targets_are_names_all_the_same() {
        assert_eq!(names("", "a", None, Kind::SPAN), "tracing a");
        assert_eq!(names("db query*", "a \"b\"\n", None, Kind::SPAN), "db_query_ a__b__");
        assert_eq!(names("a:b", "s", None, Kind::SPAN), "a_b s");
        assert_eq!(names("::x", "s", None, Kind::SPAN), "tracing x:s");
    }
}
