//! Which image a container runs: its reference, its repository digest, its id.

use std::collections::HashMap;

use crate::model::{Image, Text};
use crate::sources::docker::container::Container;

/// The image of a container.
pub(in crate::sources::docker) fn of(container: &Container, digests: &HashMap<String, Vec<String>>) -> Image {
    let mut image = Image::of_reference(&container.reference);
    if image.digest.is_none() {
        let known = digests.get(&container.image_id).and_then(|all| digest_of(&container.reference, all));
        image.digest = known.map(Text::name);
    }
    image.id = Some(container.image_id.as_str()).filter(|id| !id.is_empty()).map(Text::name);
    image
}

/// The digest under which the image stands in the repository that the reference names; else in the only one it stands in.
fn digest_of<'a>(reference: &str, repo_digests: &'a [String]) -> Option<&'a str> {
    let wanted = repository(reference);
    let split = |entry: &'a String| entry.split_once('@');
    let named = repo_digests.iter().filter_map(split).find(|(repo, _)| repository(repo) == wanted);
    let only = || repo_digests.first().filter(|_| repo_digests.len() == 1).and_then(split);
    named.or_else(only).map(|(_, digest)| digest)
}

/// `docker.io/library/redis:7@sha256:…` and `redis` name the same repository.
pub(in crate::sources::docker) fn repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    let name = name.strip_prefix("docker.io/").unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_repository_that_the_reference_names_is_taken() {
        let digests = ["a.example:5000/x@sha256:1".to_owned(), "redis@sha256:2".to_owned()];
        assert_eq!(digest_of("a.example:5000/x:v1", &digests), Some("sha256:1"));
        assert_eq!(digest_of("docker.io/library/redis:7", &digests), Some("sha256:2"));
        assert_eq!(digest_of("other:1", &digests), None);
        assert_eq!(digest_of("other:1", &digests[..1]), Some("sha256:1"));
        assert_eq!(digest_of("lab/busy:1", &[]), None);
    }
}
