//! The API's own description of an object, secrets masked.

use serde_json::Value;

use super::super::port::{Failure, FailureKind, RawAsk, RawDocument};
use super::link::Link;
use super::list::query;
use super::yaml;
use crate::model::redact::{MASK, is_secret_name, mask_json};
use crate::model::{Kind, Text, WorkloadKind};

/// Larger objects than etcd takes do not exist.
const LIMIT: usize = 8 * 1024 * 1024;
/// A whole copy of the declaration, as `kubectl apply` keeps it: it says nothing new.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Fetches and masks one object.
///
/// # Errors
/// Where it is not there any more, or may not be read.
pub(crate) async fn describe(link: &Link, ask: &RawAsk) -> Result<RawDocument, Failure> {
    let collections = collections(ask.key.kind, ask.kind);
    if collections.is_empty() {
        return Err(Failure::new(FailureKind::Unsupported, "the cluster keeps no description of this by its name"));
    }
    let mut failure = Failure::new(FailureKind::Absent, format!("{} is not there any more", ask.name));
    for (root, plural) in collections {
        let path = if matches!(ask.key.kind, Kind::Scope | Kind::Node) {
            format!("{root}/{plural}/{}", query(ask.name.raw()))
        } else {
            format!("{root}/namespaces/{}/{plural}/{}", query(ask.scope.raw()), query(ask.name.raw()))
        };
        match link.json::<Value>(&path, LIMIT, None).await {
            Ok(value) if uid(&value).is_some_and(|uid| uid != &*ask.key.uid && !ask.key.uid.contains('/')) => {
                let text = format!("{} was replaced by another of the same name", ask.name);
                failure = Failure::new(FailureKind::Absent, text);
            }
            Ok(value) => return Ok(document(value)),
            Err(trouble) if trouble.status == Some(404) => {}
            Err(trouble) if trouble.status == Some(403) => {
                failure = trouble.failure.hint(format!("needs get on {plural} in {}", ask.scope));
            }
            Err(trouble) => return Err(trouble.failure),
        }
    }
    Err(failure)
}

fn uid(value: &Value) -> Option<&str> {
    value.pointer("/metadata/uid")?.as_str()
}

/// Where such an object can lie.
fn collections(kind: Kind, workload: Option<WorkloadKind>) -> Vec<(&'static str, &'static str)> {
    match (kind, workload) {
        (Kind::Workload, Some(WorkloadKind::Deployment)) => vec![("/apis/apps/v1", "deployments")],
        (Kind::Workload, Some(WorkloadKind::StatefulSet)) => vec![("/apis/apps/v1", "statefulsets")],
        (Kind::Workload, Some(WorkloadKind::DaemonSet)) => vec![("/apis/apps/v1", "daemonsets")],
        (Kind::Workload, Some(WorkloadKind::ReplicaSet)) | (Kind::Revision, _) => {
            vec![("/apis/apps/v1", "replicasets")]
        }
        (Kind::Workload, Some(WorkloadKind::Rollout)) => vec![("/apis/argoproj.io/v1alpha1", "rollouts")],
        (Kind::Workload, Some(WorkloadKind::Job)) => vec![("/apis/batch/v1", "jobs")],
        (Kind::Workload, Some(WorkloadKind::CronJob)) => vec![("/apis/batch/v1", "cronjobs")],
        (Kind::Workload, Some(WorkloadKind::Pod)) | (Kind::Instance, _) => vec![("/api/v1", "pods")],
        (Kind::Autoscaler, _) => {
            vec![("/apis/autoscaling/v2", "horizontalpodautoscalers"), ("/apis/keda.sh/v1alpha1", "scaledobjects")]
        }
        (Kind::Route, _) => vec![("/apis/networking.k8s.io/v1", "ingresses"), ("/api/v1", "services")],
        (Kind::Budget, _) => vec![("/apis/policy/v1", "poddisruptionbudgets")],
        (Kind::Scope, _) => vec![("/api/v1", "namespaces")],
        (Kind::Node, _) => vec![("/api/v1", "nodes")],
        (Kind::Workload | Kind::Event | Kind::Queue | Kind::Alarm | Kind::Check | Kind::Store | Kind::Reading, _) => {
            Vec::new()
        }
    }
}

fn document(mut value: Value) -> RawDocument {
    if let Some(Value::Object(meta)) = value.get_mut("metadata") {
        meta.remove("managedFields");
        if let Some(Value::Object(notes)) = meta.get_mut("annotations") {
            notes.remove(LAST_APPLIED);
        }
    }
    if value.get("kind").is_some_and(|kind| kind == "Secret") {
        for part in ["data", "stringData"] {
            if let Some(Value::Object(fields)) = value.get_mut(part) {
                fields.values_mut().for_each(|v| *v = Value::from(MASK));
            }
        }
    }
    mask_named(&mut value);
    mask_json(&mut value);
    let lines = yaml::lines(&value).iter().map(|line| Text::line(line)).collect();
    RawDocument { format: Text::name("yaml"), lines }
}

/// Masks `{name: DB_PASSWORD, value: …}`, the form of environment variables and headers.
fn mask_named(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask_named),
        Value::Object(fields) => {
            let secret = fields.get("name").and_then(Value::as_str).is_some_and(is_secret_name);
            if let (true, Some(value @ Value::String(_))) = (secret, fields.get_mut("value")) {
                *value = Value::from(MASK);
            }
            fields.values_mut().for_each(mask_named);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m_secrets_and_bookkeeping_are_left_out() {
        let value = serde_json::json!({
            "kind": "Deployment",
            "metadata": { "name": "web", "managedFields": [1], "annotations": { LAST_APPLIED: "{}", "a": "b" } },
            "spec": { "env": [{ "name": "DB_PASSWORD", "value": "hunter2" }, { "name": "URL", "value": "amqp://u:p4ss@h/" }] },
        });
        let text = document(value).lines.iter().map(Text::shown).collect::<Vec<_>>().join("\n");
        for hidden in ["hunter2", "p4ss", "managedFields", "last-applied"] {
            assert!(!text.contains(hidden), "{text}");
        }
        assert!(text.contains("name: DB_PASSWORD") && text.contains("a: b"));
        let secret = serde_json::json!({ "kind": "Secret", "data": { "x": "aHVudGVyMg==" } });
        assert!(!document(secret).lines.iter().any(|l| l.shown().contains("aHVu")));
    }
}
