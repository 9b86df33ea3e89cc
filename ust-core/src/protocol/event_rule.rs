//! Which events a rule names. The process uses it to switch callsites, the consumer to report rules that matched
//! nothing.

use super::EventRule;
use super::glob;

impl EventRule {
    /// Whether it names an event (`provider:name`) of that level. Its filter does not count: that decides about each event, not
    /// about its class.
    pub fn names(&self, full_name: &str, level: u8) -> bool {
        self.levels.has(level)
            && glob::matches(&self.pattern, full_name)
            && !self.exclusions.iter().any(|excluded| glob::matches(excluded, full_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;
    use crate::protocol::Levels;

    #[test]
    fn a_rule_names_what_its_pattern_does_but_for_exclusions_and_other_levels() {
        let (info, error) = (Level::Info as u8, Level::Err as u8);
        let rule = EventRule {
            exclusions: vec!["io:read_*".into(), "io:poll".into()],
            levels: Levels::AtLeast(Level::Warning as u8),
            ..EventRule::of("io:*")
        };
        assert!(rule.names("io:write", error) && rule.names("io:read", error));
        assert!(rule.names("io:write", Level::Warning as u8));
        for (name, level) in
            [("io:write", info), ("io:read_all", error), ("io:poll", error), ("net:write", error)]
        {
            assert!(!rule.names(name, level), "{name}");
        }
        let only = EventRule { levels: Levels::Only(info), ..EventRule::of("*") };
        assert!(only.names("a:b", info) && !only.names("a:b", error));
        assert!(EventRule::of("?:b").names("a:b", u8::MAX));
    }
}
