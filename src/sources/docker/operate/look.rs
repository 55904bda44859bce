//! One Workload read afresh from its engine, as a Target: what is declared, what runs, how a change would be carried out,
//! and what a person must know before it.

use std::collections::BTreeMap;

use super::course::ids;
use super::images::manner;
use super::replace::Manner;
use super::row::{Row, list, rows};
use super::way::Way;
use super::{Docker, image};
use crate::model::{Contained, Image, Platform, Rollout, Running, Target, TargetState, Text, Timestamp, WorkloadKind};
use crate::sources::docker::connect::Client;
use crate::sources::docker::convert;
use crate::sources::port::{Failure, FailureKind, Look};

/// Most Instances that stand in a Target.
const RUNNING: usize = 1000;

/// Reads it.
///
/// # Errors
/// Not there, not to be read, no answer: never a guess.
pub(super) async fn look(docker: &Docker, look: &Look) -> Result<Target, Failure> {
    let client = docker.client().await?;
    let (scope, name) = (look.scope.raw(), look.name.raw());
    if !matches!(look.kind, WorkloadKind::ComposeService | WorkloadKind::Container) {
        return Err(Failure::new(FailureKind::Unsupported, format!("{} is nothing that Docker has", look.kind)));
    }
    let rows = rows(&client, look.kind, scope, name).await?;
    let absent = || Failure::new(FailureKind::Absent, format!("there is no container of {scope}/{name} on the engine"));
    if look.kind == WorkloadKind::Container {
        if rows.is_empty() {
            return Err(absent());
        }
        let clock = clock(&client).await;
        return Ok(target(look, &rows, None, clock));
    }
    let host = docker.host(&client);
    let way = if rows.is_empty() {
        let label = serde_json::json!({ "label": [format!("com.docker.compose.project={scope}")] });
        let others = list(&client, &label).await?;
        let others: Vec<_> = others.iter().filter(|c| c.marks.compose.as_ref().is_some_and(|m| !m.aside)).collect();
        let way = Way::find(&host, &others, &look.name).await;
        if matches!(way, Way::Engine { .. }) {
            return Err(absent());
        }
        way
    } else {
        let containers: Vec<_> = rows.iter().map(|row| &row.container).collect();
        Way::find(&host, &containers, &look.name).await
    };
    docker.keep_way(&look.scope, &look.name, &rows, &way);
    let clock = clock(&client).await;
    let mut target = target(look, &rows, Some(&way), clock);
    target.means = Some(Text::line(&way.words(&host)));
    if let Way::Tool(by) = &way {
        if let Some(differs) = files_differ(&client, by, &rows).await? {
            target.remarks.push(Text::line(&differs));
        }
        target.remarks.extend(by.remark().map(|words| Text::line(&words)));
    }
    Ok(target)
}

async fn clock(client: &Client) -> Option<Timestamp> {
    client.about().await.clock.and_then(|nanos| Timestamp::from_nanosecond(nanos.into()).ok())
}

/// What the files would make now, where that is not what runs.
async fn files_differ(client: &Client, by: &super::way::ByTool, rows: &[Row]) -> Result<Option<String>, Failure> {
    let Some(newest) = rows.iter().max_by_key(|row| row.container.created_at) else { return Ok(None) };
    if let Some(found) = &by.declared.pin {
        let words = format!("pinned by Quarterdeck to {} (Run {}, {})", found.pin.exact(), found.pin.run, found.pin.at);
        let other = rows.iter().find(|row| !found.pin.is_of(&row.image));
        return Ok(Some(match other {
            Some(row) => format!("{words}, {} runs: changed by someone else", exact(&row.image)),
            None => words,
        }));
    }
    if let Some(declared) = &by.declared.image
        && image::id_of(client, declared.raw()).await?.as_deref() != Some(&newest.container.image_id)
    {
        let runs = exact(&newest.image);
        return Ok(Some(format!("its files say {declared}, {runs} runs: new Instances are made with what runs")));
    }
    let differs = by.declared.hash.as_ref().is_some_and(|hash| {
        rows.iter().filter_map(|row| row.container.marks.compose.as_ref()?.config_hash.as_ref()).any(|own| own != hash)
    });
    Ok(differs
        .then(|| "its files declare another configuration than what runs: new Instances follow the files".to_owned()))
}

fn exact(image: &Image) -> &Text {
    image.digest.as_ref().or(image.id.as_ref()).unwrap_or(&image.reference)
}

/// The Target of these containers.
fn target(look: &Look, rows: &[Row], way: Option<&Way>, clock: Option<Timestamp>) -> Target {
    let running: Vec<Running> = rows.iter().map(|row| running(look, row, clock)).collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    // A sum with a gap in it is no number.
    let ready: Option<Vec<bool>> = running.iter().map(|one| one.ready).collect();
    let ready = ready.map(|all| count(all.into_iter().filter(|ready| *ready).count()));
    let image = declared(rows).or_else(|| match way {
        Some(Way::Tool(by)) => by.declared.image.as_ref().map(|image| Image::of_reference(image.raw())),
        _ => None,
    });
    let updated = image.as_ref().map(|image| count(rows.iter().filter(|row| row.image == *image).count()));
    let probed = rows.iter().map(|row| row.container.detail.as_ref().map(|d| d.has_check)).collect::<Option<Vec<_>>>();
    Target {
        key: look.key.clone(),
        platform: Platform::Compose,
        kind: look.kind,
        scope: look.scope.clone(),
        name: look.name.clone(),
        uid: None,
        version: None,
        generation: None,
        desired: Some(count(rows.iter().filter(|row| !row.is_leaving()).count())),
        ready,
        containers: image.map(|image| Contained { name: look.name.clone(), image }).into_iter().collect(),
        instances: ids(rows),
        owners: Vec::new(),
        paused: false,
        state: TargetState {
            observed: true,
            updated,
            available: ready,
            rollout: Rollout::Steady,
            probed: probed.map(|all| !all.is_empty() && all.into_iter().all(|has| has)),
            running: running.into_iter().take(RUNNING).collect(),
            revisions: Vec::new(),
            scaler: None,
        },
        means: (look.kind == WorkloadKind::Container).then(|| Text::line("the Engine API")),
        remarks: remarks(rows).iter().map(|words| Text::line(words)).collect(),
    }
}

/// What runs: the image of most of those that run; of the newest where there are as many of one as of another.
fn declared(rows: &[Row]) -> Option<Image> {
    let up = |row: &&Row| row.is_up() || !rows.iter().any(Row::is_up);
    let mut counts: BTreeMap<&str, (usize, Option<Timestamp>, &Image)> = BTreeMap::new();
    for row in rows.iter().filter(up) {
        let entry = counts.entry(&row.container.image_id).or_insert((0, None, &row.image));
        (entry.0, entry.1) = (entry.0 + 1, entry.1.max(row.container.created_at));
    }
    counts.into_values().max_by_key(|(count, newest, _)| (*count, *newest)).map(|(_, _, image)| image.clone())
}

fn running(look: &Look, row: &Row, clock: Option<Timestamp>) -> Running {
    let on_probation = clock.is_some_and(|now| convert::probation(&row.container, now).is_some());
    Running {
        id: Text::name(&row.container.id),
        name: row.container.name.clone(),
        containers: vec![Contained { name: look.name.clone(), image: row.image.clone() }],
        ready: convert::ready(&row.container, on_probation),
        started_at: row.container.detail.as_ref().and_then(|detail| detail.started_at),
        trouble: row.trouble().or_else(|| on_probation.then(|| Text::line("started again a moment ago"))),
    }
}

/// What stands in the way of replacing them gently.
fn remarks(rows: &[Row]) -> Vec<String> {
    let Some(first) = rows.first() else { return Vec::new() };
    let why = rows.iter().find_map(|row| row.body.alone.clone().or_else(|| row.body.writes.clone()));
    match manner(rows, u32::try_from(rows.len()).unwrap_or(u32::MAX)) {
        Err(why) => vec![format!("another image cannot be given to it: {why}")],
        Ok(Manner::Beside { .. }) => Vec::new(),
        Ok(Manner::OneByOne) => {
            vec![format!(
                "Instances are replaced one by one, an old one goes before its new one comes: {}",
                why.unwrap_or_default()
            )]
        }
        Ok(Manner::InPlace) => {
            let why = why.or_else(|| first.body.nameless.then(|| "it has a volume without a name".to_owned()));
            vec![format!(
                "its one Instance is replaced in place and does not serve meanwhile: {}",
                why.unwrap_or_default()
            )]
        }
    }
}
