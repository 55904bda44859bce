//! CPU and memory of the pods on screen, from the metrics API where the cluster has one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Deserialize;

use super::board::{Cell, Place};
use super::convert::quantity::value;
use super::feed::Shared;
use super::trouble::Trouble;
use crate::model::{Instance, Key, Sample, Text, Timestamp};

/// Time between two readings: the metrics server itself measures about this often.
const PAUSE: Duration = Duration::from_secs(15);
/// Most bytes of one namespace's answer.
const LIMIT: usize = 32 * 1024 * 1024;

/// Where pods are, by their uid.
#[derive(Debug, Default)]
pub(crate) struct Index(Mutex<HashMap<Arc<str>, (Text, Text)>>);

impl Index {
    /// A pod is there.
    pub(crate) fn put(&self, pod: &Instance) {
        let place = (pod.scope.clone(), pod.name.clone());
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(pod.key.uid.clone(), place);
    }

    /// A pod is gone.
    pub(crate) fn remove(&self, pod: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&pod.uid);
    }

    /// The keys by namespace and name.
    fn places(&self, keys: &[Key]) -> BTreeMap<Text, HashMap<String, Key>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: BTreeMap<Text, HashMap<String, Key>> = BTreeMap::new();
        for key in keys {
            if let Some((scope, name)) = all.get(&key.uid) {
                places.entry(scope.clone()).or_default().insert(name.raw().to_owned(), key.clone());
            }
        }
        places
    }
}

#[derive(Deserialize)]
struct List {
    items: Vec<Pod>,
}

#[derive(Deserialize)]
struct Pod {
    metadata: Name,
    timestamp: Option<Timestamp>,
    #[serde(default)]
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
}

#[derive(Deserialize)]
struct Container {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    cpu: Option<String>,
    memory: Option<String>,
}

/// Reads as long as something is on screen, until the API refuses.
pub(crate) async fn measure(shared: Arc<Shared>) {
    let Some(index) = &shared.pods else { return };
    let mut visible = shared.desk.visible();
    loop {
        let keys = visible.borrow_and_update().clone();
        let places = index.places(&keys);
        if places.is_empty() {
            if visible.changed().await.is_err() {
                return;
            }
            continue;
        }
        for (namespace, wanted) in places {
            match read(&shared, &namespace, &wanted).await {
                Ok(samples) => shared.desk.sample(samples),
                Err(trouble) if trouble.status == Some(403) => {
                    let place =
                        Place { resource: "pods.metrics.k8s.io".into(), namespace: Some(namespace.raw().to_owned()) };
                    shared.board.set(place, Cell::Denied("list"));
                    if shared.tell().await.is_err() {
                        return;
                    }
                }
                // Measurements are missing then, and shown as missing; the next round tries again.
                Err(_) => {}
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn read(shared: &Shared, namespace: &Text, wanted: &HashMap<String, Key>) -> Result<Vec<Sample>, Trouble> {
    let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods", namespace.raw());
    let list: List = shared.link.json(&path, LIMIT, Some(&shared.desk)).await?;
    let now = shared.desk.now();
    Ok(list.items.iter().filter_map(|pod| Some(sample(pod, wanted.get(&pod.metadata.name)?, now))).collect())
}

fn sample(pod: &Pod, key: &Key, now: Timestamp) -> Sample {
    // A sum in which a part is missing would be a wrong sum.
    let sum = |get: fn(&Usage) -> Option<&String>| -> Option<f64> {
        let all: Option<Vec<f64>> = pod.containers.iter().map(|c| get(&c.usage).and_then(|q| value(q))).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.iter().sum())
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "kept in range by the clamp")]
    let memory = sum(|u| u.memory.as_ref()).map(|m| m.clamp(0.0, 1e18) as u64);
    Sample {
        instance: key.clone(),
        at: pod.timestamp.unwrap_or(now),
        cpu_cores: sum(|u| u.cpu.as_ref()),
        memory_bytes: memory,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, SourceName};

    #[test]
    fn usage_is_summed_over_containers_and_missing_is_not_zero() {
        let text = r#"{"metadata":{"name":"a"},"timestamp":"2026-01-01T00:00:00Z","containers":[
            {"usage":{"cpu":"250m","memory":"1Mi"}},{"usage":{"cpu":"1500000n"}}]}"#;
        let key = Key::new(&SourceName::new("k"), Kind::Instance, "u");
        let sample = sample(&serde_json::from_str(text).unwrap(), &key, Timestamp::UNIX_EPOCH);
        assert!((sample.cpu_cores.unwrap() - 0.2515).abs() < 1e-9);
        assert_eq!(sample.memory_bytes, None);
    }
}
