//! Making containers of a service: by Compose, or as copies through the Engine API.

use serde::Deserialize;
use serde_json::{Value, json};

use super::clone::{self, New};
use super::course::{Course, failed, no};
use super::image::{self, Had};
use super::row::Row;
use super::way::{ByTool, Up, Way};
use crate::model::Answer;
use crate::sources::docker::events::percent;
use crate::sources::docker::pin::{self, Found, Pin};

/// How new containers are made in one operation.
pub(super) struct Making {
    pub(super) way: Way,
    /// The pin to make them with.
    pub(super) pin: Option<String>,
    /// Another image for copies; `None`: that of the container that is copied.
    pub(super) image: Option<Had>,
    /// How many there are to be.
    pub(super) wanted: u32,
    /// A container to copy, as it was read before anything was removed.
    pub(super) template: Option<(Value, Value)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Created {
    id: String,
}

impl Course<'_> {
    /// How more containers like those that are there are made: with the pin that is in force, or with a new one where the
    /// files would make others.
    pub(super) async fn as_before(&self, way: Way, rows: &[Row], wanted: u32) -> Result<Making, Answer> {
        let template = self.template(&way, rows).await?;
        let pin = match &way {
            Way::Tool(by) => self.pin_as_before(by, rows, wanted).await?,
            Way::Engine { .. } => None,
        };
        Ok(Making { way, pin, image: None, wanted, template })
    }

    async fn pin_as_before(&self, by: &ByTool, rows: &[Row], wanted: u32) -> Result<Option<String>, Answer> {
        let existing = by.declared.pin.as_ref();
        let Some(newest) = rows.iter().max_by_key(|row| row.container.created_at) else {
            return Ok(existing.map(|found| found.path.clone()));
        };
        if let Some(found) = existing.filter(|found| found.pin.is_of(&newest.image)) {
            return Ok(Some(found.path.clone()));
        }
        if existing.is_none() && self.files_give(by, &newest.container.image_id).await? {
            return Ok(None);
        }
        // The files, or a pin that somebody went past, name another image: one service must not run two.
        let had = image::had(&self.client, &newest.image).await.map_err(|failure| self.failed_read(&failure))?;
        let had =
            had.ok_or_else(|| no("the image that runs is not on the engine any more: nothing can be made of it"))?;
        if existing.is_some() && self.files_give(by, &had.id).await? {
            return Ok(None);
        }
        self.pin(&had.reference, wanted, existing).await.map(Some)
    }

    /// Whether the project's own files name this very image now.
    pub(super) async fn files_give(&self, by: &ByTool, id: &str) -> Result<bool, Answer> {
        let Some(declared) = &by.declared.image else { return Ok(false) };
        let found = image::id_of(&self.client, declared.raw()).await.map_err(|failure| self.failed_read(&failure))?;
        Ok(found.as_deref() == Some(id))
    }

    /// Writes our pin; its path.
    pub(super) async fn pin(&self, image: &str, wanted: u32, existing: Option<&Found>) -> Result<String, Answer> {
        let at = self.client.about().await.clock.and_then(|n| crate::model::Timestamp::from_nanosecond(n.into()).ok());
        let run = self.order.run().raw();
        // The same Run twice: what stood there before it is what stood there before.
        let before = existing.and_then(|found| match found.pin.run == run {
            true => found.pin.before.clone(),
            false => Some(Box::new(Pin { before: None, ..found.pin.clone() })),
        });
        let at = at.map_or_else(|| "time unknown".to_owned(), |at| format!("{at:.0}"));
        let pin = Pin { image: image.to_owned(), run: run.to_owned(), at, instances: wanted, before };
        self.put_pin(Some(&pin)).await
    }

    /// Puts a pin in place, or takes ours away.
    pub(super) async fn put_pin(&self, pin: Option<&Pin>) -> Result<String, Answer> {
        let (project, service) = (self.target().scope.raw(), self.service());
        self.about_to(&match pin {
            Some(pin) => format!("pin {service} of {project} to {}", pin.image),
            None => format!("remove the pin of {service} of {project}"),
        })
        .await?;
        let path = pin::write(&self.host, project, service, pin).await;
        let path = path.map_err(|why| no(&format!("our pin cannot be written: {why}")))?;
        self.wrote();
        Ok(path)
    }

    /// A container to copy, where copies are the way.
    pub(super) async fn template(&self, way: &Way, rows: &[Row]) -> Result<Option<(Value, Value)>, Answer> {
        let Way::Engine { why, .. } = way else { return Ok(None) };
        let best = rows.iter().max_by_key(|row| (row.is_up(), row.container.created_at));
        let best = best.ok_or_else(|| no(&format!("there is no container to copy, and {why}")))?;
        let failed = |failure| self.failed_read(&failure);
        let old: Value = self.client.get(&format!("/containers/{}/json", best.container.id)).await.map_err(failed)?;
        let image = self.client.get(&format!("/images/{}/json", best.container.image_id)).await;
        Ok(Some((old, image.unwrap_or(Value::Null))))
    }

    /// Starts `more` containers beside those that are there.
    pub(super) async fn start(&self, making: &Making, rows: &[Row], more: u32) -> Result<(), Answer> {
        let there = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let total = there.saturating_add(more);
        let what = making.image.as_ref().map(|had| format!(" of {}", had.reference)).unwrap_or_default();
        let instances = if more == 1 { "Instance" } else { "Instances" };
        match &making.way {
            Way::Tool(by) => {
                let words = format!("start {more} more {instances}{what} of {} by Compose", self.service());
                self.up(by, making.pin.as_deref(), &words, Up::Keep { total }).await
            }
            Way::Engine { .. } => {
                let first = rows.iter().map(Row::number).max().unwrap_or(0) + 1;
                for number in first..first.saturating_add(more) {
                    let name = clone::name(rows, self.target().scope.raw(), self.service(), number);
                    let id = self.create(making, &name, number, false).await?;
                    self.run_created(&id, &name).await?;
                }
                Ok(())
            }
        }
    }

    /// Makes the only container anew, where there is no room for a second one beside it.
    pub(super) async fn remake(&self, making: &Making, row: &Row) -> Result<(), Answer> {
        match &making.way {
            Way::Tool(by) => {
                let what = making.image.as_ref().map(|had| format!(" with {}", had.reference)).unwrap_or_default();
                let words = format!("replace {} in place{what} by Compose", row.called());
                self.up(by, making.pin.as_deref(), &words, Up::Remake).await
            }
            Way::Engine { .. } => self.copy_over(making, row).await,
        }
    }

    /// The new one is made first, under another name; the old one stays until the new one runs.
    async fn copy_over(&self, making: &Making, row: &Row) -> Result<(), Answer> {
        let name = row.container.name.raw().to_owned();
        let id = self.create(making, &format!("{name}-next"), row.number(), true).await?;
        let old = &row.container.id;
        self.post(&format!("stop {}", row.called()), &format!("/containers/{old}/stop"), None).await?;
        if let Err(answer) = self.run_created(&id, &name).await {
            // What was there runs again; that it was tried stands in the answer.
            let words = format!("start {} again", row.called());
            self.post(&words, &format!("/containers/{old}/start"), None).await?;
            self.remove_id("remove what did not start", &id).await?;
            return Err(answer);
        }
        self.remove_id(&format!("remove {}", row.called()), old).await?;
        self.post(&format!("give {name} its name"), &format!("/containers/{id}/rename?name={}", percent(&name)), None)
            .await?;
        Ok(())
    }

    async fn create(&self, making: &Making, name: &str, number: u32, instead: bool) -> Result<String, Answer> {
        let Some((old, old_image)) = &making.template else { return Err(no("there is no container to copy")) };
        let image = making.image.as_ref().map(|had| (had.reference.as_str(), had.id.as_str()));
        let new = New { number, image, run: self.order.run().raw(), instances: making.wanted, instead };
        let (body, others) = clone::body(old, old_image, &new);
        let path = format!("/containers/create?name={}", percent(name));
        let answer = self.post(&format!("create {name}"), &path, Some(body.to_string())).await?;
        let created: Created = serde_json::from_slice(&answer)
            .map_err(|error| failed(&format!("the engine's answer to a new container cannot be read: {error}")))?;
        for (network, endpoint) in others {
            let body = json!({ "Container": created.id, "EndpointConfig": endpoint }).to_string();
            let path = format!("/networks/{}/connect", percent(&network));
            self.post(&format!("connect {name} to {network}"), &path, Some(body)).await?;
        }
        Ok(created.id)
    }

    async fn run_created(&self, id: &str, name: &str) -> Result<(), Answer> {
        self.post(&format!("start {name}"), &format!("/containers/{id}/start"), None).await.map(drop)
    }
}
