//! The shim's sets of events, and the providers behind them.

/// What the shim records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Set {
    /// All of these but lttng-names
    All,
    /// None of the shim's own events: for tracepoints in C (ust.h) of libraries that the program loads while it runs
    Tracepoints,
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
            Self::All | Self::Tracepoints => &[],
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
            Self::All | Self::Tracepoints | Self::Dl | Self::Func | Self::LttngNames => None,
        }
    }

    /// The provider of what its calls read and write.
    fn data(self) -> Option<&'static str> {
        (self == Self::Io).then_some("libc_io_data")
    }
}

/// The event patterns of these sets, with the begins of their calls or without, and with their data or without; and those that
/// are to be left out of patterns which the user did not give.
pub fn patterns(sets: &[Set], with_begins: bool, with_data: bool) -> (Vec<String>, Vec<String>) {
    let chosen: Vec<_> = if sets.contains(&Set::All) {
        Set::ALL.iter().chain(sets).copied().collect()
    } else {
        sets.to_vec()
    };
    let begin = || chosen.iter().filter_map(|set| set.begin()).filter(|_| with_begins);
    let data = || chosen.iter().filter_map(|set| set.data()).filter(|_| with_data);
    let mut wanted: Vec<_> = chosen.iter().flat_map(|set| set.providers()).copied().collect();
    wanted.extend(begin());
    wanted.extend(data());
    wanted.sort_unstable();
    wanted.dedup();
    let others = every_provider().into_iter().filter(|provider| !wanted.contains(provider));
    let pattern = |provider: &str| format!("{provider}:*");
    (wanted.iter().copied().map(pattern).collect(), others.map(pattern).collect())
}

fn every_provider() -> Vec<&'static str> {
    let sets = Set::ALL.iter().chain(&[Set::LttngNames]);
    sets.flat_map(|set| set.providers().iter().copied().chain(set.begin()).chain(set.data()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_patterns_and_those_not_wanted_are_left_out() {
        let (wanted, others) = patterns(&[Set::Mem], false, false);
        assert_eq!(wanted, ["libc_mem:*"]);
        assert!(!others.contains(&"libc_mem:*".to_owned()));
        assert!(others.contains(&"libc_io:*".to_owned()), "{others:?}");
        assert_eq!(wanted.len() + others.len(), every_provider().len());
    }

    #[test]
    fn tracepoints_alone_leave_all_sets_out() {
        let (wanted, others) = patterns(&[Set::Tracepoints], true);
        assert!(wanted.is_empty());
        assert_eq!(others.len(), every_provider().len());
    }

    #[test]
    fn all_means_each_set_once_and_no_begins() {
        let (wanted, others) = patterns(&[Set::All, Set::Io], false, false);
        assert_eq!(wanted, ["dl:*", "func:*", "libc_io:*", "libc_mem:*", "proc:*", "pthread:*"]);
        assert!(others.iter().any(|other| other.starts_with("lttng_ust_libc")));
    }

    #[test]
    fn begins_and_data_go_with_their_sets() {
        let (wanted, others) = patterns(&[Set::Io, Set::Dl], true, false);
        assert_eq!(wanted, ["dl:*", "libc_io:*", "libc_io_begin:*"]);
        assert!(others.contains(&"libc_io_data:*".to_owned()), "{others:?}");
        let (wanted, _) = patterns(&[Set::All], false, true);
        assert!(wanted.contains(&"libc_io_data:*".to_owned()), "{wanted:?}");
        assert_eq!(patterns(&[Set::Mem], false, true).0, ["libc_mem:*"]);
    }
}
