//! Delete one Instance: it goes, and another one comes in its place.

use super::course::{Course, no};
use super::row::Row;
use super::scale::make_up;
use crate::model::{Answer, Moved, Text, WorkloadKind};

/// Removes the container with that id and brings the number back up.
pub(super) async fn delete(course: &Course<'_>, instance: &Text) -> Result<(), Answer> {
    if course.target().kind != WorkloadKind::ComposeService {
        return Err(no("nothing owns it that would put another in its place"));
    }
    let rows = course.first_rows().await?;
    let Some(gone) = rows.iter().find(|row| row.container.id == instance.raw()) else {
        let moved = Moved { what: Text::name("instances"), planned: instance.clone(), found: Text::name("gone") };
        return Err(Answer::Stale { moved: vec![moved] });
    };
    // Everything that is needed for the next one is read, and its pin written, before this one goes.
    let way = course.way(&rows).await?;
    let wanted = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let making = course.as_before(way, &rows, wanted).await?;
    course.remove(gone).await?;
    let stays: Vec<Row> = rows.iter().filter(|row| row.container.id != gone.container.id).cloned().collect();
    make_up(course, &making, &stays).await
}
