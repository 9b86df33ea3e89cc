//! Any bytes as a line of the control protocol.
//!
//! Input: a request or an answer, with or without the line's end.

#![no_main]

use consumerd::control::protocol::{
    LineError, Request, answer_line, parse_answer, parse_request, request_line,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Ok(request) = parse_request(input) {
        let line = line(request_line(request.clone()));
        assert_eq!(parse_request(&line).ok().as_ref(), Some(&request));
        assert!(parse_answer(&line).is_err(), "a request is no answer");
        // The daemon's first checks.
        if let Request::EnableChannel { name, options, .. }
        | Request::Create { name, channel: options, .. } = &request
        {
            for is_snapshot in [false, true] {
                if let Ok(channel) = options.channel(name, is_snapshot) {
                    assert!(channel.mode.overwrites() || !is_snapshot);
                }
            }
        }
    }
    if let Ok(answer) = parse_answer(input) {
        let line = line(answer_line(answer.clone()));
        assert_eq!(parse_answer(&line).ok().as_ref(), Some(&answer));
    }
});

/// What was parsed can be encoded again, in one line.
fn line(line: Result<Vec<u8>, LineError>) -> Vec<u8> {
    let line = line.expect("what was parsed can be said");
    assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
    line
}
