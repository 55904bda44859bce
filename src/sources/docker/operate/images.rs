//! Images: a service is brought to run exactly one image, new containers first where there is room, and back again.

use std::collections::BTreeSet;

use super::clone::{INSTANCES, RUN};
use super::course::{Course, Steady, failed, no};
use super::image::{self, Had};
use super::make::Making;
use super::replace::{Manner, Move, Piece, Well, next};
use super::row::Row;
use super::way::Way;
use crate::model::{Answer, Contained, Image};
use crate::sources::docker::pin::Pin;

/// Brings the service to `containers`, which name one.
pub(super) async fn images(course: &Course<'_>, containers: &[Contained]) -> Result<(), Answer> {
    let [wanted] = containers else { return Err(no("a Compose service has one image")) };
    let rows = course.first_rows().await?;
    let way = course.way(&rows).await?;
    let count = count(course, &rows, &way);
    let had = image::had(&course.client, &wanted.image).await.map_err(|failure| course.failed_read(&failure))?;
    let is_so = |row: &Row| image::runs(row, &wanted.image, had.as_ref()) && row.is_up();
    if u32::try_from(rows.len()) == Ok(count) && rows.iter().all(is_so) {
        return settle_pin(course, &way, had.as_ref()).await;
    }
    let manner = manner(&rows, count).map_err(|why| no(&why))?;
    let template = course.template(&way, &rows).await?;
    let had = course.bring(&wanted.image, &way).await?;
    let pin = set_pin(course, &way, &had, count).await?;
    let making = Making { way, pin, image: Some(had), wanted: count, template };
    replace(course, &making, &rows, &wanted.image, manner).await
}

/// How many there are to be. While a Run replaces there are more; its own mark says how many it began with.
fn count(course: &Course<'_>, rows: &[Row], way: &Way) -> u32 {
    let run = course.order.run();
    if let Some(found) = way.pin().filter(|found| found.pin.run == run.raw()) {
        return found.pin.instances;
    }
    let label = |row: &Row, name: &str| row.container.marks.labels.get(name).cloned();
    let marked = rows.iter().find(|row| label(row, RUN).as_ref() == Some(run)).and_then(|row| label(row, INSTANCES));
    let marked = marked.and_then(|n| n.raw().parse().ok());
    marked.or(course.target().desired).unwrap_or_else(|| u32::try_from(rows.len()).unwrap_or(u32::MAX))
}

/// How these can be replaced.
///
/// # Errors
/// Why they cannot be without losing something.
pub(super) fn manner(rows: &[Row], wanted: u32) -> Result<Manner, String> {
    let is_only = wanted <= 1;
    if rows.iter().any(|row| row.body.nameless) {
        return if is_only {
            Ok(Manner::InPlace)
        } else {
            Err("its containers keep data in volumes without a name, which new ones would not get: name them in its files".to_owned())
        };
    }
    let alone = rows.iter().any(|row| row.body.alone.is_some());
    let writes = rows.iter().any(|row| row.body.writes.is_some());
    Ok(match (alone, writes, is_only) {
        (true, _, true) | (_, true, true) => Manner::InPlace,
        (true, _, false) => Manner::OneByOne,
        _ => Manner::beside(wanted),
    })
}

/// What the pin is to be for this image. The way back of a Run puts back what stood there before that Run.
fn pin_for<'p>(existing: Option<&'p Pin>, run: &str, had: &Had) -> PinFor<'p> {
    match existing {
        Some(pin) if pin.run == run && pin.image != had.reference => match &pin.before {
            Some(before) if before.image == had.reference => PinFor::Back(before),
            _ => PinFor::NoneIfFilesGiveIt,
        },
        Some(pin) if pin.run == run => PinFor::Kept,
        _ => PinFor::New,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum PinFor<'p> {
    Kept,
    New,
    Back(&'p Pin),
    NoneIfFilesGiveIt,
}

async fn set_pin(course: &Course<'_>, way: &Way, had: &Had, count: u32) -> Result<Option<String>, Answer> {
    let existing = way.pin();
    let pin_for = pin_for(existing.map(|found| &found.pin), course.order.run().raw(), had);
    let Way::Tool(by) = way else {
        // Copies need none; what this Run had written before goes back all the same.
        match pin_for {
            PinFor::Back(before) => drop(course.put_pin(Some(before)).await?),
            PinFor::NoneIfFilesGiveIt => drop(course.put_pin(None).await?),
            PinFor::Kept | PinFor::New => {}
        }
        return Ok(None);
    };
    match pin_for {
        PinFor::Kept => Ok(existing.map(|found| found.path.clone())),
        PinFor::Back(before) => course.put_pin(Some(before)).await.map(Some),
        PinFor::NoneIfFilesGiveIt if course.files_give(by, &had.id).await? => course.put_pin(None).await.map(|_| None),
        PinFor::New | PinFor::NoneIfFilesGiveIt => course.pin(&had.reference, count, existing).await.map(Some),
    }
}

/// Nothing is to be replaced; a pin that this very Run has written before is put back all the same.
async fn settle_pin(course: &Course<'_>, way: &Way, had: Option<&Had>) -> Result<(), Answer> {
    let (Some(had), Some(found)) = (had, way.pin()) else { return Ok(()) };
    if found.pin.run == course.order.run().raw() && found.pin.image != had.reference {
        set_pin(course, way, had, found.pin.instances).await?;
    }
    Ok(())
}

/// Carries out one move after the other until all run what is wanted.
async fn replace(
    course: &Course<'_>,
    making: &Making,
    before: &[Row],
    wanted: &Image,
    manner: Manner,
) -> Result<(), Answer> {
    let before: BTreeSet<String> = before.iter().map(|row| row.container.id.clone()).collect();
    let mut steady = Steady::new();
    let (mut waited, mut noticed) = (0, false);
    // Somebody who takes away what is started must not make this go on for ever.
    let mut may_start = making.wanted.saturating_mul(2).saturating_add(2);
    loop {
        let rows = course.rows().await?;
        let pieces: Vec<Piece> =
            rows.iter().map(|row| piece(row, &before, wanted, making.image.as_ref(), &mut steady)).collect();
        let row = |id: &str| rows.iter().find(|row| row.container.id == id);
        match next(&pieces, making.wanted, manner) {
            Move::Done => return Ok(()),
            Move::Wait => {
                let patience = rows.iter().map(|row| row.body.patience).max().unwrap_or_default();
                waited += 1;
                if waited > Course::looks(patience) {
                    return Err(failed(&format!("the new Instances are not well after {} s", patience.as_secs())));
                }
                course.tick().await?;
                continue;
            }
            Move::Start { more } => {
                may_start = may_start.checked_sub(more).ok_or_else(|| failed(FOUGHT))?;
                course.start(making, &rows, more).await?;
            }
            Move::Remake => {
                may_start = may_start.checked_sub(1).ok_or_else(|| failed(FOUGHT))?;
                let Some(first) = rows.first() else { continue };
                course.remake(making, first).await?;
            }
            Move::Remove { id } => {
                let serves = pieces.iter().any(|piece| piece.id == id && piece.well == Well::Ready);
                if serves && !noticed {
                    course.notice().await?;
                    noticed = true;
                    continue;
                }
                if let Some(row) = row(&id) {
                    course.remove(row).await?;
                }
            }
            Move::Fail { id, why } => {
                let called = row(&id).map_or_else(|| id.clone(), Row::called);
                return Err(failed(&format!("the new Instance {called} does not get well: {why}")));
            }
        }
        (waited, noticed) = (0, false);
    }
}

const FOUGHT: &str = "somebody else takes away what is started: it was given up";

fn piece(row: &Row, before: &BTreeSet<String>, wanted: &Image, had: Option<&Had>, steady: &mut Steady) -> Piece {
    let ours = !before.contains(&row.container.id);
    let id = row.container.id.clone();
    Piece {
        id,
        number: row.number(),
        fresh: image::runs(row, wanted, had),
        ours,
        well: Course::well(row, ours, steady),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(image: &str, run: &str, before: Option<Pin>) -> Pin {
        Pin { image: image.into(), run: run.into(), at: "t".into(), instances: 2, before: before.map(Box::new) }
    }

    fn had(reference: &str) -> Had {
        Had { reference: reference.into(), id: "sha256:ee".into() }
    }

    #[test]
    fn g13_the_way_back_of_a_run_puts_back_the_pin_that_stood_there_before_it() {
        let first = pin("web@sha256:aa", "r1", None);
        let second = pin("web@sha256:bb", "r2", Some(first.clone()));
        assert_eq!(pin_for(Some(&second), "r2", &had("web@sha256:aa")), PinFor::Back(&first));
        assert_eq!(pin_for(Some(&first), "r1", &had("web@sha256:00")), PinFor::NoneIfFilesGiveIt);
        assert_eq!(pin_for(Some(&second), "r2", &had("web@sha256:bb")), PinFor::Kept);
        assert_eq!(pin_for(Some(&second), "r3", &had("web@sha256:cc")), PinFor::New);
        assert_eq!(pin_for(None, "r1", &had("web@sha256:aa")), PinFor::New);
    }
}
