//! Globs: `*` is any text, also none, `?` is one character, and every other character is itself.

/// Whether a glob names the text. A time of at most the product of both lengths: rules are untrusted, and short.
pub fn matches(glob: &str, text: &str) -> bool {
    let (mut glob, mut text) = (glob.chars(), text.chars());
    // Behind the last `*`, and behind the text that it stands for so far. Earlier ones need not be tried again.
    let mut last_star = None;
    loop {
        let (before, wanted) = (text.clone(), glob.next());
        match (wanted, text.next()) {
            (Some('*'), _) => {
                text = before;
                last_star = Some((glob.clone(), text.clone()));
            }
            (None, None) => return true,
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((behind, taken)) = &mut last_star else { return false };
                if taken.next().is_none() {
                    return false;
                }
                (glob, text) = (behind.clone(), taken.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;
    use proptest::prelude::*;
    use wildmatch::WildMatch;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        /// Of few characters, so that many match; two of them are longer than a byte.
        #[test]
        fn a_glob_names_what_wildmatch_says(glob in "[ab\u{e9}*?]{0,8}", text in "[ab\u{e9}\u{20ac}*?]{0,10}") {
            prop_assert_eq!(matches(&glob, &text), WildMatch::new(&glob).matches(&text));
        }

        /// What the glob was made of, with something in each place of a `*`.
        #[test]
        fn a_glob_names_what_it_was_made_of(parts in proptest::collection::vec(("[ab:]{0,4}", "[ab:]{0,4}"), 0..5)) {
            let glob: String = parts.iter().map(|(fixed, _)| format!("{fixed}*")).collect();
            let text: String = parts.iter().map(|(fixed, any)| format!("{fixed}{any}")).collect();
            prop_assert!(matches(&glob, &text), "{glob} {text}");
        }
    }
}
