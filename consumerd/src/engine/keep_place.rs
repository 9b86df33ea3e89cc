//! A runtime directory that was lost under the engine: the loss is noticed with the flush timer, reported, and the
//! directory made anew.
//!
//! ```text
//!   look --- lost ---> retake --- done ----------------> rules published, note for the log, `ust status`, summaries
//!                         |---- a successor serves it --> reported once; the successor is left alone
//!                         '---- cannot be made ---------> reported once; tried again with the next flush
//! ```
//!
//! Connected processes notice nothing. Processes that look for a daemon in between are not recorded.

use super::api::EngineError;
use super::readiness::Source;
use super::state::Engine;
use crate::place::{Loss, Place};
use core::ffi::CStr;
use rustix::fd::OwnedFd;
use ust_core::paths::AGENT_SOCKET;

/// How many notes are kept, the newest.
const MAX_NOTES: usize = 8;

impl Engine {
    /// The runtime directory.
    pub fn place_mut(&mut self) -> &mut Place {
        &mut self.place
    }

    /// What has happened to the runtime directory: for users who miss processes.
    pub fn notes(&self) -> Vec<String> {
        self.relocation.notes.iter().chain(&self.relocation.said).cloned().collect()
    }

    /// The socket of that name, if it had to be made anew since the last call.
    pub fn take_new_listener(&mut self, name: &CStr) -> Option<OwnedFd> {
        let listeners = &mut self.relocation.listeners;
        let index = listeners.iter().rposition(|(of, _)| *of == name)?;
        let (_, listener) = listeners.swap_remove(index);
        listeners.retain(|(of, _)| *of != name);
        Some(listener)
    }

    /// Makes sure that processes find this consumer.
    pub(super) fn keep_place(&mut self) {
        let Some(loss) = self.place.look() else {
            self.relocation.said = None;
            return;
        };
        let settled = self.settle_anew();
        let path = self.place.path().display();
        match settled {
            Ok(()) => {
                self.relocation.said = None;
                let note = format!(
                    "{}: runtime directory {path} {loss} and was made anew: programs that were started meanwhile may \
                     have recorded nothing",
                    jiff::Zoned::now().strftime("%F %T")
                );
                tracing::error!("{note}");
                self.note_everywhere(&note);
                self.relocation.notes.push(note);
                if self.relocation.notes.len() > MAX_NOTES {
                    self.relocation.notes.remove(0);
                }
            }
            Err(error) => {
                let text = lost_text(&loss, &path.to_string(), &error);
                if self.relocation.said.as_ref() != Some(&text) {
                    tracing::error!("{text}");
                    self.note_everywhere(&text);
                    self.relocation.said = Some(text);
                }
            }
        }
    }

    fn settle_anew(&mut self) -> Result<(), EngineError> {
        for (name, listener) in self.place.retake()? {
            if name == AGENT_SOCKET {
                // Processes that have connected to the old socket are still heard.
                self.accept_all();
                // The old socket is closed, and epoll forgets it with that.
                self.readiness.add(&listener, Source::Listener).map_err(|errno| {
                    EngineError::Own("the new agents' socket cannot be watched", errno.into())
                })?;
                self.listener = listener;
                self.make_room();
                self.keep_room();
            } else {
                self.relocation.listeners.push((name, listener));
            }
        }
        self.publish_here().map(drop)
    }

    /// Adds a note to the summary of every active session.
    fn note_everywhere(&mut self, note: &str) {
        for session in self.sessions.values_mut().filter(|session| session.is_active) {
            session.past.add_errors(&[note.to_owned()]);
        }
    }
}

fn lost_text(loss: &Loss, path: &str, error: &EngineError) -> String {
    match error {
        EngineError::Taken(_) => format!(
            "runtime directory {path} {loss}, and another daemon serves it now: that one is left alone, and this one \
             (process {}) records only what is connected to it: destroy its sessions or stop it",
            std::process::id()
        ),
        error => format!(
            "runtime directory {path} {loss}, and cannot be made anew: {error}: until it can, programs that are started \
             record nothing"
        ),
    }
}
