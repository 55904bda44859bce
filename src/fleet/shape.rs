//! The shape of names (rule 4 of DESIGN section 4): a tier word in a scope's or a Source's name, and what is left of it.

use crate::model::{SourceName, Tier};

/// A name with a tier word in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// The word, in lower case: the Environment's name.
    pub(super) word: String,
    pub(super) tier: Tier,
    /// The name without the word and one of the marks beside it; empty where the word was all of it.
    pub(super) rest: String,
}

/// Finds the tier word of a name. The last word counts first, then the first one, then those between, so that
/// `live-chat-staging` is staging and `staging-live-chat` is too.
pub(super) fn shape(name: &str) -> Option<Shape> {
    let words = words(name);
    let last = words.len().checked_sub(1)?;
    let order = std::iter::once(last).chain(0..last);
    order.filter_map(|n| words.get(n)).find_map(|&(start, end)| {
        let word = name[start..end].to_lowercase();
        let tier = tier_of(&word)?;
        // `prod-shop` loses the mark behind the word, every other name the one before it.
        let (head, tail) = (&name[..start], &name[end..]);
        let rest = if head.is_empty() { skip_mark(tail).to_owned() } else { format!("{}{tail}", cut_mark(head)) };
        Some(Shape { word, tier, rest })
    })
}

/// The tier of an Environment by the words of its name: `prod`, `qa-7`, `prod2`, `eu-production`.
pub(super) fn tier_of_name(name: &str) -> Option<Tier> {
    shape(name).map(|shape| shape.tier)
}

/// The name that an Environment gets from its Source (rule 5): without the kind before it, and of a long cloud name the
/// last part (`kubernetes:arn:aws:eks:eu-central-1:1234:cluster/shop` → `shop`).
pub(super) fn short_source(source: &SourceName) -> &str {
    let whole = source.0.raw();
    let name = match whole.split_once(':') {
        Some(("docker" | "kubernetes" | "demo", name)) if !name.is_empty() => name,
        _ => whole,
    };
    let last = name.rsplit('/').next().filter(|last| !last.is_empty());
    if name.starts_with("arn:") { last.unwrap_or(name) } else { name }
}

fn tier_of(word: &str) -> Option<Tier> {
    Tier::of_word(word.trim_end_matches(|c: char| c.is_ascii_digit()))
}

fn words(name: &str) -> Vec<(usize, usize)> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in name.char_indices() {
        match (c.is_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from, at));
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| (from, name.len())));
    words
}

fn skip_mark(tail: &str) -> &str {
    let mut rest = tail.chars();
    rest.next();
    rest.as_str()
}

fn cut_mark(head: &str) -> &str {
    let mut rest = head.chars();
    rest.next_back();
    rest.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_word_is_found_wherever_it_stands_and_the_rest_is_the_system() {
        for (name, word, rest, tier) in [
            ("shop-staging", "staging", "shop", Tier::Staging),
            ("prod-shop", "prod", "shop", Tier::Production),
            ("shop_prod_eu", "prod", "shop_eu", Tier::Production),
            ("live-chat-staging", "staging", "live-chat", Tier::Staging),
            ("staging-live-chat", "staging", "live-chat", Tier::Staging),
            ("Shop-PROD", "prod", "Shop", Tier::Production),
            ("shop-prod2", "prod2", "shop", Tier::Production),
            ("prod", "prod", "", Tier::Production),
            ("shop.develop", "develop", "shop", Tier::Dev),
            ("shop-qa-7", "qa", "shop-7", Tier::Staging),
            ("läden-prod", "prod", "läden", Tier::Production),
        ] {
            let found = shape(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((found.word.as_str(), found.rest.as_str(), found.tier), (word, rest, tier), "{name}");
        }
        for name in ["", "-", "default", "load-0", "products", "develop3r", "alive", "kube-system"] {
            assert_eq!(shape(name), None, "{name}");
        }
    }

    #[test]
    fn a_source_lends_the_short_form_of_its_name() {
        for (source, short) in [
            ("docker:local", "local"),
            ("kubernetes:eks-prod", "eks-prod"),
            ("vm1", "vm1"),
            ("kubernetes:arn:aws:eks:eu-central-1:1234:cluster/shop", "shop"),
            ("docker:", "docker:"),
        ] {
            assert_eq!(short_source(&SourceName::new(source)), short);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_has_a_shape_or_none_and_never_fails(name in "\\PC*") {
            if let Some(found) = shape(&name) {
                proptest::prop_assert!(found.rest.len() < name.len());
            }
        }
    }
}
