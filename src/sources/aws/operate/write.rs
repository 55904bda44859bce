//! Sends a request that changes something, once, and tells apart what is known of its fate.

use std::error::Error;

use aws_sdk_ecs::config::http::HttpResponse;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};

use super::super::ask::Asker;
use super::super::failure;
use crate::model::{Answer, Text};

/// The answer, or what became of the request.
pub(super) async fn write<T, E>(
    asker: Asker<'_>,
    action: &'static str,
    request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
) -> Result<T, Answer>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let permit = asker.clients.budget.permit().await;
    let answer = request.await;
    drop(permit);
    asker.desk.called(None);
    answer.map_err(|error| {
        let words = failure::of(&error, action, asker.clients).failure.to_string();
        let status = error.raw_response().map(|response| response.status().as_u16());
        match &error {
            SdkError::ServiceError(_) if status.is_some_and(|status| status < 500) => {
                Answer::Refused { message: Text::line(&words) }
            }
            SdkError::ConstructionFailure(_) => unsent(&words),
            SdkError::DispatchFailure(_) if never_left(&error) => unsent(&words),
            _ => Answer::Unknown { message: Text::line(&words) },
        }
    })
}

fn unsent(words: &str) -> Answer {
    Answer::Refused { message: Text::line(&format!("not sent: {words}")) }
}

/// Whether there was no connection, or no login to send it with.
fn never_left(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(one) = cause {
        let refused = one.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
        if refused == Some(std::io::ErrorKind::ConnectionRefused) || one.to_string().contains("credentials") {
            return true;
        }
        cause = one.source();
    }
    false
}
