//! HPAs and ScaledObjects to Autoscalers.

use crate::model::{Autoscaler, Fact, Kind, Text, Timestamp, WorkloadKind};

use super::super::lean::custom::{ScaledObject, Trigger};
use super::super::lean::scaling::{self, Aim, AutoscalerCondition, Metric};
use super::workload::row;
use super::{Converter, Row, count, moment, said, workload_kind};

impl Converter {
    /// A HorizontalPodAutoscaler.
    pub(crate) fn horizontal(&mut self, object: &scaling::Autoscaler) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let target = spec.scale_target_ref.clone().unwrap_or_default();
        let Some(kind) = workload_kind(&target.kind) else {
            return Row { version: meta.resource_version, ..Row::default() };
        };
        let status = object.status.as_ref();
        let scaler = Autoscaler {
            key: self.key_of(Kind::Autoscaler, &meta),
            kind: self.words.name("HorizontalPodAutoscaler"),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            target: (kind, self.words.name(&target.name)),
            min: Some(spec.min_replicas.map_or(1, count)),
            max: Some(count(spec.max_replicas)),
            current: status.map(|s| count(s.current_replicas)),
            wanted: status.map(|s| count(s.desired_replicas)),
            triggers: spec.metrics.iter().filter_map(metric).map(|t| Text::line(&t)).collect(),
            paused: false,
            last_scaled_at: status.and_then(|s| moment(s.last_scale_time)),
            problem: status.and_then(|s| problem(&s.conditions, &["AbleToScale", "ScalingActive"])),
        };
        row(meta, Fact::Autoscaler(Box::new(scaler)))
    }

    /// A KEDA ScaledObject.
    pub(crate) fn scaled_object(&mut self, object: &ScaledObject) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), &object.spec);
        let target = &spec.scale_target_ref;
        let kind = if target.kind.is_empty() { Some(WorkloadKind::Deployment) } else { workload_kind(&target.kind) };
        let Some(kind) = kind else { return Row { version: meta.resource_version, ..Row::default() } };
        let is_set = |key: &str| meta.annotations.get(key).is_some_and(|v| v != "false");
        let scaler = Autoscaler {
            key: self.key_of(Kind::Autoscaler, &meta),
            kind: self.words.name("ScaledObject"),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            target: (kind, self.words.name(&target.name)),
            min: Some(spec.min_replica_count.map_or(0, count)),
            // KEDA's own default.
            max: Some(spec.max_replica_count.map_or(100, count)),
            current: None,
            wanted: None,
            triggers: spec.triggers.iter().map(|t| Text::line(&trigger(t))).collect(),
            paused: is_set("autoscaling.keda.sh/paused")
                || meta.annotations.contains_key("autoscaling.keda.sh/paused-replicas"),
            last_scaled_at: object.status.last_active_time.as_ref().and_then(|t| t.parse::<Timestamp>().ok()),
            problem: problem(&object.status.conditions, &["Ready"]),
        };
        row(meta, Fact::Autoscaler(Box::new(scaler)))
    }
}

/// The first of the conditions that should be true and is not.
fn problem(conditions: &[AutoscalerCondition], wanted: &[&str]) -> Option<Text> {
    let bad = conditions.iter().find(|c| wanted.contains(&c.kind.as_str()) && c.status == "False")?;
    // Scaling is off on purpose where the target is at zero.
    if bad.reason == "ScalingDisabled" {
        return None;
    }
    let message = said(&bad.message).map_or_else(|| bad.reason.clone(), |m| format!("{}: {}", bad.reason, m.raw()));
    Some(Text::line(&message))
}

/// A metric in words: `cpu 70 %`, `queue_depth 500`.
fn metric(metric: &Metric) -> Option<String> {
    if let Some(resource) = metric.resource.as_ref().or(metric.container_resource.as_ref()) {
        return Some(format!("{}{}", resource.name, aim(resource.target.as_ref())));
    }
    let named = metric.external.as_ref().or(metric.pods.as_ref()).map(|m| (&m.metric, &m.target));
    let (identifier, target) = named.or_else(|| metric.object.as_ref().map(|m| (&m.metric, &m.target)))?;
    Some(format!("{}{}", identifier.as_ref()?.name, aim(target.as_ref())))
}

fn aim(aim: Option<&Aim>) -> String {
    let Some(aim) = aim else { return String::new() };
    match (aim.average_utilization, aim.average_value.as_ref().or(aim.value.as_ref())) {
        (Some(percent), _) => format!(" {percent} %"),
        (None, Some(value)) => format!(" {}", value.text),
        (None, None) => String::new(),
    }
}

/// A trigger in words: `rabbitmq crawl-jobs > 500`.
fn trigger(trigger: &Trigger) -> String {
    let get = |names: &[&str]| {
        names
            .iter()
            .find_map(|n| trigger.metadata.get(*n))
            .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
    };
    let what = get(&["queueName", "queueURL", "listName", "stream", "topic", "query", "metricName", "start"]);
    let limit =
        get(&["value", "queueLength", "listLength", "lagThreshold", "threshold", "targetValue", "desiredReplicas"]);
    let what = what.map(|w| format!(" {w}")).unwrap_or_default();
    let limit = limit.map(|l| format!(" > {l}")).unwrap_or_default();
    format!("{}{what}{limit}", trigger.kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::SourceName;

    fn scaler(row: Row) -> Autoscaler {
        match row.facts.into_iter().next() {
            Some(Fact::Autoscaler(a)) => *a,
            other => panic!("no Autoscaler: {other:?}"),
        }
    }

    #[test]
    fn what_an_hpa_goes_by_and_why_it_fails_is_said() {
        let object = json!({ "metadata": { "name": "api" }, "spec": { "scaleTargetRef": { "kind": "Deployment", "name": "api" }, "maxReplicas": 9,
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "averageUtilization": 70 } } },
                        { "type": "External", "external": { "metric": { "name": "depth" }, "target": { "averageValue": "500" } } }] },
            "status": { "conditions": [{ "type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric", "message": "no metrics" }] } });
        let hpa = scaler(Converter::new(&SourceName::new("k")).horizontal(&serde_json::from_value(object).unwrap()));
        assert_eq!((hpa.min, hpa.max, hpa.target.1.raw()), (Some(1), Some(9), "api"));
        assert_eq!(hpa.triggers.iter().map(Text::raw).collect::<Vec<_>>(), ["cpu 70 %", "depth 500"]);
        assert_eq!(hpa.problem.unwrap().raw(), "FailedGetResourceMetric: no metrics");
    }

    #[test]
    fn a_scaled_object_names_its_queue() {
        let object = json!({ "metadata": { "name": "w", "annotations": { "autoscaling.keda.sh/paused": "true" } },
            "spec": { "scaleTargetRef": { "name": "worker" }, "maxReplicaCount": 4,
                      "triggers": [{ "type": "rabbitmq", "metadata": { "queueName": "crawl-jobs", "value": "500" } }] } });
        let keda =
            scaler(Converter::new(&SourceName::new("k")).scaled_object(&serde_json::from_value(object).unwrap()));
        assert_eq!((keda.min, keda.max, keda.paused), (Some(0), Some(4), true));
        assert_eq!(keda.target, (WorkloadKind::Deployment, Text::name("worker")));
        assert_eq!(keda.triggers[0].raw(), "rabbitmq crawl-jobs > 500");
    }
}
