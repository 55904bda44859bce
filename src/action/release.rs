//! What a Release is: an exact set of images. The same set has the same id in every Environment and on every platform.

use sha2::{Digest, Sha256};

use crate::model::{Contained, Image, Target, Text};

/// The id of a set of images: 12 hex digits over their digests, whatever their order and the names of their containers.
/// `None`: one of them is known by a tag alone, and a tag says nothing of what runs (SAFETY G9).
#[must_use]
pub fn release_id(images: &[Image]) -> Option<Text> {
    let mut exact: Vec<&str> = images.iter().map(digest).collect::<Option<_>>()?;
    if exact.is_empty() {
        return None;
    }
    exact.sort_unstable();
    exact.dedup();
    let bytes = Sha256::digest(exact.join("\n"));
    Some(Text::name(&bytes.iter().take(6).fold(String::new(), |out, byte| out + &format!("{byte:02x}"))))
}

/// What says exactly which bytes an image is: its repository digest, else its id on that engine.
#[must_use]
pub fn digest(image: &Image) -> Option<&str> {
    image.digest.as_ref().or(image.id.as_ref()).map(Text::raw)
}

/// The repository without host, tag and digest: what two registries have in common.
#[must_use]
pub fn repository(image: &Image) -> &str {
    let name = image.reference.raw();
    let name = name.split('@').next().unwrap_or(name);
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => name,
    }
}

/// What a Workload's containers really run, by digest, where all its Instances agree; else why that cannot be said.
///
/// # Errors
/// Nothing runs, Instances differ, or the platform does not tell digests.
pub fn running(target: &Target) -> Result<Vec<Contained>, String> {
    let name = &target.name;
    let Some(first) = target.state.running.first() else { return Err(format!("nothing of {name} runs")) };
    let exact = |contained: &[Contained]| {
        let mut all: Vec<_> = contained.iter().map(|c| (c.name.clone(), digest(&c.image).map(str::to_owned))).collect();
        all.sort();
        all
    };
    let pattern = exact(&first.containers);
    if target.state.running.iter().any(|instance| exact(&instance.containers) != pattern) {
        return Err(format!("the Instances of {name} run different images: a rollout is under way"));
    }
    if pattern.iter().any(|(_, digest)| digest.is_none()) {
        return Err(format!("which digest {name} runs is not known"));
    }
    // An init container or a sidecar that was injected is no part of the declaration.
    let declared = |contained: &&Contained| target.containers.iter().any(|own| own.name == contained.name);
    Ok(first.containers.iter().filter(declared).cloned().collect())
}

/// For each container of `target`, the image of `release` that belongs into it: of the same repository, or the only one
/// where both have one. Containers that nothing fits stay as they are.
#[must_use]
pub fn fitting(release: &[Contained], target: &Target) -> Vec<Contained> {
    let last = |image: &Image| repository(image).rsplit('/').next().unwrap_or_default().to_owned();
    let alone = release.len() == 1 && target.containers.len() == 1;
    let fit = |own: &Contained| {
        let same = release.iter().find(|c| repository(&c.image) == repository(&own.image));
        let near = || release.iter().find(|c| last(&c.image) == last(&own.image));
        let found = same.or_else(near).or_else(|| release.first().filter(|_| alone))?;
        Some(Contained { name: own.name.clone(), image: found.image.clone() })
    };
    target.containers.iter().filter_map(fit).collect()
}

/// `shop/api 4be91c0`, one after the other.
#[must_use]
pub fn words(contained: &[Contained]) -> String {
    let one = |c: &Contained| {
        let tag = c.image.tag().map(|tag| format!(":{tag}")).unwrap_or_default();
        let short = c.image.short_digest().map(|digest| format!(" {digest}")).unwrap_or_default();
        format!("{}{tag}{short}", repository(&c.image))
    };
    contained.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(reference: &str) -> Image {
        Image::of_reference(reference)
    }

    #[test]
    fn the_same_images_are_the_same_release_wherever_they_run() {
        let here = release_id(&[image("one.example/shop/api@sha256:aa"), image("shop/web@sha256:bb")]);
        let there = release_id(&[image("shop/web@sha256:bb"), image("two.example:5000/shop/api@sha256:aa")]);
        assert_eq!(here, there);
        assert_ne!(here, release_id(&[image("shop/api@sha256:aa")]));
        assert_eq!(release_id(&[image("shop/api:1.2")]), None, "a tag says nothing of what runs");
        assert_eq!(release_id(&[]), None);
    }

    #[test]
    fn a_repository_is_named_without_host_tag_and_digest() {
        for (reference, name) in [
            ("registry.example:5000/shop/api:1.8", "shop/api"),
            ("localhost/shop/api@sha256:aa", "shop/api"),
            ("shop/api", "shop/api"),
            ("redis:7", "redis"),
            ("127.0.0.1:5000/web:v1@sha256:aa", "web"),
        ] {
            assert_eq!(repository(&image(reference)), name, "{reference}");
        }
    }
}
