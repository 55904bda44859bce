//! Addresses that people type: a suffix that is unique, the candidates where it is not, the nearest where none fits.

use crate::model::{Address, AddressError, EnvironmentAddress, Text};

use super::Fleet;

/// Most suggestions for a typed address that names nothing.
const NEAR: usize = 3;

impl Fleet {
    /// The Service that `typed` names: its whole address, or a suffix of it that is unique.
    ///
    /// # Errors
    /// [`AddressError::Ambiguous`] with the candidates, [`AddressError::Unknown`] with the nearest ones.
    pub fn resolve(&self, typed: &str) -> Result<Address, AddressError> {
        let all: Vec<&Address> = self.services().map(|service| &service.address).collect();
        let suffixes = |address: &Address| {
            let whole = address.to_string();
            vec![whole, address.short(), address.service.to_string()]
        };
        choose(typed, &all, Address::matches, suffixes).cloned()
    }

    /// The Environment that `typed` names: `prod`, `shop/prod`.
    ///
    /// # Errors
    /// As [`Fleet::resolve`].
    pub fn resolve_environment(&self, typed: &str) -> Result<EnvironmentAddress, AddressError> {
        let all = self.environment_addresses();
        let suffixes = |address: &EnvironmentAddress| vec![address.to_string(), address.environment.to_string()];
        choose(typed, &all, EnvironmentAddress::matches, suffixes).cloned()
    }
}

/// The one that fits. A whole address always names itself, even where it is a suffix of another one too.
fn choose<'a, A: std::fmt::Display>(
    typed: &str,
    all: &[&'a A],
    matches: fn(&A, &str) -> bool,
    suffixes: impl Fn(&A) -> Vec<String>,
) -> Result<&'a A, AddressError> {
    let fitting: Vec<&&A> = all.iter().filter(|address| matches(address, typed)).collect();
    match fitting.as_slice() {
        [one] => return Ok(one),
        [] => {}
        many => {
            if let Some(whole) = many.iter().find(|address| address.to_string() == typed) {
                return Ok(whole);
            }
            let candidates = many.iter().map(ToString::to_string).collect();
            return Err(AddressError::Ambiguous { typed: Text::line(typed), candidates });
        }
    }
    // A suffix that is far from what was typed is no help: at most a third of its letters may differ.
    let limit = (typed.chars().count() / 3).clamp(1, 4);
    let mut near: Vec<(usize, String)> = all
        .iter()
        .filter_map(|address| {
            let distances = suffixes(address).into_iter().filter_map(|suffix| distance(typed, &suffix, limit));
            Some((distances.min()?, address.to_string()))
        })
        .collect();
    near.sort();
    near.truncate(NEAR);
    let near = near.into_iter().map(|(_, address)| address).collect();
    Err(AddressError::Unknown { typed: Text::line(typed), near })
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour to make `a` of `b` (optimal string
/// alignment); `None` beyond `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let a: Vec<char> = a.chars().take(128).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(128).flat_map(char::to_lowercase).collect();
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<usize>>(), vec![0; b.len() + 1]];
    for (i, x) in a.iter().enumerate() {
        rows.rotate_left(1);
        // After the turn: rows[0] is the last row, rows[2] the one before it, rows[1] the one to fill.
        rows[1][0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let mut best = (rows[0][j] + usize::from(x != y)).min(rows[0][j + 1] + 1).min(rows[1][j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(rows[2][j - 1] + 1);
            }
            rows[1][j + 1] = best;
        }
    }
    Some(rows[1][b.len()]).filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_changes_and_swaps_up_to_a_limit() {
        for (a, b, far) in [
            ("api", "api", Some(0)),
            ("", "a", Some(1)),
            ("apj", "api", Some(1)),
            ("aip", "api", Some(1)),
            ("prod/wroker", "prod/worker", Some(1)),
            ("workers", "worker", Some(1)),
            ("kitten", "sitting", Some(3)),
            ("API", "api", Some(0)),
            ("abcdefgh", "api", None),
        ] {
            assert_eq!(distance(a, b, 4), far, "{a} {b}");
        }
    }
}
