//! What a container runs: the reference somebody wrote and the digest that says which bytes it is.

use serde::{Deserialize, Serialize};

use super::Text;

/// A container image as a Workload declares it or an Instance runs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Image {
    /// As written: `registry.example/shop/api:1.8.2`.
    pub reference: Text,
    /// The repository digest `sha256:…`, where the platform tells it.
    pub digest: Option<Text>,
    /// The image id on that engine, for images that have no repository digest (marked *local*).
    pub id: Option<Text>,
}

impl Image {
    /// An image known by its reference alone, or by a digest in it (`name@sha256:…`).
    #[must_use]
    pub fn of_reference(reference: &str) -> Self {
        let digest = reference.split_once('@').map(|(_, d)| d).filter(|d| d.starts_with("sha256:"));
        Self { reference: Text::name(reference), digest: digest.map(Text::name), id: None }
    }

    /// The tag, `latest` where none was written and no digest stands there; `None` for a pure digest reference.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        let shown = self.reference.shown();
        let name = shown.split('@').next().unwrap_or(shown);
        let last = name.rsplit('/').next().unwrap_or(name);
        match last.split_once(':') {
            Some((_, tag)) => Some(tag),
            None if shown.contains('@') => None,
            None => Some("latest"),
        }
    }

    /// The first seven hex digits of the digest, or of the image id: what a row has room for.
    #[must_use]
    pub fn short_digest(&self) -> Option<&str> {
        let whole = self.digest.as_ref().or(self.id.as_ref())?.shown();
        let hex = whole.split_once(':').map_or(whole, |(_, hex)| hex);
        Some(hex.get(..7).unwrap_or(hex))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_digests_are_read_from_references() {
        let plain = Image::of_reference("registry.example:5000/shop/api:1.8.2");
        assert_eq!((plain.tag(), plain.short_digest()), (Some("1.8.2"), None));
        let pinned = Image::of_reference("shop/api@sha256:4be91c0aa");
        assert_eq!((pinned.tag(), pinned.short_digest()), (None, Some("4be91c0")));
        assert_eq!(Image::of_reference("localhost:5000/busybox").tag(), Some("latest"));
    }
}
