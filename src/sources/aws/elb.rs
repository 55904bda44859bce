//! Reads the load balancers in front of ECS services: their addresses and listeners as front doors, and how each target
//! fares, with AWS's own reason.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    Listener, LoadBalancer, ProtocolEnum, TargetGroup, TargetHealthDescription, TargetHealthReasonEnum,
    TargetHealthStateEnum,
};

use super::failure::Trouble;
use super::last_part;
use super::shared::{Place, Target};
use super::watch::{Area, Session};
use crate::model::{Fact, Key, Kind, Route, SourceName, Text, WorkloadKind};

/// What AWS takes in one request.
const AT_ONCE: usize = 20;
/// Quarters of a second in which ECS should have said which target groups there are.
const PATIENCE: u32 = 20;

/// One poll of the target groups that services stand behind.
pub(super) async fn round(session: &Session<'_>) -> Result<(), Trouble> {
    let groups = groups(session).await;
    let (asker, client) = (session.asker, &session.asker.clients.balancing);
    let arns: Vec<String> = groups.keys().cloned().collect();
    let mut described = Vec::new();
    for some in arns.chunks(AT_ONCE) {
        let request = client.describe_target_groups().set_target_group_arns(Some(some.to_vec())).send();
        let answer = asker.ask("elasticloadbalancing:DescribeTargetGroups", request).await?;
        described.extend(answer.target_groups.unwrap_or_default());
    }
    let mut targets = BTreeMap::new();
    for group in &described {
        let request = client.describe_target_health().set_target_group_arn(group.target_group_arn.clone()).send();
        let answer = asker.ask("elasticloadbalancing:DescribeTargetHealth", request).await;
        let Some(answer) = session.spare(Area::Targets, answer)? else { break };
        for one in answer.target_health_descriptions() {
            targets.extend(target(group, one));
        }
    }
    let (balancers, listeners) = front(session, &described).await?;
    session.shared.lock().targets = targets;
    let route = |group: &TargetGroup| {
        let place = groups.get(group.target_group_arn()?)?;
        Some(route(asker.desk.source(), group, place, (&balancers, &listeners)))
    };
    session.tell("target groups", described.iter().filter_map(route).collect()).await
}

/// The target groups that ECS names; the first time that is waited for.
async fn groups(session: &Session<'_>) -> BTreeMap<String, Place> {
    for _ in 0..PATIENCE {
        if session.shared.lock().ecs_read {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    session.shared.lock().groups.clone()
}

type Front = (Vec<LoadBalancer>, Vec<Listener>);

async fn front(session: &Session<'_>, groups: &[TargetGroup]) -> Result<Front, Trouble> {
    let (asker, client) = (session.asker, &session.asker.clients.balancing);
    let arns: BTreeSet<String> = groups.iter().flat_map(|group| group.load_balancer_arns().iter().cloned()).collect();
    let arns: Vec<String> = arns.into_iter().collect();
    let (mut balancers, mut listeners) = (Vec::new(), Vec::new());
    for some in arns.chunks(AT_ONCE) {
        let request = client.describe_load_balancers().set_load_balancer_arns(Some(some.to_vec())).send();
        let answer = asker.ask("elasticloadbalancing:DescribeLoadBalancers", request).await;
        let Some(answer) = session.spare(Area::Targets, answer)? else { break };
        balancers.extend(answer.load_balancers.unwrap_or_default());
    }
    for arn in &arns {
        let request = client.describe_listeners().load_balancer_arn(arn).send();
        let answer = asker.ask("elasticloadbalancing:DescribeListeners", request).await;
        let Some(answer) = session.spare(Area::Targets, answer)? else { break };
        listeners.extend(answer.listeners.unwrap_or_default());
    }
    Ok((balancers, listeners))
}

/// How a target with an address of its own fares.
fn target(group: &TargetGroup, one: &TargetHealthDescription) -> Option<(String, Target)> {
    let id = one.target()?.id()?.to_owned();
    let health = one.target_health()?;
    let healthy = match health.state()? {
        TargetHealthStateEnum::Healthy => Some(true),
        TargetHealthStateEnum::Unhealthy | TargetHealthStateEnum::UnhealthyDraining => Some(false),
        TargetHealthStateEnum::Unavailable | TargetHealthStateEnum::Unused => None,
        _ => None,
    };
    let reason = health.reason().map(TargetHealthReasonEnum::as_str).unwrap_or_default();
    let said = health.description().unwrap_or_default();
    let name = group.target_group_name().unwrap_or_default();
    let words = format!("target group {name}: {said} ({reason})").replace(" ()", "");
    Some((id, Target { healthy, words: Text::line(&words) }))
}

fn route(
    source: &SourceName,
    group: &TargetGroup,
    place: &Place,
    (balancers, listeners): (&[LoadBalancer], &[Listener]),
) -> Fact {
    let own = group.load_balancer_arns();
    let is_own = |arn: Option<&str>| arn.is_some_and(|arn| own.iter().any(|one| one == arn));
    let hosts = balancers.iter().filter(|one| is_own(one.load_balancer_arn())).filter_map(LoadBalancer::dns_name);
    let doors: Vec<&Listener> = listeners.iter().filter(|one| is_own(one.load_balancer_arn())).collect();
    let mut ports: Vec<u16> = doors.iter().filter_map(|one| u16::try_from(one.port()?).ok()).collect();
    ports.sort_unstable();
    ports.dedup();
    let arn = group.target_group_arn().unwrap_or_default();
    Fact::Route(Box::new(Route {
        key: Key::new(source, Kind::Route, arn),
        kind: Text::name("target group"),
        scope: Text::name(&place.0),
        name: Text::name(group.target_group_name().unwrap_or_else(|| last_part(arn))),
        hosts: hosts.map(Text::name).collect(),
        ports,
        tls: doors.iter().any(|one| matches!(one.protocol(), Some(ProtocolEnum::Https | ProtocolEnum::Tls))),
        backends: Vec::new(),
        selector: Vec::new(),
        workload: Some((WorkloadKind::EcsService, Text::name(&place.1))),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};

    fn group() -> TargetGroup {
        TargetGroup::builder()
            .target_group_arn("arn:tg/api/1")
            .target_group_name("api")
            .load_balancer_arns("arn:lb")
            .build()
    }

    fn seen(state: TargetHealthStateEnum) -> Target {
        let health = TargetHealth::builder()
            .state(state)
            .reason(TargetHealthReasonEnum::ResponseCodeMismatch)
            .description("Health checks failed with these codes: [500]")
            .build();
        let target = TargetDescription::builder().id("10.0.0.7").port(80).build();
        let one = TargetHealthDescription::builder().target(target).target_health(health).build();
        super::target(&group(), &one).unwrap().1
    }

    #[test]
    fn an_unhealthy_target_says_why_and_one_that_is_drained_is_not_known() {
        let bad = seen(TargetHealthStateEnum::Unhealthy);
        assert_eq!(bad.healthy, Some(false));
        assert_eq!(
            bad.words.raw(),
            "target group api: Health checks failed with these codes: [500] (Target.ResponseCodeMismatch)"
        );
        assert_eq!(seen(TargetHealthStateEnum::Draining).healthy, None);
        assert_eq!(seen(TargetHealthStateEnum::Healthy).healthy, Some(true));
    }

    #[test]
    fn a_target_group_is_a_front_door_of_its_service() {
        let balancer = LoadBalancer::builder().load_balancer_arn("arn:lb").dns_name("api-1.elb.example").build();
        let listener = Listener::builder().load_balancer_arn("arn:lb").port(443).protocol(ProtocolEnum::Https).build();
        let place = ("shop-prod".to_owned(), "api".to_owned());
        let fact = route(&SourceName::new("aws"), &group(), &place, (&[balancer], &[listener]));
        let Fact::Route(route) = fact else { panic!("{fact:?}") };
        assert_eq!((route.hosts[0].raw(), &route.ports[..], route.tls), ("api-1.elb.example", &[443_u16][..], true));
    }
}
