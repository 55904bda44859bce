//! Fuzzy search over a list of words, by the scorer of Helix.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// The indices of those that match, best first; with nothing typed all, in their order.
#[must_use]
pub(super) fn search<'a>(typed: &str, among: impl Iterator<Item = &'a str>) -> Vec<usize> {
    if typed.trim().is_empty() {
        return (0..among.count()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut letters = Vec::new();
    let mut found: Vec<(u32, usize)> = among
        .enumerate()
        .filter_map(|(n, text)| Some((pattern.score(Utf32Str::new(text, &mut letters), &mut matcher)?, n)))
        .collect();
    found.sort_by_key(|(score, n)| (std::cmp::Reverse(*score), *n));
    found.into_iter().map(|(_, n)| n).collect()
}

#[cfg(test)]
mod tests {
    use super::search;

    #[test]
    fn a_few_letters_find_and_the_best_comes_first() {
        let among = ["go to Sources", "theme: dark", "prod/worker", "prod/web"];
        assert_eq!(search("", among.into_iter()), [0, 1, 2, 3]);
        assert_eq!(search("prwo", among.into_iter()), [2]);
        assert_eq!(search("zzz", among.into_iter()), Vec::<usize>::new());
    }
}
