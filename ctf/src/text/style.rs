//! How lines look.

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// As this library shows them.
    #[default]
    Own,
    /// As babeltrace2 2.0.4 prints them, but harmless for a terminal.
    Babeltrace2,
    /// As babeltrace2 2.0.4 prints them, to the byte: names and text may control a terminal.
    Babeltrace2Raw,
    /// An object of JSON in each line.
    Json,
}

impl Style {
    pub(super) fn is_babeltrace2(self) -> bool {
        matches!(self, Style::Babeltrace2 | Style::Babeltrace2Raw)
    }

    /// Whether untrusted text is written as it is.
    pub(super) fn is_raw(self) -> bool {
        self == Style::Babeltrace2Raw
    }
}
