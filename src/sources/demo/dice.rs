//! Chance from a seed: the same seed and the same words always give the same numbers, names and identifiers.

/// Letters of pod name tails, as Kubernetes picks them (no vowels, nothing that looks like another).
const TAIL: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const HEX: &[u8] = b"0123456789abcdef";

/// A point in a tree of chance; each word or number leads to another point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dice(u64);

impl Dice {
    /// The root of a seed's tree.
    pub(super) fn of(seed: u64) -> Self {
        Self(mix(seed ^ 0x5175_6172_7465_7264))
    }

    /// The point that `word` leads to (FNV-1a, then mixed).
    pub(super) fn on(self, word: &str) -> Self {
        let hash =
            word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(mix(self.0 ^ hash))
    }

    /// The point that a number leads to.
    pub(super) fn nth(self, n: i64) -> Self {
        Self(mix(self.0.wrapping_add(mix(n.cast_unsigned()))))
    }

    /// A number below `limit` (zero for a limit of zero).
    pub(super) fn below(self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.0 % limit }
    }

    /// The same for lengths of time in seconds.
    pub(super) fn seconds(self, limit: i64) -> i64 {
        i64::try_from(self.below(limit.max(0).cast_unsigned())).unwrap_or(0)
    }

    /// A number from 0 up to, not including, 1.
    pub(super) fn share(self) -> f64 {
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of several.
    pub(super) fn pick<'a, T: ?Sized>(self, of: &[&'a T]) -> Option<&'a T> {
        of.get(usize::try_from(self.below(of.len() as u64)).unwrap_or(0)).copied()
    }

    /// Hex digits, as container ids and digests have them.
    pub(super) fn hex(self, length: usize) -> String {
        self.letters(HEX, length)
    }

    /// The random tail of a pod's name.
    pub(super) fn tail(self, length: usize) -> String {
        self.letters(TAIL, length)
    }

    /// An identifier in the form of a version 4 UUID.
    pub(super) fn uuid(self) -> String {
        let hex = self.hex(32);
        format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    fn letters(self, of: &[u8], length: usize) -> String {
        let mut point = self.0;
        (0..length)
            .map(|_| {
                point = mix(point);
                char::from(of[usize::try_from(point % of.len() as u64).unwrap_or(0)])
            })
            .collect()
    }
}

/// One step of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_way_leads_to_the_same_point_and_another_way_to_another() {
        let point = || Dice::of(7).on("biz-prod").on("api").nth(3);
        assert_eq!((point().uuid(), point().tail(5)), (point().uuid(), point().tail(5)));
        assert_ne!(point(), Dice::of(8).on("biz-prod").on("api").nth(3));
        assert_ne!(point(), Dice::of(7).on("api").on("biz-prod").nth(3));
    }

    #[test]
    fn identifiers_have_the_form_of_their_platforms() {
        let id = Dice::of(1).uuid();
        assert_eq!((id.len(), id.as_bytes()[14], id.as_bytes()[19]), (36, b'4', b'a'));
        assert!(Dice::of(1).tail(500).bytes().all(|b| TAIL.contains(&b)));
        assert!((0.0..1.0).contains(&Dice::of(1).share()));
    }
}
