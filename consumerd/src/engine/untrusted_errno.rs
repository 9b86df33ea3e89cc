//! The reason of a failure as a process gives it: any number, of which only the kernel's are accepted.

use rustix::io::Errno;

/// The reason, if the kernel may have such an error.
pub fn known_errno(untrusted: u32) -> Option<Errno> {
    // The kernel's numbers are among these.
    (1..4096).contains(&untrusted).then(|| Errno::from_raw_os_error(untrusted as i32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn an_errno_that_the_kernel_does_not_have_is_no_reason() {
        for hostile in [0, 4096, 1 << 31, u32::MAX, (-1i32) as u32] {
            assert_eq!(known_errno(hostile), None, "{hostile}");
        }
        for possible in 1..4096 {
            let reason = known_errno(possible).expect("the kernel may say so");
            assert_eq!(reason.raw_os_error() as u32, possible);
            // Every reason has a text.
            assert!(!io::Error::from(reason).to_string().is_empty());
        }
    }
}
