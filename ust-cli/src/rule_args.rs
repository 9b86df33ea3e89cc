//! Which event rules of which session: what `enable-event` and `disable-event` are given.

/// Event rules and their session.
#[derive(Debug, clap::Args)]
pub struct RuleArgs {
    /// Events as provider:name, with * and ? as wildcards; several in one word are parted by commas
    #[arg(value_name = "GLOB", value_delimiter = ',', required_unless_present = "all")]
    pub globs: Vec<String>,
    /// All of them
    #[arg(long, short, conflicts_with = "globs")]
    pub all: bool,
    /// The session [default: the current one]
    #[arg(long, short)]
    pub session: Option<String>,
    /// For hands that know lttng: everything here is user space
    #[arg(long, short, hide = true)]
    userspace: bool,
}
