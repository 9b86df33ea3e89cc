//! None of our descriptors gets a standard descriptor's number, even if the program has closed that
//! one.
//!
//! One test in a process of its own, because it closes its standard input.

use rustix::fd::{AsRawFd, OwnedFd};
use ust_core::shm::own_dir::OwnDir;
use ust_core::shm::{memfd, named};
use ust_core::socket;

#[track_caller]
fn assert_clear(fd: &OwnedFd) {
    assert!(fd.as_raw_fd() > 2);
    let lowest = std::fs::File::open("/dev/null").unwrap();
    assert_eq!(lowest.as_raw_fd(), 0, "the number is free again");
}

#[test]
#[allow(unsafe_code)]
fn what_we_open_stays_clear_of_the_standard_descriptors() {
    let dir = tempfile::tempdir().unwrap();
    let address = rustix::net::SocketAddrUnix::new(dir.path().join("socket")).unwrap();
    let (family, kind) = (rustix::net::AddressFamily::UNIX, rustix::net::SocketType::SEQPACKET);
    let listener = rustix::net::socket(family, kind, None).unwrap();
    rustix::net::bind(&listener, &address).unwrap();
    rustix::net::listen(&listener, 1).unwrap();
    let own = dir.path().join("own");
    let (own, _) = OwnDir::make_at(rustix::fs::CWD, own.as_path()).unwrap();
    // SAFETY: nobody reads standard input here.
    unsafe { rustix::io::close(0) };

    assert_clear(&memfd::create(c"test", 4096).unwrap());
    assert_clear(&socket::connect_to(&address, true).unwrap());
    assert_clear(&named::create(&own, c"ring", 4096).unwrap());
}
