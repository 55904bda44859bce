//! Fuzzy search over a list of words, by the scorer of Helix.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// What letters found in a name are worth above letters found only behind it.
const NAME: u32 = 10_000;

/// The indices of those that match, best first; with nothing typed all, in their order. Each is a name and what stands
/// behind it: what the name alone matches comes first.
#[must_use]
pub(super) fn search<'a>(typed: &str, among: impl Iterator<Item = (&'a str, String)>) -> Vec<usize> {
    if typed.trim().is_empty() {
        return (0..among.count()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut letters = Vec::new();
    let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut letters), &mut matcher);
    let mut found: Vec<(u32, usize)> = among
        .enumerate()
        .filter_map(|(n, (name, behind))| {
            let by_name = score(name).map(|score| score + NAME);
            Some((by_name.or_else(|| score(&format!("{name} {behind}")))?, n))
        })
        .collect();
    found.sort_by_key(|(score, n)| (std::cmp::Reverse(*score), *n));
    found.into_iter().map(|(_, n)| n).collect()
}

#[cfg(test)]
mod tests {
    use super::search;

    #[test]
    fn a_few_letters_find_and_the_name_counts_before_what_stands_behind() {
        let among = || {
            let all = [
                ("freeze", "the view, or let it go"),
                ("sources", "go to Sources"),
                ("prod/worker", ""),
                ("prod/web", ""),
            ];
            all.into_iter().map(|(name, behind)| (name, behind.to_owned()))
        };
        assert_eq!(search("", among()), [0, 1, 2, 3]);
        assert_eq!(search("wor", among()).first(), Some(&2));
        assert_eq!(search("prwo", among()), [2]);
        assert_eq!(search("zzz", among()), Vec::<usize>::new());
    }
}
