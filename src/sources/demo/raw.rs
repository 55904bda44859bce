//! The raw description of a simulated thing in its platform's form: YAML for Kubernetes, JSON for Docker and ECS.

use serde_json::{Map, Value, json};

use super::world::World;
use crate::model::{Fact, Instance, Platform, Text, Workload, redact};
use crate::sources::port::{Failure, FailureKind, RawAsk, RawDocument};

impl World {
    /// Describes the thing of a key at a story time, secrets masked.
    pub(super) fn describe(&self, ask: &RawAsk, story: i64) -> Result<RawDocument, Failure> {
        let (facts, _) = self.at(story);
        let fact = facts.into_iter().find(|fact| *fact.key() == ask.key);
        let fact =
            fact.ok_or_else(|| Failure::new(FailureKind::Absent, format!("{} is not there any more", ask.name)))?;
        let mut value = match (&fact, self.site.platform) {
            (Fact::Instance(instance), Platform::Compose) => container(instance),
            (Fact::Instance(instance), Platform::Kubernetes) => pod(instance),
            (Fact::Workload(workload), Platform::Kubernetes) => object(workload),
            (Fact::Workload(workload), Platform::Compose) => composed(workload),
            (Fact::Workload(workload), _) => service(workload),
            _ => serde_json::to_value(&fact).unwrap_or(Value::Null),
        };
        if self.site.platform != Platform::Kubernetes {
            return Ok(RawDocument::json(value));
        }
        redact::mask_json(&mut value);
        Ok(RawDocument { format: Text::name("yaml"), lines: yaml(&value).lines().map(Text::line).collect() })
    }
}

fn environment(instance: &Instance) -> Value {
    let workload = instance.workload.as_ref().map_or("app", |(_, name)| name.shown());
    let settings = [
        ("SERVICE", workload),
        ("LOG_LEVEL", "info"),
        ("DATABASE_URL", "postgres://app:correct-horse@db:5432/app"),
        ("API_TOKEN", "not-a-real-token"),
    ];
    settings
        .map(|(name, value)| json!({"name": name, "value": if redact::is_secret_name(name) { "••••" } else { value }}))
        .into()
}

fn container(instance: &Instance) -> Value {
    let image = instance.images.first();
    json!({
        "Id": &*instance.key.uid,
        "Name": format!("/{}", instance.name),
        "Created": instance.created_at,
        "Image": image.and_then(|image| image.id.clone()),
        "RestartCount": instance.restarts,
        "State": {
            "Status": instance.phase.word(),
            "StartedAt": instance.started_at,
            "ExitCode": instance.last_exit.as_ref().and_then(|exit| exit.code),
            "Health": {"Status": instance.check, "Output": instance.check_output},
        },
        "Config": {
            "Image": image.map(|image| &image.reference),
            "Env": ["LOG_LEVEL=info", "DATABASE_URL=postgres://app:correct-horse@db:5432/app", "API_TOKEN=not-a-real-token"],
            "Labels": {
                "com.docker.compose.project": instance.scope,
                "com.docker.compose.service": instance.workload.as_ref().map(|(_, name)| name),
                "com.docker.compose.container-number": instance.number.map(|n| n.to_string()),
                "com.docker.compose.config-hash": instance.template,
            },
        },
        "HostConfig": {"Memory": instance.memory_limit_bytes, "NanoCpus": instance.cpu_limit_millicores.map(|m| u64::from(m) * 1_000_000), "RestartPolicy": {"Name": "unless-stopped"}},
    })
}

fn pod(instance: &Instance) -> Value {
    let limit = |unit: &str, n: Option<u64>| n.map(|n| format!("{n}{unit}"));
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": instance.name,
            "namespace": instance.scope,
            "uid": &*instance.key.uid,
            "creationTimestamp": instance.created_at,
            "labels": {"pod-template-hash": instance.template},
        },
        "spec": {
            "nodeName": instance.node,
            "containers": [{
                "name": instance.workload.as_ref().map(|(_, name)| name),
                "image": instance.images.first().map(|image| &image.reference),
                "env": environment(instance),
                "resources": {"limits": {
                    "cpu": limit("m", instance.cpu_limit_millicores.map(u64::from)),
                    "memory": limit("Mi", instance.memory_limit_bytes.map(|bytes| bytes >> 20)),
                }},
            }],
        },
        "status": {
            "phase": instance.phase.word(),
            "containerStatuses": [{
                "ready": instance.ready,
                "restartCount": instance.restarts,
                "imageID": instance.images.first().and_then(|image| image.digest.clone()),
                "state": {"waiting": instance.waiting.as_ref().map(|w| json!({"reason": w.reason, "message": w.message}))},
                "lastState": {"terminated": instance.last_exit.as_ref().map(|e| json!({"exitCode": e.code, "reason": e.reason, "finishedAt": e.at}))},
            }],
        },
    })
}

fn object(workload: &Workload) -> Value {
    let labels: Map<String, Value> =
        workload.labels.iter().map(|(key, value)| (key.raw().to_owned(), json!(value))).collect();
    json!({
        "apiVersion": "apps/v1",
        "kind": workload.kind.word(),
        "metadata": {
            "name": workload.name,
            "namespace": workload.scope,
            "uid": &*workload.key.uid,
            "creationTimestamp": workload.created_at,
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": workload.revision},
        },
        "spec": {
            "replicas": workload.desired,
            "template": {"spec": {"containers": [{"name": workload.name, "image": workload.images.first().map(|i| &i.reference)}]}},
        },
        "status": {
            "replicas": workload.desired,
            "readyReplicas": workload.ready,
            "updatedReplicas": workload.updated,
            "availableReplicas": workload.available,
        },
    })
}

/// A service of a Compose project, as its file and its containers tell.
fn composed(workload: &Workload) -> Value {
    let labels: Map<String, Value> =
        workload.labels.iter().map(|(key, value)| (key.raw().to_owned(), json!(value))).collect();
    let image = workload.images.first();
    json!({
        "project": workload.scope,
        "service": workload.name,
        "config": {
            "image": image.map(|image| &image.reference),
            "deploy": {"replicas": workload.desired},
            "labels": labels,
            "restart": "unless-stopped",
        },
        "containers": {"wanted": workload.desired, "running": workload.ready},
        "imageId": image.and_then(|image| image.id.clone()),
        "createdAt": workload.created_at,
    })
}

fn service(workload: &Workload) -> Value {
    json!({
        "serviceName": workload.name,
        "cluster": workload.scope,
        "desiredCount": workload.desired,
        "runningCount": workload.ready,
        "taskDefinition": workload.revision,
        "image": workload.images.first().map(|image| &image.reference),
        "createdAt": workload.created_at,
        "rollout": workload.rollout,
    })
}

/// JSON as YAML, without what is null: enough for descriptions that are only read.
fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write_yaml(&mut out, value, 0);
    out
}

fn write_yaml(out: &mut String, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                if is_plain(value) {
                    out.push_str(&format!("{indent}{key}: {}\n", scalar(value)));
                } else {
                    out.push_str(&format!("{indent}{key}:\n"));
                    write_yaml(out, value, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut inner = String::new();
                write_yaml(&mut inner, item, depth + 1);
                let from = inner.len() - inner.trim_start().len();
                out.push_str(&format!("{indent}- {}", &inner[from..]));
                if is_plain(item) {
                    out.push_str(&format!("{}\n", scalar(item)));
                }
            }
        }
        _ => {}
    }
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Object(map) if !map.is_empty())
        && !matches!(value, Value::Array(items) if !items.is_empty())
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() || text.contains([':', '#', '"', '\'']) => format!("{text:?}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
