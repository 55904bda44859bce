//! Images: which one exactly is meant, whether the engine has it, where its registry has it, and pulling it.

use std::time::Duration;

use http::Method;
use serde::Deserialize;

use super::course::{Course, no};
use super::way::Way;
use crate::model::{Answer, Image, Target, Text};
use crate::sources::docker::connect::{Ask, Client, NoAnswer};
use crate::sources::docker::convert::image::repository;
use crate::sources::docker::events::percent;
use crate::sources::docker::pin;
use crate::sources::docker::project::Host;
use crate::sources::port::{Failure, FailureKind};

/// How long an image may take to come.
const PULL: Duration = Duration::from_secs(1200);

/// An image that the engine has: how a declaration names it, and the engine's id of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Had {
    pub(super) reference: String,
    pub(super) id: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Row {
    id: String,
    repo_digests: Option<Vec<String>>,
}

/// How an image is named by what says which bytes it is: by digest in its repository, else by its id.
pub(super) fn names(image: &Image) -> Vec<String> {
    let digest = image.digest.as_ref().map(|digest| format!("{}@{digest}", written_repository(image.reference.raw())));
    let id = image.id.as_ref().map(|id| id.raw().to_owned());
    digest.into_iter().chain(id).filter(|name| pin::is_image(name)).collect()
}

/// The repository as somebody wrote it: without tag and digest.
fn written_repository(reference: &str) -> &str {
    let name = reference.split('@').next().unwrap_or(reference);
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

/// Whether the engine has exactly this image, under whatever name.
///
/// # Errors
/// Where it does not answer.
pub(super) async fn had(client: &Client, image: &Image) -> Result<Option<Had>, Failure> {
    for reference in names(image) {
        if let Some(id) = id_of(client, &reference).await? {
            return Ok(Some(Had { reference, id }));
        }
    }
    let Some(digest) = &image.digest else { return Ok(None) };
    let rows: Vec<Row> = client.get("/images/json").await?;
    let named =
        |name: &String| name.split_once('@').is_some_and(|(_, known)| known == digest.raw()) && pin::is_image(name);
    let found = rows.into_iter().find_map(|row| {
        let reference = row.repo_digests.unwrap_or_default().into_iter().find(named)?;
        Some(Had { reference, id: row.id })
    });
    Ok(found)
}

/// The engine's id of what a reference names there.
///
/// # Errors
/// Where it does not answer.
pub(super) async fn id_of(client: &Client, reference: &str) -> Result<Option<String>, Failure> {
    match client.get::<Row>(&format!("/images/{}/json", in_path(reference))).await {
        Ok(row) => Ok(Some(row.id).filter(|id| !id.is_empty())),
        Err(failure) if failure.kind == FailureKind::Absent => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A reference in a path: the engine wants its slashes as they are.
fn in_path(reference: &str) -> String {
    percent(reference).replace("%2F", "/").replace("%3A", ":").replace("%40", "@")
}

/// Where exactly this image could be had for a service: on its engine, else in the registry that its name or the
/// service's own image names.
///
/// # Errors
/// Where that cannot be found out.
pub(super) async fn find(client: &Client, target: &Target, image: &Image) -> Result<Option<Image>, Failure> {
    if let Some(had) = had(client, image).await? {
        let digest = had.reference.split_once('@').map(|(_, digest)| Text::name(digest));
        return Ok(Some(Image { reference: Text::name(&had.reference), digest, id: Some(Text::name(&had.id)) }));
    }
    let Some(digest) = &image.digest else { return Ok(None) };
    let own = target.containers.iter().map(|contained| contained.image.reference.raw());
    let mut tried = Vec::new();
    let mut failed = None;
    for reference in std::iter::once(image.reference.raw()).chain(own) {
        let reference = format!("{}@{digest}", written_repository(reference));
        if tried.contains(&reference) || !pin::is_image(&reference) {
            continue;
        }
        match client.get::<serde::de::IgnoredAny>(&format!("/distribution/{}/json", in_path(&reference))).await {
            Ok(_) => {
                return Ok(Some(Image { reference: Text::name(&reference), digest: Some(digest.clone()), id: None }));
            }
            Err(failure) if is_nowhere(&failure) => {}
            Err(failure) => failed = Some(failure),
        }
        tried.push(reference);
    }
    failed.map_or(Ok(None), Err)
}

/// The registry says that there is no such image; some say so in an answer that the engine passes on as its own fault.
fn is_nowhere(failure: &Failure) -> bool {
    let said = failure.message.raw();
    failure.kind == FailureKind::Absent || said.contains("manifest unknown") || said.contains("not found")
}

impl Course<'_> {
    /// Sees to it that the engine has the image; pulls it by digest where it has not.
    pub(super) async fn bring(&self, image: &Image, way: &Way) -> Result<Had, Answer> {
        if let Some(had) = had(&self.client, image).await.map_err(|failure| self.failed_read(&failure))? {
            return Ok(had);
        }
        let Some(reference) = names(image).into_iter().find(|name| name.contains('@')) else {
            return Err(no(&format!(
                "{} has no digest and is not on this engine: it cannot be had here",
                image.reference
            )));
        };
        self.about_to(&format!("pull {reference}")).await?;
        let by_docker = matches!(way, Way::Tool(by) if by.tool.words.first() == Some(&"docker"));
        if by_docker && !matches!(self.host, Host::OutOfReach) {
            // The host's own docker knows the registries' logins, helpers included.
            let pulled = self.call(&["docker", "pull", "--quiet", &reference], PULL).await;
            pulled.map_err(|answer| not_pulled(&reference, answer))?;
        } else {
            self.pull(&reference).await?;
        }
        let id = id_of(&self.client, &reference).await.map_err(|failure| self.failed_read(&failure))?;
        id.map(|id| Had { reference: reference.clone(), id })
            .ok_or_else(|| no(&format!("{reference} was pulled and is not there")))
    }

    /// Asks the engine to pull; what went wrong stands in the course of its answer.
    async fn pull(&self, reference: &str) -> Result<(), Answer> {
        let path = format!("/images/create?fromImage={}", percent(reference));
        let ask = Ask { method: Method::POST, path: &path, body: None, registry_login: None, limit: PULL };
        let said = self.client.send(ask).await.map_err(|lost| match lost {
            NoAnswer::Refused(failure) | NoAnswer::Unsent(failure) => {
                no(&format!("{reference} cannot be pulled: {failure}"))
            }
            NoAnswer::Lost(failure) => Answer::Unknown { message: Text::line(&failure.to_string()) },
        })?;
        #[derive(Deserialize)]
        struct Line {
            error: Option<String>,
        }
        let mut errors =
            said.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok()?.error);
        match errors.next_back() {
            Some(error) => Err(no(&format!("{reference} cannot be pulled: {error}"))),
            None => Ok(()),
        }
    }
}

/// An image that does not come changes nothing.
fn not_pulled(reference: &str, answer: Answer) -> Answer {
    match answer {
        Answer::Refused { message } | Answer::Failed { message } => {
            no(&format!("{reference} cannot be pulled: {message}"))
        }
        other => other,
    }
}

/// Whether a container runs it.
pub(super) fn runs(row: &super::row::Row, wanted: &Image, had: Option<&Had>) -> bool {
    match had {
        Some(had) => row.container.image_id == had.id,
        None => {
            wanted.digest.is_some() && row.image.digest == wanted.digest
                || wanted.id.is_some() && row.image.id == wanted.id
                || wanted.digest.is_none() && wanted.id.is_none() && same_tag(&row.image, wanted)
        }
    }
}

fn same_tag(a: &Image, b: &Image) -> bool {
    repository(a.reference.raw()) == repository(b.reference.raw()) && a.tag() == b.tag()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g9_an_image_is_named_by_its_digest_and_by_its_id_where_it_has_none() {
        let mut image = Image::of_reference("reg.example:5000/shop/web:v2");
        assert!(names(&image).is_empty(), "a tag alone says nothing of the bytes");
        image.digest = Some(Text::name("sha256:aa"));
        image.id = Some(Text::name("sha256:ee"));
        assert_eq!(names(&image), ["reg.example:5000/shop/web@sha256:aa", "sha256:ee"]);
        let pinned = Image::of_reference("shop/web@sha256:aa");
        assert_eq!(names(&pinned), ["shop/web@sha256:aa"]);
        image.reference = Text::name("-v ${X}");
        assert_eq!(names(&image), ["sha256:ee"]);
        assert_eq!(in_path("reg.example:5000/a/b@sha256:aa"), "reg.example:5000/a/b@sha256:aa");
    }
}
