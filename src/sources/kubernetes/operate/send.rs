//! Sends one write, once, and tells apart what is known of its fate: taken, refused, overtaken, or unknown.

use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use kube::client::Body;
use serde_json::Value;

use super::super::link::{Link, Lost};
use super::super::trouble::Trouble;
use super::write::Write;
use crate::model::Text;

/// What became of a write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sent {
    /// The server has it; the object's version now, where it told.
    Taken(Option<Text>),
    /// The object is not as it was read: nothing changed.
    Overtaken(String),
    /// The server said no, or was never reached: nothing changed.
    Refused(String),
    /// The login is not taken (any more): nothing changed.
    LoggedOut(String),
    /// It may have been done or not.
    Unknown(String),
}

/// Sends `write`; with `rehearse` the server checks it whole and does nothing.
pub(super) async fn send(link: &Link, write: &Write, rehearse: bool) -> Sent {
    let request = Request::builder()
        .method(write.method().clone())
        .uri(write.path(rehearse))
        .header(CONTENT_TYPE, write.kind())
        .header(ACCEPT, "application/json")
        .body(Body::from(write.body(rehearse)));
    let request = match request {
        Ok(request) => request,
        Err(error) => return Sent::Refused(format!("not sent: {error}")),
    };
    match link.change(request).await {
        Ok((status, body)) if (200..300).contains(&status) => Sent::Taken(version(&body)),
        Ok((status, body)) => refused(write, status, &body),
        Err(Lost::Unsent(trouble)) => Sent::Refused(format!("not sent: {}", trouble.failure)),
        Err(Lost::Unanswered(trouble)) => Sent::Unknown(trouble.failure.to_string()),
    }
}

fn version(body: &[u8]) -> Option<Text> {
    let object: Value = serde_json::from_slice(body).ok()?;
    object.pointer("/metadata/resourceVersion")?.as_str().map(Text::name)
}

/// What a refusal means. Where something between us and the server may have answered in its place, nobody knows.
fn refused(write: &Write, status: u16, body: &[u8]) -> Sent {
    let said = Trouble::refused(status, None, body).failure.message.raw().to_owned();
    match status {
        409 | 412 => Sent::Overtaken(said),
        // A `test` operation that does not hold (evanphx/json-patch: "testing value /x failed: test failed").
        422 if said.contains("testing value") || said.contains("test failed") => Sent::Overtaken(said),
        // The object itself: whether it went or never was is for a look to tell.
        404 => Sent::Overtaken(said),
        401 => Sent::LoggedOut(said),
        403 if said.contains("cannot ") => Sent::Refused(format!(
            "{said}; needs {}: `quarterdeck doctor --print-policy=kubernetes-change` prints all that is needed",
            write.grant()
        )),
        500..=599 => Sent::Unknown(said),
        _ => Sent::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::place::Place;
    use super::super::write::{Pin, Subject};
    use super::*;
    use crate::model::WorkloadKind;

    fn of(status: u16, message: &str) -> Sent {
        let place = Place::of(WorkloadKind::Deployment).unwrap();
        let pin = Pin { uid: "u".into(), version: "1".into() };
        let write = Subject { place, namespace: "shop", name: "web", pin }.merge(Some("scale"), json!({}), "x");
        refused(&write, status, json!({ "kind": "Status", "message": message }).to_string().as_bytes())
    }

    #[test]
    fn g6_only_what_the_server_certainly_did_not_do_is_called_refused() {
        assert!(matches!(of(409, "the object has been modified"), Sent::Overtaken(_)));
        assert!(matches!(of(422, "testing value /metadata/resourceVersion failed: test failed"), Sent::Overtaken(_)));
        assert!(matches!(of(422, "spec.replicas: Invalid value: -1"), Sent::Refused(_)));
        assert!(matches!(of(400, "admission webhook \"x\" does not support dry run"), Sent::Refused(_)));
        assert!(matches!(of(429, "too many requests"), Sent::Refused(_)));
        for status in [500, 502, 503, 504] {
            assert!(matches!(of(status, "etcdserver: request timed out"), Sent::Unknown(_)), "{status}");
        }
    }

    #[test]
    fn a_right_that_lacks_is_named_and_a_webhooks_no_is_not_called_one() {
        let Sent::Refused(words) =
            of(403, "deployments.apps \"web\" is forbidden: User \"reader\" cannot patch resource")
        else {
            panic!()
        };
        assert!(words.contains("needs patch on deployments/scale (API group apps) in namespace shop"), "{words}");
        let Sent::Refused(words) = of(403, "admission webhook \"freeze\" denied the request: weekend") else {
            panic!()
        };
        assert!(words.contains("weekend") && !words.contains("needs"), "{words}");
    }
}
