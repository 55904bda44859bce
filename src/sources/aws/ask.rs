//! One request to AWS: within the budget of its account and region, counted, timed, its answer taken as a sign of life and its
//! refusal put into words.

use std::error::Error;
use std::time::Duration;

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};

use super::super::port::{Desk, FailureKind};
use super::client::Clients;
use super::failure::{self, Trouble};

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) desk: &'a Desk,
    pub(super) clients: &'a Clients,
}

impl Asker<'_> {
    /// Sends one request; `action` is the IAM action that it needs, one of [`super::permissions::READING`].
    pub(super) async fn ask<T, E>(
        &self,
        action: &'static str,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Trouble>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let permit = self.clients.budget.permit().await;
        let begun = self.desk.now().as_millisecond();
        let answer = request.await;
        let took = u64::try_from(self.desk.now().as_millisecond() - begun).unwrap_or(0);
        self.desk.called(Some(Duration::from_millis(took)));
        drop(permit);
        // A refusal with a code of AWS is an answer too.
        if answer.as_ref().err().is_none_or(|error| error.code().is_some()) {
            self.desk.alive();
        }
        answer.map_err(|error| {
            let trouble = failure::of(&error, action, self.clients);
            if trouble.failure.kind == FailureKind::Busy {
                self.clients.budget.rest();
            }
            trouble
        })
    }
}
