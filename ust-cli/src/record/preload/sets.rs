//! The shim's sets of events, the providers behind them, and which of their events are recorded.

use ust_core::protocol::EventRule;

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

    /// The provider of the paths behind its calls' descriptors.
    fn paths(self) -> Option<&'static str> {
        (self == Self::Io).then_some("libc_io_path")
    }

    /// The provider of how long its calls took, if that is no part of their events.
    fn durations(self) -> Option<&'static str> {
        (self == Self::Mem).then_some("libc_mem_duration")
    }

    /// Whether it has calls that can wait, behind which threads' switches are told.
    fn waits(self) -> bool {
        matches!(self, Self::Io | Self::Pthread | Self::Proc)
    }

    /// The providers of what is recorded beside its calls.
    fn extras(self, wanted: Extras) -> impl Iterator<Item = &'static str> {
        let all = [
            (wanted.begins, self.begin()),
            (wanted.data, self.data()),
            (wanted.paths, self.paths()),
            (wanted.durations, self.durations()),
        ];
        all.into_iter().filter_map(|(is_wanted, provider)| provider.filter(|_| is_wanted))
    }
}

/// What is recorded beside calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Extras {
    /// Their begins.
    pub begins: bool,
    /// What they read and write.
    pub data: bool,
    /// The paths behind their descriptors.
    pub paths: bool,
    /// How long those took that do not say so.
    pub durations: bool,
    /// How often threads have left their processors.
    pub context_switches: bool,
}

/// The event of threads' switches, which sets of several providers have.
const CONTEXT_SWITCHES: &str = "proc:context_switches";

impl Extras {
    const ALL: Self =
        Self { begins: true, data: true, paths: true, durations: true, context_switches: true };
}

/// The event patterns of these sets, with what is wanted beside their calls; and those that are to be left out of patterns which
/// the user did not give. Of a provider that is named among the user's `events`, no more than those is recorded.
pub fn patterns(sets: &[Set], extras: Extras, events: &[String]) -> (Vec<String>, Vec<String>) {
    let chosen: Vec<_> = if sets.contains(&Set::All) {
        Set::ALL.iter().chain(sets).copied().collect()
    } else {
        sets.to_vec()
    };
    let mut wanted: Vec<_> = chosen.iter().flat_map(|set| set.providers()).copied().collect();
    wanted.extend(chosen.iter().flat_map(|set| set.extras(extras)));
    wanted.sort_unstable();
    wanted.dedup();
    wanted.retain(|provider| !events.iter().any(|event| names(event, provider)));
    let others = every_provider().into_iter().filter(|provider| !wanted.contains(provider));
    let pattern = |provider: &str| format!("{provider}:*");
    let others = others.map(pattern).collect();
    let mut wanted: Vec<_> = wanted.iter().copied().map(pattern).collect();
    if extras.context_switches && chosen.iter().any(|set| set.waits()) {
        wanted.push(CONTEXT_SWITCHES.to_owned());
    }
    (wanted, others)
}

/// Whether an event pattern names events of this provider. One that begins with `*` is about all events, and names none.
fn names(pattern: &str, provider: &str) -> bool {
    let beginning = format!("{provider}:");
    let is_about = |end| {
        let part = pattern.get(..end);
        part.is_some_and(|part| EventRule::of(part).names(&beginning, 0))
    };
    !pattern.starts_with('*') && (1..=pattern.len()).any(is_about)
}

fn every_provider() -> Vec<&'static str> {
    let sets = Set::ALL.iter().chain(&[Set::LttngNames]);
    sets.flat_map(|set| set.providers().iter().copied().chain(set.extras(Extras::ALL))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_patterns_and_those_not_wanted_are_left_out() {
        let (wanted, others) = patterns(&[Set::Mem], Extras::default(), &[]);
        assert_eq!(wanted, ["libc_mem:*"]);
        assert!(!others.contains(&"libc_mem:*".to_owned()));
        assert!(others.contains(&"libc_io:*".to_owned()), "{others:?}");
        assert_eq!(wanted.len() + others.len(), every_provider().len());
    }

    #[test]
    fn tracepoints_alone_leave_all_sets_out() {
        let (wanted, others) = patterns(&[Set::Tracepoints], Extras::ALL, &[]);
        assert!(wanted.is_empty());
        assert_eq!(others.len(), every_provider().len());
    }

    #[test]
    fn all_means_each_set_once_and_no_begins() {
        let (wanted, others) = patterns(&[Set::All, Set::Io], Extras::default(), &[]);
        assert_eq!(wanted, ["dl:*", "func:*", "libc_io:*", "libc_mem:*", "proc:*", "pthread:*"]);
        assert!(others.iter().any(|other| other.starts_with("lttng_ust_libc")));
    }

    #[test]
    fn extras_go_with_their_sets() {
        let begins = Extras { begins: true, ..Extras::default() };
        let (wanted, others) = patterns(&[Set::Io, Set::Dl], begins, &[]);
        assert_eq!(wanted, ["dl:*", "libc_io:*", "libc_io_begin:*"]);
        assert!(others.contains(&"libc_io_data:*".to_owned()), "{others:?}");
        let data = Extras { data: true, ..Extras::default() };
        assert_eq!(patterns(&[Set::Io], data, &[]).0, ["libc_io:*", "libc_io_data:*"]);
        assert_eq!(patterns(&[Set::Mem], data, &[]).0, ["libc_mem:*"]);
        let paths = Extras { paths: true, ..Extras::default() };
        let (wanted, _) = patterns(&[Set::All], paths, &[]);
        assert!(wanted.contains(&"libc_io_path:*".to_owned()), "{wanted:?}");
        let durations = Extras { durations: true, ..Extras::default() };
        assert_eq!(patterns(&[Set::Mem], durations, &[]).0, ["libc_mem:*", "libc_mem_duration:*"]);
        let switches = Extras { context_switches: true, ..Extras::default() };
        assert_eq!(patterns(&[Set::Io], switches, &[]).0, ["libc_io:*", "proc:context_switches"]);
        assert_eq!(patterns(&[Set::Mem], switches, &[]).0, ["libc_mem:*"]);
    }
    #[test]
    fn a_provider_whose_events_are_named_has_those_alone() {
        let of = |event: &str| {
            let begins = Extras { begins: true, ..Extras::default() };
            patterns(&[Set::Mem, Set::Io], begins, &["shop:*".to_owned(), event.to_owned()])
        };
        let all = ["libc_io:*", "libc_io_begin:*", "libc_mem:*", "libc_mem_begin:*"];
        for event in ["*", "*:*", "*:malloc", "shop:libc_mem:*", "libc_memo:*", "libc", "pthread:*"]
        {
            assert_eq!(of(event).0, all, "{event}");
        }
        for event in ["libc_mem:malloc", "libc_mem:m*", "libc_mem:*", "libc_m?m:free"] {
            let (wanted, others) = of(event);
            assert_eq!(wanted, [all[0], all[1], all[3]], "{event}");
            assert!(
                others.contains(&all[2].to_owned()),
                "{event}: or `*` would bring all: {others:?}"
            );
        }
        assert_eq!(of("libc_*:read").0, Vec::<&str>::new());
        assert_eq!(of("libc_io_begin:read").0, [all[0], all[2], all[3]]);
    }
}
