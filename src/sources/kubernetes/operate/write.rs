//! The one place where requests that change something are made. Each carries what it was read as: `resourceVersion` and UID in
//! a merge patch, as `test` operations of a JSON patch, or as preconditions of a delete; there is no other way to make one.

use http::Method;
use serde_json::{Map, Value, json};

use super::place::{Grant, Place};
use crate::model::{Target, Text};

/// The name under which the API server keeps which fields are ours.
const MANAGER: &str = "quarterdeck";
pub(super) const RUN: &str = "quarterdeck/run";
pub(super) const CAUSE: &str = "kubernetes.io/change-cause";

/// The object exactly as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pin {
    pub(super) uid: String,
    pub(super) version: String,
}

impl Pin {
    /// Of a target; `None` where the API did not tell what pins it: then nothing is written.
    pub(super) fn of(target: &Target) -> Option<Self> {
        let raw = |text: &Option<Text>| text.as_ref().map(|t| t.raw().to_owned()).filter(|t| !t.is_empty());
        Some(Self { uid: raw(&target.uid)?, version: raw(&target.version)? })
    }

    /// Of an object as the API gave it.
    pub(super) fn of_object(object: &Value) -> Option<Self> {
        let text =
            |path: &str| object.pointer(path).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
        Some(Self { uid: text("/metadata/uid")?, version: text("/metadata/resourceVersion")? })
    }
}

/// What is written to, exactly.
#[derive(Clone, Debug)]
pub(super) struct Subject<'a> {
    pub(super) place: Place,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) pin: Pin,
}

/// One request that changes something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Write {
    method: Method,
    path: String,
    kind: &'static str,
    body: Value,
    /// What it does, for the journal.
    words: String,
    grant: Grant,
}

impl Write {
    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// The path with its query; `rehearse`: the server checks everything and does nothing.
    pub(super) fn path(&self, rehearse: bool) -> String {
        let query = match (self.method == Method::DELETE, rehearse) {
            (true, _) => String::new(),
            (false, true) => format!("?fieldManager={MANAGER}&dryRun=All"),
            (false, false) => format!("?fieldManager={MANAGER}"),
        };
        format!("{}{query}", self.path)
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn body(&self, rehearse: bool) -> Vec<u8> {
        let mut body = self.body.clone();
        // A delete takes its options from its body alone.
        if rehearse && self.method == Method::DELETE {
            body["dryRun"] = json!(["All"]);
        }
        body.to_string().into_bytes()
    }

    pub(super) fn words(&self) -> &str {
        &self.words
    }

    pub(super) fn grant(&self) -> &Grant {
        &self.grant
    }
}

impl Subject<'_> {
    fn path(&self, part: Option<&str>) -> String {
        let object = self.place.object(self.namespace, self.name);
        part.map_or_else(|| object.clone(), |part| format!("{object}/{part}"))
    }

    fn words(&self, verb: &str, part: Option<&str>, what: &str) -> String {
        let part = part.map(|part| format!("/{part}")).unwrap_or_default();
        let Self { place, namespace, name, pin } = self;
        format!("{verb} {}{part} {name} in {namespace} at resourceVersion {}: {what}", place.plural, pin.version)
    }

    /// A merge patch: the fields of `change`, and the pin.
    pub(super) fn merge(&self, part: Option<&str>, change: Value, what: &str) -> Write {
        let mut body = change;
        if !body["metadata"].is_object() {
            body["metadata"] = Value::Object(Map::new());
        }
        body["metadata"]["uid"] = json!(self.pin.uid);
        body["metadata"]["resourceVersion"] = json!(self.pin.version);
        Write {
            method: Method::PATCH,
            path: self.path(part),
            kind: "application/merge-patch+json",
            body,
            words: self.words("patch", part, what),
            grant: self.place.grant("patch", part, self.namespace),
        }
    }

    /// A JSON patch: the operations behind those that test the pin.
    pub(super) fn json(&self, operations: Vec<Value>, what: &str) -> Write {
        let test = |path: &str, value: &str| json!({ "op": "test", "path": path, "value": value });
        let mut all = vec![test("/metadata/uid", &self.pin.uid), test("/metadata/resourceVersion", &self.pin.version)];
        all.extend(operations);
        Write {
            method: Method::PATCH,
            path: self.path(None),
            kind: "application/json-patch+json",
            body: Value::Array(all),
            words: self.words("patch", None, what),
            grant: self.place.grant("patch", None, self.namespace),
        }
    }

    /// A delete of exactly this object.
    pub(super) fn delete(&self, what: &str) -> Write {
        Write {
            method: Method::DELETE,
            path: self.path(None),
            kind: "application/json",
            body: json!({
                "apiVersion": "v1", "kind": "DeleteOptions",
                "preconditions": { "uid": self.pin.uid, "resourceVersion": self.pin.version },
            }),
            words: self.words("delete", None, what),
            grant: self.place.grant("delete", None, self.namespace),
        }
    }
}

/// The operations that note on an object which Run changed it and why, whatever annotations it has by now.
pub(super) fn annotate(object: &Value, notes: &[(&str, &str)]) -> Vec<Value> {
    if object.pointer("/metadata/annotations").is_some_and(Value::is_object) {
        let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
        let add = |(key, value): &(&str, &str)| json!({ "op": "add", "path": format!("/metadata/annotations/{}", escaped(key)), "value": value });
        return notes.iter().map(add).collect();
    }
    let all: Map<String, Value> = notes.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    vec![json!({ "op": "add", "path": "/metadata/annotations", "value": all })]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WorkloadKind;

    fn subject() -> Subject<'static> {
        Subject {
            place: Place::of(WorkloadKind::Deployment).unwrap(),
            namespace: "shop",
            name: "web",
            pin: Pin { uid: "u1".into(), version: "88".into() },
        }
    }

    #[test]
    fn g3_every_kind_of_write_names_what_it_was_read_as() {
        let merge = subject().merge(Some("scale"), json!({ "spec": { "replicas": 3 } }), "replicas 1 → 3");
        assert_eq!(merge.path(false), "/apis/apps/v1/namespaces/shop/deployments/web/scale?fieldManager=quarterdeck");
        let body: Value = serde_json::from_slice(&merge.body(false)).unwrap();
        assert_eq!(body, json!({ "metadata": { "uid": "u1", "resourceVersion": "88" }, "spec": { "replicas": 3 } }));
        let patch = subject().json(vec![json!({ "op": "replace", "path": "/spec/paused", "value": true })], "paused");
        let body: Value = serde_json::from_slice(&patch.body(false)).unwrap();
        assert_eq!(
            (&body[0]["op"], &body[0]["value"], &body[1]["path"], &body[1]["value"]),
            (&json!("test"), &json!("u1"), &json!("/metadata/resourceVersion"), &json!("88"))
        );
        let delete = subject().delete("to be replaced");
        let body: Value = serde_json::from_slice(&delete.body(false)).unwrap();
        assert_eq!(body["preconditions"], json!({ "uid": "u1", "resourceVersion": "88" }));
    }

    #[test]
    fn g23_a_rehearsal_is_the_same_request_marked_as_dry() {
        let merge = subject().merge(None, json!({}), "nothing");
        assert!(merge.path(true).ends_with("&dryRun=All") && merge.body(true) == merge.body(false));
        let delete = subject().delete("nothing");
        let body: Value = serde_json::from_slice(&delete.body(true)).unwrap();
        assert_eq!(body["dryRun"], json!(["All"]));
    }

    #[test]
    fn notes_fit_an_object_with_annotations_and_one_without() {
        let without = annotate(&json!({ "metadata": {} }), &[(RUN, "7f3a")]);
        assert_eq!(without, [json!({ "op": "add", "path": "/metadata/annotations", "value": { RUN: "7f3a" } })]);
        let with = annotate(&json!({ "metadata": { "annotations": {} } }), &[(RUN, "7f3a")]);
        assert_eq!(with[0]["path"], "/metadata/annotations/quarterdeck~1run");
    }
}
