//! Numbers as text.

use std::io::Write;

use super::out::Out;

/// A number of this many bits, in a base.
pub(super) fn unsigned(value: u64, bits: u8, base: u8, out: &mut Out) {
    // Writing to memory cannot fail.
    let _ = match base {
        2 => write!(out, "0b{value:0bits$b}", bits = bits.into()),
        8 => write!(out, "0{value:o}"),
        16 => write!(out, "{value:#X}"),
        _ => {
            decimal(value, out);
            Ok(())
        }
    };
}

/// The same with a sign. In any base but 10 it is shown as two's complement, in as many whole digits as its bits fill.
pub(super) fn signed(value: i64, bits: u8, base: u8, out: &mut Out) {
    if base == 10 {
        return signed_decimal(value, out);
    }
    let shown_bits = match base {
        8 => bits.next_multiple_of(3),
        16 => bits.next_multiple_of(4),
        _ => bits,
    };
    let mask = u64::MAX >> 64_u8.saturating_sub(shown_bits).min(63);
    unsigned(value as u64 & mask, bits, base, out);
}

/// C's `%g`, but with as many digits as distinguish the number from its neighbours.
pub(super) fn float(value: f64, bits: u8, out: &mut Out) {
    let shortest = if bits == 32 { format!("{:e}", value as f32) } else { format!("{value:e}") };
    general(&shortest, value, out);
}

/// C's `%g`: six digits.
pub(super) fn float_of_six_digits(value: f64, out: &mut Out) {
    let rounded = format!("{value:.5e}");
    let Some((mantissa, exponent)) = rounded.split_once('e') else {
        return general(&rounded, value, out);
    };
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    general(&format!("{mantissa}e{exponent}"), value, out);
}

/// C's `%g` of a number whose digits are these: `1.5e3`.
fn general(digits: &str, value: f64, out: &mut Out) {
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let Some((mantissa, exponent)) = digits.trim_start_matches('-').split_once('e') else {
        let _ = write!(out, "{sign}{}", if value.is_nan() { "nan" } else { "inf" });
        return;
    };
    let digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let precision = digits.len().max(6) as i32;
    let _ = if (-4..precision).contains(&exponent) {
        let decimals = (digits.len() as i32 - 1 - exponent).max(0) as usize;
        // There are so few digits that this rounds nothing.
        let number = format!("{sign}{mantissa}e{exponent}").parse::<f64>().unwrap_or(value);
        write!(out, "{number:.decimals$}")
    } else {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        write!(out, "{sign}{mantissa}e{exponent_sign}{:02}", exponent.unsigned_abs())
    };
}

/// A number in base 10.
#[inline]
pub(super) fn decimal(value: u64, out: &mut Out) {
    if value < 10_000 {
        return up_to_four_digits(value as u32, out);
    }
    let (high, low) = (value / 100_000_000, (value % 100_000_000) as u32);
    if high == 0 {
        up_to_four_digits(low / 10_000, out);
        return out.array(&four_digits(low % 10_000));
    }
    if high < 10_000 {
        up_to_four_digits(high as u32, out);
    } else {
        decimal(high, out);
    }
    out.array(&eight_digits(low));
}

/// A number below 10^4.
#[inline]
fn up_to_four_digits(number: u32, out: &mut Out) {
    let (left, right) = (number / 100, number % 100);
    match (left, right) {
        (0, 0..10) => out.byte(b'0' + right as u8),
        (0, _) => out.array(&PAIRS[right as usize]),
        (1..10, _) => {
            let [a, b] = PAIRS[right as usize];
            out.array(&[b'0' + left as u8, a, b]);
        }
        _ => out.array(&four_digits(number)),
    }
}

/// The same with a sign.
#[inline]
pub(super) fn signed_decimal(value: i64, out: &mut Out) {
    if value < 0 {
        out.byte(b'-');
    }
    decimal(value.unsigned_abs(), out);
}

/// The numbers below 100 as two digits each.
const PAIRS: [[u8; 2]; 100] = {
    let (mut pairs, mut number) = ([[0; 2]; 100], 0);
    while number < 100 {
        pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        number += 1;
    }
    pairs
};

/// The nine digits of a number below 10^9, with zeros in front.
#[inline]
pub(super) fn nine_digits(number: u32) -> [u8; 9] {
    let [a, b, c, d, e, f, g, h] = eight_digits(number % 100_000_000);
    [b'0' + (number / 100_000_000 % 10) as u8, a, b, c, d, e, f, g, h]
}

/// The eight digits of a number below 10^8, with zeros in front.
#[inline]
fn eight_digits(number: u32) -> [u8; 8] {
    let [[a, b, c, d], [e, f, g, h]] = [number / 10_000, number % 10_000].map(four_digits);
    [a, b, c, d, e, f, g, h]
}

/// The four digits of a number below 10^4, with zeros in front.
#[inline]
fn four_digits(number: u32) -> [u8; 4] {
    let [[a, b], [c, d]] = [number / 100, number % 100].map(|pair| PAIRS[(pair % 100) as usize]);
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_look_as_in_c() {
        let shown = |value: f64| {
            let (mut shortest, mut six) = (Out::default(), Out::default());
            float(value, 64, &mut shortest);
            float_of_six_digits(value, &mut six);
            [shortest, six].map(|out| String::from_utf8(out.as_bytes().to_vec()).unwrap())
        };
        assert_eq!(shown(0.1), ["0.1", "0.1"]);
        assert_eq!(shown(1234567.0), ["1234567", "1.23457e+06"]);
        assert_eq!(shown(999999.5), ["999999.5", "1e+06"]);
        assert_eq!(shown(-0.000_012_345_678), ["-1.2345678e-05", "-1.23457e-05"]);
        assert_eq!(shown(f64::NEG_INFINITY), ["-inf", "-inf"]);
        assert_eq!(shown(-0.0), ["-0", "-0"]);
        assert_eq!(shown(1e100), ["1e+100", "1e+100"]);
    }

    #[test]
    fn numbers_of_every_length_are_whole() {
        let numbers = (0..20).flat_map(|power| {
            let ten = 10_u64.pow(power);
            [ten - 1, ten, ten + 1, ten * 9 / 7]
        });
        for number in numbers.chain([u64::MAX]) {
            let mut out = Out::default();
            decimal(number, &mut out);
            signed_decimal(number as i64, &mut out);
            assert_eq!(out.as_bytes(), format!("{number}{}", number as i64).as_bytes());
        }
    }

    #[test]
    fn nine_digits_are_nine() {
        assert_eq!(&nine_digits(1_204), b"000001204");
        assert_eq!(&nine_digits(999_999_999), b"999999999");
        assert_eq!(&nine_digits(120_345_006), b"120345006");
    }
}
