//! The local time as part of a name.

/// `YYYYmmdd-HHMMSS`, now.
pub fn stamp() -> String {
    jiff::Zoned::now().strftime("%Y%m%d-%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_stamp_sorts_as_time_does() {
        let stamp = super::stamp();
        let (date, time) = stamp.split_once('-').unwrap();
        assert_eq!((date.len(), time.len()), (8, 6));
        assert!(date.bytes().chain(time.bytes()).all(|byte| byte.is_ascii_digit()), "{stamp}");
    }
}
