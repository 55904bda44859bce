//! Roll back: to the content of a Release from before, never to "the one before last": asked twice it does not flip back
//! (SAFETY G13).

use super::draft::{Cannot, Draft, owners};
use super::promote::{self, Wanted};
use crate::action::plan::{OnFailure, Step};
use crate::action::release;
use crate::model::{Operation, Platform, Rollout, Target, TargetRevision, Text};

/// What rolling back to images of the ledger would do.
///
/// # Errors
/// Nothing to change, or a Workload whose images cannot be changed.
pub fn to_images(service: &Text, wanted: &[Wanted]) -> Result<Draft, Cannot> {
    // A rollback is not rolled back by itself: what it returned from was worse.
    Ok(Draft { on_failure: OnFailure::Keep, ..promote::images(service, wanted, "again")? })
}

/// What rolling back to a revision that the platform keeps would do: its whole template, not the images alone.
///
/// # Errors
/// The platform keeps none that was made before what is declared now, or the one that was asked for is not there.
pub fn to_revision(target: &Target, wanted: Option<&Text>) -> Result<Draft, Cannot> {
    let name = target.name.clone();
    let revision = match wanted {
        Some(id) => named(target, id).ok_or_else(|| Cannot::NoRelease {
            name: name.clone(),
            why: Text::line(&format!("the platform keeps no {id}")),
        })?,
        None => earlier(target).ok_or_else(|| Cannot::NoRelease {
            name: name.clone(),
            why: Text::line("neither the journal nor the platform knows of a Release before this one"),
        })?,
    };
    if revision.current {
        let runs = Text::line(&release::words(&revision.containers));
        return Err(Cannot::RunsAlready { name, runs });
    }
    let current = target.state.revisions.iter().find(|r| r.current);
    let back = current.map(|r| Operation::Revision { id: r.id.clone(), images: r.containers.clone() });
    let step = Step {
        title: Text::line(&format!("{} {} returns to revision {}", target.kind, target.name, revision.name)),
        target: target.clone(),
        operation: Operation::Revision { id: revision.id.clone(), images: revision.containers.clone() },
        back,
        runs_as: runs_as(target, revision),
    };
    let before = Text::line(&release::words(&target.containers));
    Ok(Draft {
        reversal: Text::line(&format!(
            "return to {before}: restores the template, not the number of Instances, nor ConfigMaps, Secrets or data"
        )),
        before,
        after: Text::line(&release::words(&revision.containers)),
        steps: vec![step],
        warnings: owners(target, "the template"),
        on_failure: OnFailure::Keep,
    })
}

fn named<'a>(target: &'a Target, id: &Text) -> Option<&'a TargetRevision> {
    let images = |r: &TargetRevision| r.containers.iter().map(|c| c.image.clone()).collect::<Vec<_>>();
    let is = |r: &&TargetRevision| r.id == *id || r.name == *id || release::release_id(&images(r)).as_ref() == Some(id);
    target.state.revisions.iter().find(is)
}

/// The newest revision with other images that was *made* before the current one: platforms give a revision that is
/// returned to a new number, so the number before would be the bad one again; and one with the same images (a restart)
/// is the same Release. While a rollout is under way or held, what it came from counts whatever its images: it may have
/// changed settings alone.
#[must_use]
pub fn earlier(target: &Target) -> Option<&TargetRevision> {
    let revisions = &target.state.revisions;
    let current = revisions.iter().find(|r| r.current)?;
    let under_way = target.paused || target.state.rollout != Rollout::Steady;
    // Platforms tell whole seconds: two made within one are told apart only while one of them is still being rolled out.
    let earlier = |at, made| if under_way { at <= made } else { at < made };
    let before = |r: &&TargetRevision| !r.current && r.made_at.is_some() && earlier(r.made_at, current.made_at);
    let other = |r: &&TargetRevision| under_way || r.containers != current.containers;
    revisions.iter().filter(before).filter(other).max_by_key(|r| r.made_at)
}

fn runs_as(target: &Target, revision: &TargetRevision) -> Text {
    let (scope, name) = (&target.scope, &target.name);
    Text::line(&match target.platform {
        Platform::Kubernetes => {
            let kind = target.kind.word().to_lowercase();
            format!("kubectl rollout undo {kind}/{name} -n {scope} --to-revision={}", revision.name)
        }
        Platform::Ecs => {
            format!("aws ecs update-service --cluster {scope} --service {name} --task-definition {}", revision.name)
        }
        Platform::Compose => format!("docker compose -p {scope} up -d {name} with the images from before"),
    })
}
