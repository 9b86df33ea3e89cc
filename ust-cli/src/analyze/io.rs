//! `ust analyze io`: which calls were slow, what was done with which descriptor, and what failed.
//!
//! A call belongs to the descriptor in its field `fd`; a call that makes descriptors belongs to none. Calls that are there to
//! wait (`poll`, `nanosleep`) are counted by function, and are no slow calls.

use super::descriptors::{Descriptor, Descriptors, Others};
use super::errno;
use super::feed::{Call, Figures};
use super::sites::Sites;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// How many slow calls are kept.
const SLOWEST: usize = 100;

/// Functions that wait because that is what they are for.
const WAITS: [&str; 18] = [
    "poll",
    "ppoll",
    "select",
    "pselect",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "nanosleep",
    "clock_nanosleep",
    "usleep",
    "sleep",
    "pause",
    "sigwait",
    "sigwaitinfo",
    "sigtimedwait",
    "sigsuspend",
    "accept",
    "accept4",
];

/// See the module page.
#[derive(Debug, Default)]
pub struct Io {
    functions: BTreeMap<String, Function>,
    errors: BTreeMap<(String, i64), u64>,
    descriptors: Descriptors,
    slowest: BinaryHeap<Reverse<SlowCall>>,
}

#[derive(Debug, Default)]
struct Function {
    calls: u64,
    errors: u64,
    bytes: u64,
    duration_ns: u64,
    longest_ns: u64,
}

/// A call that took long.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SlowCall {
    /// How long.
    pub duration_ns: u64,
    /// When it ended, in nanoseconds since 1970.
    pub time_ns: i64,
    /// The function.
    pub function: String,
    /// The descriptor's number.
    pub fd: Option<i64>,
    /// What the descriptor stands for, or the path.
    pub on: Option<String>,
    /// What the call returned.
    pub result: Option<i64>,
    /// The error, 0 for none.
    pub errno: i64,
    /// Its name.
    pub error: Option<&'static str>,
    /// Who called.
    pub tid: Option<u64>,
}

/// Which way bytes go.
enum Way {
    In,
    Out,
}

/// Whether the function's result counts bytes.
fn way_of(function: &str) -> Option<Way> {
    match function {
        "read" | "pread" | "readv" | "preadv" | "preadv2" | "recv" | "recvfrom" | "recvmsg" => {
            Some(Way::In)
        }
        "write" | "pwrite" | "writev" | "pwritev" | "pwritev2" | "send" | "sendto" | "sendmsg" => {
            Some(Way::Out)
        }
        _ => None,
    }
}

impl Figures for Io {
    const PROVIDER: &'static str = "libc_io";

    fn call(&mut self, call: &Call<'_>, _: &mut Sites) {
        let result = call.signed("result");
        // The kernel has no larger error numbers.
        let error = call.signed("errno").unwrap_or_default().clamp(-1, 4096);
        let duration_ns = call.number("duration").unwrap_or_default();
        let bytes = result.filter(|_| error == 0).and_then(|bytes| u64::try_from(bytes).ok());
        let bytes = way_of(call.name).zip(bytes);
        let fd = call.signed("fd").filter(|fd| *fd >= 0);

        let function = match self.functions.get_mut(call.name) {
            Some(function) => function,
            None => self.functions.entry(call.name.to_owned()).or_default(),
        };
        function.calls += 1;
        function.duration_ns = function.duration_ns.saturating_add(duration_ns);
        function.longest_ns = function.longest_ns.max(duration_ns);
        if let Some((_, bytes)) = bytes {
            function.bytes = function.bytes.saturating_add(bytes);
        }
        if error != 0 {
            function.errors += 1;
            *self.errors.entry((call.name.to_owned(), error)).or_default() += 1;
        }
        if !WAITS.contains(&call.name) {
            self.may_be_slow(call, fd, result, error, duration_ns);
        }
        if let Some(fd) = fd.filter(|_| error != i64::from(libc::EBADF)) {
            let one = self.descriptors.of(fd);
            one.calls += 1;
            one.errors += u64::from(error != 0);
            one.duration_ns = one.duration_ns.saturating_add(duration_ns);
            match bytes {
                Some((Way::In, bytes)) => one.read_bytes = one.read_bytes.saturating_add(bytes),
                Some((Way::Out, bytes)) => {
                    one.written_bytes = one.written_bytes.saturating_add(bytes)
                }
                None => {}
            }
        }
        if error == 0 || call.name == "connect" || call.name == "close" {
            self.follow(call, fd, result, error);
        }
    }
}

impl Io {
    fn may_be_slow(
        &mut self,
        call: &Call<'_>,
        fd: Option<i64>,
        result: Option<i64>,
        errno: i64,
        duration_ns: u64,
    ) {
        let is_slow = |shortest: &Reverse<SlowCall>| duration_ns > shortest.0.duration_ns;
        let is_full = self.slowest.len() >= SLOWEST;
        if duration_ns == 0 || is_full && !self.slowest.peek().is_some_and(is_slow) {
            return;
        }
        if is_full {
            self.slowest.pop();
        }
        let known = fd.map(|fd| self.descriptors.stands_for(fd).to_owned());
        self.slowest.push(Reverse(SlowCall {
            duration_ns,
            time_ns: call.time_ns(),
            function: call.name.to_owned(),
            fd,
            on: call.text("path").or(known),
            result,
            errno,
            error: errno::name(errno),
            tid: call.tid(),
        }));
    }

    /// Keeps up with which descriptor stands for what.
    fn follow(&mut self, call: &Call<'_>, fd: Option<i64>, result: Option<i64>, error: i64) {
        let result = result.filter(|fd| *fd >= 0);
        let address = || {
            let names = ["address", "addr", "peer"];
            names.into_iter().find_map(|name| call.text(name)).filter(|text| !text.is_empty())
        };
        match (call.name, fd, result) {
            // The number is free even if `close` has failed, but not if it was none.
            ("close", Some(fd), _) if error != i64::from(libc::EBADF) => self.descriptors.close(fd),
            ("connect" | "bind", Some(fd), _) => {
                if let Some(address) = address() {
                    let way = if call.name == "connect" { "to" } else { "at" };
                    self.descriptors.of(fd).stands_for = format!("socket {way} {address}");
                }
            }
            ("open" | "openat" | "openat2" | "creat", _, Some(new)) => {
                let path = call.text("path").unwrap_or_else(|| call.name.to_owned());
                self.descriptors.open(new, path);
            }
            ("accept" | "accept4", _, Some(new)) => {
                let peer = address().unwrap_or_else(|| "a peer".to_owned());
                self.descriptors.open(new, format!("socket from {peer}"));
            }
            ("dup" | "dup2" | "dup3", ..) => {
                let old = fd.or_else(|| call.signed("oldfd")).or_else(|| call.signed("old"));
                // `dup2` of a descriptor onto itself does nothing.
                if let (Some(old), Some(new)) = (old, result)
                    && old != new
                {
                    let stands_for = self.descriptors.of(old).stands_for.clone();
                    self.descriptors.open(new, stands_for);
                }
            }
            ("fcntl", Some(old), Some(new)) => {
                let is_dup =
                    |cmd| [libc::F_DUPFD, libc::F_DUPFD_CLOEXEC].map(i64::from).contains(&cmd);
                if call.signed("cmd").is_some_and(is_dup) {
                    let stands_for = self.descriptors.of(old).stands_for.clone();
                    self.descriptors.open(new, stands_for);
                }
            }
            ("pipe" | "pipe2" | "socketpair", ..) => {
                let what = if call.name == "socketpair" { "socket pair" } else { "pipe" };
                let fds = ["fds", "sv"].into_iter().map(|name| call.numbers(name));
                fds.flatten().for_each(|new| self.descriptors.open(new, what.to_owned()));
            }
            (
                "socket" | "epoll_create" | "epoll_create1" | "eventfd" | "memfd_create"
                | "mkstemp",
                _,
                Some(new),
            ) => {
                self.descriptors
                    .open(new, call.text("path").unwrap_or_else(|| call.name.to_owned()));
            }
            _ => {}
        }
    }
}

/// What is reported of a process.
#[derive(Debug, Serialize)]
pub struct IoReport {
    /// The calls that took longest.
    pub slowest: Vec<SlowCall>,
    /// The descriptors that took most time.
    pub descriptors: Vec<Descriptor>,
    /// The others.
    pub other_descriptors: Others,
    /// Failed calls.
    pub errors: Vec<ErrorFigures>,
    /// Calls by function.
    pub functions: Vec<FunctionFigures>,
}

/// A function that failed in one way.
#[derive(Debug, Serialize)]
pub struct ErrorFigures {
    /// The function.
    pub function: String,
    /// The error.
    pub errno: i64,
    /// Its name.
    pub error: Option<&'static str>,
    /// How often.
    pub count: u64,
}

/// A function.
#[derive(Debug, Serialize)]
pub struct FunctionFigures {
    /// Its name.
    pub function: String,
    /// Calls.
    pub calls: u64,
    /// Of these, those that failed.
    pub errors: u64,
    /// Bytes that went either way.
    pub bytes: u64,
    /// The time that they took.
    pub duration_ns: u64,
    /// The longest.
    pub longest_ns: u64,
}

impl Io {
    /// The figures, with at most so many calls and descriptors.
    pub fn report(self, top: usize) -> IoReport {
        let slowest = self.slowest.into_sorted_vec().into_iter().map(|Reverse(call)| call);
        let (descriptors, other_descriptors) = self.descriptors.busiest(top);
        let errors = self.errors.into_iter().map(|((function, errno), count)| ErrorFigures {
            function,
            errno,
            error: errno::name(errno),
            count,
        });
        let mut errors: Vec<_> = errors.collect();
        errors.sort_by_key(|one| Reverse(one.count));
        let functions = self.functions.into_iter().map(|(function, figures)| FunctionFigures {
            function,
            calls: figures.calls,
            errors: figures.errors,
            bytes: figures.bytes,
            duration_ns: figures.duration_ns,
            longest_ns: figures.longest_ns,
        });
        let mut functions: Vec<_> = functions.collect();
        functions.sort_by_key(|one| Reverse((one.duration_ns, one.calls)));
        IoReport {
            slowest: slowest.take(top).collect(),
            descriptors,
            other_descriptors,
            errors,
            functions,
        }
    }
}
