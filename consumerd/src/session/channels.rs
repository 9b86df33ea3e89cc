//! Makes channels of a session, and finds them by name or without one.
//!
//! A user who names no channel means `channel0`, which is made when it is first needed, or the only channel if that has
//! another name. Channels are made before the session is started for the first time, because each trace begins with
//! them.

use super::entry::{Channel, Session};
use super::error::SessionError;
use super::options::{ChannelOptions, DEFAULT_CHANNEL};
use super::registry::Sessions;
use crate::channel_name::{MAX_CHANNEL_NAME_BYTES, is_channel_name};
use crate::engine::{ChannelConfig, Engine};
use ust_core::protocol::MAX_CHANNELS;

impl Sessions {
    /// Adds a channel to a session that has never been started. It records nothing before it has rules.
    ///
    /// # Errors
    /// There is no such session, it was started already, the name is taken or invalid, the options are out of range, or
    /// there are too many channels. Then none was made.
    pub fn enable_channel(
        &mut self,
        engine: &mut Engine,
        session: Option<&str>,
        name: &str,
        options: &ChannelOptions,
    ) -> Result<(), SessionError> {
        let index = self.index(session)?;
        let Session { name: session, was_started, config, .. } = &self.sessions[index];
        if !is_channel_name(name) {
            return Err(SessionError::ChannelName(name.to_owned(), MAX_CHANNEL_NAME_BYTES));
        }
        if self.find_channel(index, name).is_some() {
            return Err(SessionError::ChannelTaken(name.to_owned(), session.clone()));
        }
        if *was_started {
            return Err(SessionError::ChannelsFixed(session.clone()));
        }
        let config = options.channel(name, !config.is_drained)?;
        self.add_channel(engine, index, config).map(drop)
    }

    /// The channel of that name; without a name, the one that is meant.
    pub(super) fn channel(
        &self,
        index: usize,
        name: Option<&str>,
    ) -> Result<Option<usize>, SessionError> {
        let session = &self.sessions[index];
        let names = || session.channel_names();
        match (name, &session.channels[..]) {
            (None, []) => Ok(None),
            (None, [_]) => Ok(Some(0)),
            (None, _) => match self.find_channel(index, DEFAULT_CHANNEL) {
                None => Err(SessionError::WhichChannel(session.name.clone(), names())),
                found => Ok(found),
            },
            (Some(name), _) => match self.find_channel(index, name) {
                None if name == DEFAULT_CHANNEL && session.channels.is_empty() => Ok(None),
                None => {
                    let (channel, session) = (name.to_owned(), session.name.clone());
                    Err(SessionError::NoSuchChannel { channel, session, channels: names() })
                }
                found => Ok(found),
            },
        }
    }

    /// The same. If there is none yet and the default channel is meant, that is made.
    pub(super) fn channel_or_default(
        &mut self,
        engine: &mut Engine,
        index: usize,
        name: Option<&str>,
    ) -> Result<usize, SessionError> {
        match self.channel(index, name)? {
            Some(channel) => Ok(channel),
            None => {
                let default = self.sessions[index].default_channel.clone();
                self.add_channel(engine, index, default)
            }
        }
    }

    fn find_channel(&self, index: usize, name: &str) -> Option<usize> {
        self.sessions[index].channels.iter().position(|channel| channel.config.name == name)
    }

    fn add_channel(
        &mut self,
        engine: &mut Engine,
        index: usize,
        config: ChannelConfig,
    ) -> Result<usize, SessionError> {
        let count: usize = self.sessions.iter().map(|session| session.channels.len()).sum();
        if count >= MAX_CHANNELS {
            return Err(SessionError::TooManyChannels(MAX_CHANNELS));
        }
        let session = &mut self.sessions[index];
        let uid = engine.add_channel(session.uid, config.clone());
        session.channels.push(Channel { uid, config, rules: Vec::new() });
        Ok(session.channels.len() - 1)
    }
}
