//! Our descriptors are out of the program's way: high, or at least not at the numbers of the standard descriptors.
//!
//! One test in a process of its own, because it closes its standard input and lowers its limit.

use rustix::fd::{AsRawFd, OwnedFd};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use ust_core::shm::out_of_the_way::out_of_the_way;
use ust_core::shm::own_dir::OwnDir;
use ust_core::shm::{memfd, named};
use ust_core::socket;

#[track_caller]
fn assert_clear(fd: &OwnedFd, lowest_of_ours: i32) {
    assert!(fd.as_raw_fd() >= lowest_of_ours, "{fd:?}");
    let lowest = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(lowest.as_raw_fd(), 0, "the number is free again");
}

fn lower_the_limit(descriptors: u64) {
    let limit = Rlimit { current: Some(descriptors), ..getrlimit(Resource::Nofile) };
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
#[allow(unsafe_code)]
fn what_we_open_is_no_standard_descriptor_and_can_be_out_of_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let address = rustix::net::SocketAddrUnix::new(dir.path().join("socket")).unwrap();
    let (family, kind) = (rustix::net::AddressFamily::UNIX, rustix::net::SocketType::SEQPACKET);
    let listener = rustix::net::socket(family, kind, None).unwrap();
    rustix::net::bind(&listener, &address).unwrap();
    rustix::net::listen(&listener, 8).unwrap();
    let own = dir.path().join("own");
    let (own, _) = OwnDir::make_at(rustix::fs::CWD, own.as_path()).unwrap();
    // SAFETY: nobody reads standard input here.
    unsafe { rustix::io::close(0) };

    lower_the_limit(1024);
    assert_clear(&memfd::create(c"test", 4096).unwrap(), 3);
    assert_clear(&socket::connect_to(&address, true).unwrap(), 3);
    assert_clear(&named::create(&own, c"ring", 4096).unwrap(), 3);
    // So few numbers are all the program's.
    for (limit, lowest_of_ours) in [(1024, 960), (300, 236), (127, 3)] {
        lower_the_limit(limit);
        let fd = out_of_the_way(memfd::create(c"test", 4096).unwrap());
        assert_clear(&fd, lowest_of_ours);
    }
    // Ours are used up: any number will do.
    lower_the_limit(128);
    let make = |_| out_of_the_way(memfd::create(c"test", 4096).unwrap());
    let all: Vec<_> = (0..70).map(make).collect();
    assert!(all.iter().any(|fd| fd.as_raw_fd() < 64));
}
