//! Reads who scales ECS services by itself, and by what.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ScalingPolicy, ServiceNamespace};

use super::count;
use super::failure::Trouble;
use super::shared::Place;
use super::watch::{Area, Session};
use crate::model::{Autoscaler, Fact, Key, Kind, Quantity, SourceName, Text, WorkloadKind};

/// One poll of all scalable targets and their policies.
pub(super) async fn round(session: &Session<'_>) -> Result<(), Trouble> {
    let (asker, scaling) = (session.asker, &session.asker.clients.scaling);
    let (mut targets, mut next) = (Vec::new(), None);
    loop {
        let request = scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).set_next_token(next);
        let page = asker.ask("application-autoscaling:DescribeScalableTargets", request.send()).await?;
        targets.extend(page.scalable_targets.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    let mut policies = Vec::new();
    while !targets.is_empty() {
        let request = scaling.describe_scaling_policies().service_namespace(ServiceNamespace::Ecs).set_next_token(next);
        let answer = asker.ask("application-autoscaling:DescribeScalingPolicies", request.send()).await;
        let Some(page) = session.spare(Area::Scaling, answer)? else { break };
        policies.extend(page.scaling_policies.unwrap_or_default());
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            break;
        }
    }
    targets.retain(|target| place(&target.resource_id).is_some_and(|place| session.options.wants_cluster(&place.0)));
    let counts = session.shared.lock().counts.clone();
    let facts = targets.iter().filter_map(|target| convert(asker.desk.source(), target, &policies, &counts)).collect();
    session.tell("scalable targets", facts).await
}

/// `service/CLUSTER/NAME`.
fn place(resource: &str) -> Option<Place> {
    let (cluster, service) = resource.strip_prefix("service/")?.split_once('/')?;
    Some((cluster.to_owned(), service.to_owned()))
}

fn convert(
    source: &SourceName,
    target: &ScalableTarget,
    policies: &[ScalingPolicy],
    counts: &BTreeMap<Place, (u32, u32)>,
) -> Option<Fact> {
    let place = place(&target.resource_id)?;
    let own = policies.iter().filter(|policy| policy.resource_id == target.resource_id);
    let triggers: Vec<Text> = own.map(|policy| Text::line(&trigger(policy))).collect();
    let suspended = target.suspended_state();
    let paused = suspended.is_some_and(|s| {
        s.dynamic_scaling_out_suspended() == Some(true) && s.dynamic_scaling_in_suspended() == Some(true)
    });
    let known = counts.get(&place);
    Some(Fact::Autoscaler(Box::new(Autoscaler {
        key: Key::new(source, Kind::Autoscaler, &target.resource_id),
        kind: Text::name("ScalableTarget"),
        scope: Text::name(&place.0),
        name: Text::name(&place.1),
        target: (WorkloadKind::EcsService, Text::name(&place.1)),
        min: Some(count(target.min_capacity)),
        max: Some(count(target.max_capacity)),
        current: known.map(|(_, running)| *running),
        wanted: known.map(|(desired, _)| *desired),
        triggers,
        paused,
        last_scaled_at: None,
        problem: None,
    })))
}

/// What a policy goes by: `cpu 70 %`, `requests per target 1000`, `alarm api-busy`.
fn trigger(policy: &ScalingPolicy) -> String {
    let alarms = || {
        let names: Vec<&str> =
            policy.alarms().iter().map(aws_sdk_applicationautoscaling::types::Alarm::alarm_name).collect();
        if names.is_empty() { policy.policy_name().to_owned() } else { format!("alarm {}", names.join(", ")) }
    };
    let Some(tracking) = policy.target_tracking_scaling_policy_configuration() else { return alarms() };
    let value = Quantity::new(tracking.target_value()).map(|value| value.to_string()).unwrap_or_default();
    let predefined = tracking.predefined_metric_specification().map(|spec| spec.predefined_metric_type().as_str());
    match predefined {
        Some("ECSServiceAverageCPUUtilization") => format!("cpu {value} %"),
        Some("ECSServiceAverageMemoryUtilization") => format!("memory {value} %"),
        Some("ALBRequestCountPerTarget") => format!("requests per target {value}"),
        Some(other) => format!("{other} {value}"),
        None => {
            let custom = tracking.customized_metric_specification().and_then(|spec| spec.metric_name());
            custom.map_or_else(alarms, |metric| format!("{metric} {value}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_applicationautoscaling::primitives::DateTime;
    use aws_sdk_applicationautoscaling::types::{
        MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension,
        TargetTrackingScalingPolicyConfiguration,
    };

    const RESOURCE: &str = "service/shop-prod/api";

    fn target() -> ScalableTarget {
        ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(2)
            .max_capacity(8)
            .role_arn("arn")
            .creation_time(DateTime::from_secs(0))
            .build()
            .unwrap()
    }

    fn policy() -> ScalingPolicy {
        let spec = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
            .build()
            .unwrap();
        let tracking = TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(70.0)
            .predefined_metric_specification(spec)
            .build()
            .unwrap();
        ScalingPolicy::builder()
            .policy_arn("arn")
            .policy_name("cpu")
            .service_namespace(ServiceNamespace::Ecs)
            .resource_id(RESOURCE)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .policy_type(PolicyType::TargetTrackingScaling)
            .target_tracking_scaling_policy_configuration(tracking)
            .creation_time(DateTime::from_secs(0))
            .build()
            .unwrap()
    }

    #[test]
    fn a_scalable_target_has_its_limits_and_what_it_goes_by() {
        let counts = BTreeMap::from([(("shop-prod".to_owned(), "api".to_owned()), (4, 3))]);
        let fact = convert(&SourceName::new("aws"), &target(), &[policy()], &counts);
        let Some(Fact::Autoscaler(scaler)) = fact else { panic!("{fact:?}") };
        assert_eq!((scaler.min, scaler.max, scaler.current, scaler.wanted), (Some(2), Some(8), Some(3), Some(4)));
        assert_eq!(scaler.triggers, [Text::line("cpu 70 %")]);
        assert_eq!(scaler.target.1.raw(), "api");
    }
}
