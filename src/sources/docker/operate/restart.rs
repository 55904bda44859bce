//! Restart: one Instance at a time, each well again before the next; the first that does not get well ends it.

use super::course::{Course, Steady, failed};
use super::replace::Well;
use super::row::Row;
use crate::model::Answer;

/// Restarts every container of the Workload where it is.
pub(super) async fn restart(course: &Course<'_>) -> Result<(), Answer> {
    let rows = course.first_rows().await?;
    for (at, row) in rows.iter().enumerate() {
        if at > 0 {
            course.notice().await?;
        }
        if course.restart(row).await? {
            well_again(course, row).await?;
        }
    }
    Ok(())
}

/// Waits until it serves again; a check that has passed before the restart proves nothing.
async fn well_again(course: &Course<'_>, row: &Row) -> Result<(), Answer> {
    let id = &row.container.id;
    let started = |row: &Row| row.container.detail.as_ref().and_then(|detail| detail.started_at);
    let mut steady = Steady::new();
    for _ in 0..Course::looks(row.body.patience) {
        let rows = course.rows().await?;
        let Some(now) = rows.iter().find(|now| now.container.id == *id) else {
            return Err(failed(&format!("{} is gone: somebody else changes this service", row.called())));
        };
        match Course::well(now, true, &mut steady) {
            Well::Ready if started(now) > started(row) => return Ok(()),
            Well::Ready | Well::Starting => {}
            Well::Bad(why) | Well::Ended(why) => {
                return Err(failed(&format!("{} does not come back: {why}; the others were left alone", row.called())));
            }
        }
        course.tick().await?;
    }
    let seconds = row.body.patience.as_secs();
    Err(failed(&format!("{} is not well {seconds} s after its restart; the others were left alone", row.called())))
}
