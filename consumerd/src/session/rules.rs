//! Adds and removes rules of a session's channels: all that a command names, or none.

use super::entry::Session;
use super::error::SessionError;
use super::names::check_rules;
use super::registry::Sessions;
use crate::engine::Engine;
use serde::{Deserialize, Serialize};
use ust_core::protocol::{EventRule, Levels};

/// An event rule as a user gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleOptions {
    /// A glob over `provider:name`.
    pub pattern: String,
    /// Globs over the names of events that are left out although the pattern matches.
    #[serde(default)]
    pub exclusions: Vec<String>,
    /// The levels that it matches.
    #[serde(default)]
    pub levels: Levels,
}

impl RuleOptions {
    /// A rule for all events that a glob matches.
    pub fn of(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), exclusions: Vec::new(), levels: Levels::All }
    }
}

impl From<RuleOptions> for EventRule {
    fn from(RuleOptions { pattern, exclusions, levels }: RuleOptions) -> Self {
        Self { pattern, exclusions, levels, filter: Vec::new() }
    }
}

impl From<EventRule> for RuleOptions {
    fn from(EventRule { pattern, exclusions, levels, filter: _ }: EventRule) -> Self {
        Self { pattern, exclusions, levels }
    }
}

/// Rules that a command has added or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// In this session.
    pub session: String,
    /// In this channel of it.
    pub channel: String,
    /// Patterns of added rules that it had already.
    pub already: Vec<String>,
}

impl Sessions {
    /// Adds rules to a channel of a session, in force at once if the session is active. Returns which it had already.
    ///
    /// # Errors
    /// There is no such session or channel, a rule is invalid, or there are too many. Then no rule was added.
    pub fn enable_events(
        &mut self,
        engine: &mut Engine,
        session: Option<&str>,
        channel: Option<&str>,
        rules: Vec<RuleOptions>,
    ) -> Result<Changed, SessionError> {
        let index = self.index(session)?;
        let existing = self.channel(index, channel)?;
        let present = existing.map(|it| &self.sessions[index].channels[it].rules);
        let mut wanted = present.cloned().unwrap_or_default();
        let mut already = Vec::new();
        for rule in rules.into_iter().map(EventRule::from) {
            if wanted.contains(&rule) { already.push(rule.pattern) } else { wanted.push(rule) }
        }
        let channels = self.sessions.iter().enumerate().flat_map(|(session, entry)| {
            let is_other = move |it: &usize| (session, Some(*it)) != (index, existing);
            let others = (0..entry.channels.len()).filter(is_other);
            others.flat_map(|it| &entry.channels[it].rules)
        });
        check_rules(channels.chain(&wanted))?;
        let channel = self.channel_or_default(engine, index, channel)?;
        self.set_rules(engine, index, channel, wanted)?;
        Ok(self.changed(index, Some(channel), already))
    }

    /// Removes rules from a channel of a session, by their patterns; all of them if no pattern is given.
    ///
    /// # Errors
    /// There is no such session or channel, or it has no such rule. Then no rule was removed.
    pub fn disable_events(
        &mut self,
        engine: &mut Engine,
        session: Option<&str>,
        channel: Option<&str>,
        patterns: &[String],
    ) -> Result<Changed, SessionError> {
        let index = self.index(session)?;
        let channel = self.channel(index, channel)?;
        let entry = &self.sessions[index];
        let present = channel.map(|it| entry.channels[it].rules.clone()).unwrap_or_default();
        let is_there = |pattern: &&String| present.iter().any(|rule| rule.pattern == **pattern);
        if let Some(glob) = patterns.iter().find(|pattern| !is_there(pattern)) {
            let session = entry.name.clone();
            return Err(SessionError::NoSuchRule { glob: glob.clone(), session });
        }
        let keeps = |rule: &EventRule| !patterns.is_empty() && !patterns.contains(&rule.pattern);
        let left = present.into_iter().filter(keeps).collect();
        if let Some(channel) = channel {
            self.set_rules(engine, index, channel, left)?;
        }
        Ok(self.changed(index, channel, Vec::new()))
    }

    fn changed(&self, index: usize, channel: Option<usize>, already: Vec<String>) -> Changed {
        let Session { name, channels, default_channel, .. } = &self.sessions[index];
        let channel = channel.map_or(default_channel, |channel| &channels[channel].config);
        Changed { session: name.clone(), channel: channel.name.clone(), already }
    }

    fn set_rules(
        &mut self,
        engine: &mut Engine,
        index: usize,
        channel: usize,
        rules: Vec<EventRule>,
    ) -> Result<(), SessionError> {
        let Session { channels, is_active, .. } = &mut self.sessions[index];
        let channel = &mut channels[channel];
        engine.set_rules(channel.uid, rules.clone());
        if *is_active {
            match engine.publish() {
                Ok(generation) => self.generation = generation,
                Err(error) => {
                    engine.set_rules(channel.uid, channel.rules.clone());
                    return Err(error.into());
                }
            }
        }
        channel.rules = rules;
        Ok(())
    }
}
