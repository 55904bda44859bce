//! Scale: more containers like those that are there, or fewer; the ones that stay keep their ids and numbers.

use super::course::{Course, failed, ids, no};
use super::row::Row;
use crate::model::Answer;

/// Brings the service to `to` containers.
pub(super) async fn scale(course: &Course<'_>, to: u32) -> Result<(), Answer> {
    let rows = course.first_rows().await?;
    let keep = usize::try_from(to).unwrap_or(usize::MAX);
    let goes = who_goes(&rows, keep);
    for row in &goes {
        course.remove(row).await?;
    }
    let stays: Vec<Row> =
        rows.iter().filter(|row| !goes.iter().any(|gone| gone.container.id == row.container.id)).cloned().collect();
    let missing = keep.saturating_sub(stays.len());
    if missing == 0 && stays.iter().all(Row::is_up) {
        return Ok(());
    }
    bring_up(course, &stays, to).await
}

/// Brings what is there up to `to` containers; those that have ended are started again.
pub(super) async fn bring_up(course: &Course<'_>, stays: &[Row], to: u32) -> Result<(), Answer> {
    if let Some(why) = stays.iter().filter(|_| to > 1).find_map(|row| row.body.alone.as_ref()) {
        return Err(no(&format!("there can be one of it only: {why}")));
    }
    let way = course.way(stays).await?;
    let making = course.as_before(way, stays, to).await?;
    make_up(course, &making, stays).await
}

/// The same, when the way is already known.
pub(super) async fn make_up(course: &Course<'_>, making: &super::make::Making, stays: &[Row]) -> Result<(), Answer> {
    let there = u32::try_from(stays.len()).unwrap_or(u32::MAX);
    let missing = making.wanted.saturating_sub(there);
    if matches!(making.way, super::way::Way::Engine { .. }) {
        for row in stays.iter().filter(|row| row.is_down()) {
            let path = format!("/containers/{}/start", row.container.id);
            course.post(&format!("start {}", row.called()), &path, None).await?;
        }
    }
    course.start(making, stays, missing).await?;
    let found = course.rows().await?;
    let kept = stays.iter().all(|row| ids(&found).iter().any(|id| id.raw() == row.container.id));
    match (u32::try_from(found.len()) == Ok(making.wanted), kept) {
        (true, true) => Ok(()),
        (_, false) => Err(failed("a container that was to stay is gone: somebody else changes this service")),
        (false, true) => Err(failed(&format!("there are {} of it, not {}", found.len(), making.wanted))),
    }
}

/// Which containers go so that `keep` stay: first those that do not run, then the highest numbers, as Compose does.
pub(super) fn who_goes(rows: &[Row], keep: usize) -> Vec<Row> {
    let mut order: Vec<&Row> = rows.iter().collect();
    order.sort_by_key(|row| (!row.is_down(), std::cmp::Reverse((row.number(), row.container.created_at))));
    order.into_iter().take(rows.len().saturating_sub(keep)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::super::row::Body;
    use super::*;
    use crate::model::Image;
    use crate::sources::docker::container::Container;
    use crate::sources::docker::wire::Listed;

    fn row(number: u32, state: &str) -> Row {
        let label = |name: &str, value: String| (format!("com.docker.compose.{name}"), value);
        let labels = HashMap::from([
            label("project", "p".into()),
            label("service", "web".into()),
            label("container-number", number.to_string()),
        ]);
        let listed = Listed { id: format!("id-{number}"), labels, state: state.into(), ..Listed::default() };
        Row { container: Container::listed(&listed), image: Image::of_reference("web"), body: Body::default() }
    }

    #[test]
    fn the_highest_numbers_go_and_before_them_what_does_not_run() {
        let numbers = |rows: Vec<Row>| rows.iter().map(Row::number).collect::<Vec<_>>();
        let rows = [row(1, "running"), row(2, "running"), row(10, "running")];
        assert_eq!(numbers(who_goes(&rows, 1)), [10, 2]);
        assert!(who_goes(&rows, 3).is_empty() && who_goes(&rows, 9).is_empty());
        let rows = [row(1, "exited"), row(2, "running"), row(3, "running")];
        assert_eq!(numbers(who_goes(&rows, 1)), [1, 3]);
        assert_eq!(numbers(who_goes(&rows, 0)), [1, 3, 2]);
    }
}
