//! The events that a program has most of: their records get the short header, 4 bytes in place of 16.
//!
//! It has room for 31 numbers, and the sets have some 700 events. Numbers are given when events are first switched on. Functions
//! that return memory take two each: they have events with call stacks, too.

use ust_core::wire::MAX_COMPACT_ID;

/// Numbers them first.
pub fn number_first() {
    ust::__private::number_first(&EVENTS);
}

const EVENTS: [&str; 28] = [
    "libc_mem:malloc",
    "libc_mem:calloc",
    "libc_mem:realloc",
    "libc_mem:free",
    "pthread:pthread_mutex_lock",
    "pthread:pthread_mutex_trylock",
    "pthread:pthread_mutex_unlock",
    "pthread:pthread_rwlock_rdlock",
    "pthread:pthread_rwlock_wrlock",
    "pthread:pthread_rwlock_unlock",
    "pthread:pthread_cond_wait",
    "pthread:pthread_cond_signal",
    "func:entry",
    "func:exit",
    "func:call",
    "libc_io:read",
    "libc_io:write",
    "libc_io:pread",
    "libc_io:pwrite",
    "libc_io:readv",
    "libc_io:writev",
    "libc_io:recv",
    "libc_io:send",
    "libc_io:recvmsg",
    "libc_io:sendmsg",
    "libc_io:epoll_wait",
    "libc_io:fread",
    "libc_io:fwrite",
];

// `malloc`, `calloc` and `realloc` have two.
const _: () = assert!(EVENTS.len() + 3 <= MAX_COMPACT_ID as usize + 1);
