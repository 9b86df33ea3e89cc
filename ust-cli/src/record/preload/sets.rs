//! The shim's sets of events, and the providers behind them.

/// What the shim records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// All of these but lttng-names
    All,
    /// Memory: malloc, calloc, realloc, free and the rest of that family; mmap, munmap, brk
    #[value(name = "libc_mem")]
    Mem,
    /// Descriptors, paths, sockets, waits, stdio
    #[value(name = "libc_io")]
    Io,
    /// Threads and locks, with wait and hold times
    Pthread,
    /// Processes and signals: fork, exec, wait, exit, kill, delivered signals
    Proc,
    /// Loaded libraries
    Dl,
    /// Functions of programs built with -finstrument-functions
    Func,
    /// Memory, locks, libraries and functions by the names and fields of LTTng-UST's own wrappers
    LttngNames,
}

impl Set {
    /// Those that `All` means.
    const ALL: [Self; 6] = [Self::Mem, Self::Io, Self::Pthread, Self::Proc, Self::Dl, Self::Func];

    /// Its providers.
    fn providers(self) -> &'static [&'static str] {
        match self {
            Self::All => &[],
            Self::Mem => &["libc_mem"],
            Self::Io => &["libc_io"],
            Self::Pthread => &["pthread"],
            Self::Proc => &["proc"],
            Self::Dl => &["dl"],
            Self::Func => &["func"],
            Self::LttngNames => &[
                "lttng_ust_libc",
                "lttng_ust_pthread",
                "lttng_ust_dl",
                "lttng_ust_cyg_profile",
                "lttng_ust_statedump",
            ],
        }
    }

    /// The provider of events at the begin of its calls.
    fn begin(self) -> Option<&'static str> {
        match self {
            Self::Mem => Some("libc_mem_begin"),
            Self::Io => Some("libc_io_begin"),
            Self::Pthread => Some("pthread_begin"),
            Self::Proc => Some("proc_begin"),
            Self::All | Self::Dl | Self::Func | Self::LttngNames => None,
        }
    }
}

/// What is recorded beside a set, if it is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Details {
    /// Events at the begin of calls.
    pub begin: bool,
    /// The first bytes of what is read and written.
    pub data: bool,
    /// Paths, resolved.
    pub paths: bool,
    /// The thread's context switches.
    pub context_switches: bool,
}

impl Details {
    const DATA: &str = "libc_io_data";
    const PATHS: &str = "libc_io_path";
    const CONTEXT_SWITCHES: &str = "proc_csw";

    /// The providers of the details that are not a set's own.
    fn providers(self) -> impl Iterator<Item = &'static str> {
        [
            (self.data, Self::DATA),
            (self.paths, Self::PATHS),
            (self.context_switches, Self::CONTEXT_SWITCHES),
        ]
        .into_iter()
        .filter_map(|(is_wanted, provider)| is_wanted.then_some(provider))
    }
}

/// The event patterns of these sets and details, and those that are to be left out of patterns which the user did not
/// give.
pub fn patterns(sets: &[Set], details: Details) -> (Vec<String>, Vec<String>) {
    let chosen: Vec<_> = if sets.contains(&Set::All) {
        Set::ALL.iter().chain(sets).copied().collect()
    } else {
        sets.to_vec()
    };
    let begin = || chosen.iter().filter_map(|set| set.begin()).filter(|_| details.begin);
    let mut wanted: Vec<_> = chosen.iter().flat_map(|set| set.providers()).copied().collect();
    wanted.extend(begin());
    wanted.extend(details.providers());
    wanted.sort_unstable();
    wanted.dedup();
    let others = every_provider().into_iter().filter(|provider| !wanted.contains(provider));
    let pattern = |provider: &str| format!("{provider}:*");
    (wanted.iter().copied().map(pattern).collect(), others.map(pattern).collect())
}

fn every_provider() -> Vec<&'static str> {
    let sets = Set::ALL.iter().chain(&[Set::LttngNames]);
    let own = sets.flat_map(|set| set.providers().iter().copied().chain(set.begin()));
    let every = Details { begin: true, data: true, paths: true, context_switches: true };
    own.chain(every.providers()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Details =
        Details { begin: false, data: false, paths: false, context_switches: false };

    #[test]
    fn sets_are_patterns_and_those_not_wanted_are_left_out() {
        let (wanted, others) = patterns(&[Set::Mem], NONE);
        assert_eq!(wanted, ["libc_mem:*"]);
        assert!(!others.contains(&"libc_mem:*".to_owned()));
        assert!(others.contains(&"libc_io:*".to_owned()), "{others:?}");
        assert_eq!(wanted.len() + others.len(), every_provider().len());
    }

    #[test]
    fn all_means_each_set_once_and_no_detail() {
        let (wanted, others) = patterns(&[Set::All, Set::Io], NONE);
        assert_eq!(wanted, ["dl:*", "func:*", "libc_io:*", "libc_mem:*", "proc:*", "pthread:*"]);
        assert!(others.iter().any(|other| other.starts_with("lttng_ust_libc")));
    }

    #[test]
    fn details_go_with_their_sets() {
        let details = Details { begin: true, data: true, ..NONE };
        let (wanted, _) = patterns(&[Set::Io], details);
        assert_eq!(wanted, ["libc_io:*", "libc_io_begin:*", "libc_io_data:*"]);
    }
}
