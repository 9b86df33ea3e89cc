//! Which events a rule names. The process uses it to switch callsites, the consumer to report rules that matched
//! nothing.

use super::EventRule;
use super::glob;
use super::rules::Levels;

/// An event rule, prepared for matching.
#[derive(Debug, Clone)]
pub struct Matcher {
    pattern: String,
    exclusions: Vec<String>,
    levels: Levels,
}

impl Matcher {
    /// Prepares a rule, except its filter: that decides about each event, not about its class.
    pub fn new(rule: &EventRule) -> Self {
        Self {
            pattern: rule.pattern.clone(),
            exclusions: rule.exclusions.clone(),
            levels: rule.levels,
        }
    }

    /// Whether the rule names an event (`provider:name`) of that level.
    pub fn matches(&self, full_name: &str, level: u8) -> bool {
        self.levels.has(level)
            && glob::matches(&self.pattern, full_name)
            && !self.exclusions.iter().any(|excluded| glob::matches(excluded, full_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Level;

    #[test]
    fn a_rule_names_what_its_pattern_does_but_for_exclusions_and_other_levels() {
        let (info, error) = (Level::Info as u8, Level::Err as u8);
        let rule = EventRule {
            exclusions: vec!["io:read_*".into(), "io:poll".into()],
            levels: Levels::AtLeast(Level::Warning as u8),
            ..EventRule::of("io:*")
        };
        let matcher = Matcher::new(&rule);
        assert!(matcher.matches("io:write", error) && matcher.matches("io:read", error));
        assert!(matcher.matches("io:write", Level::Warning as u8));
        for (name, level) in
            [("io:write", info), ("io:read_all", error), ("io:poll", error), ("net:write", error)]
        {
            assert!(!matcher.matches(name, level), "{name}");
        }
        let only = Matcher::new(&EventRule { levels: Levels::Only(info), ..EventRule::of("*") });
        assert!(only.matches("a:b", info) && !only.matches("a:b", error));
        assert!(Matcher::new(&EventRule::of("?:b")).matches("a:b", u8::MAX));
    }
}
