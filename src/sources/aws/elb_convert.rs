//! What load balancers say of targets and of the ways to them, as front doors and Checks of services.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ForwardActionConfig, Listener, LoadBalancer, ProtocolEnum, Rule, TargetDescription, TargetGroup,
    TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use super::last_part;
use super::shared::{Place, Target};
use crate::model::{Check, CheckKind, Key, Kind, Outcome, Route, SourceName, Text, WorkloadKind};

/// Targets that a Check names by themselves.
const NAMED: usize = 3;

/// Where requests come in.
#[derive(Default)]
pub(super) struct Front {
    pub(super) balancers: Vec<LoadBalancer>,
    pub(super) listeners: Vec<Listener>,
    /// By the listener's ARN; a listener whose rules may not be read has none here.
    pub(super) rules: BTreeMap<String, Vec<Rule>>,
}

/// Whether a listener has rules about hosts and paths.
pub(super) fn is_web(listener: &Listener) -> bool {
    matches!(listener.protocol(), Some(ProtocolEnum::Http | ProtocolEnum::Https))
}

/// Targets with an address of their own, as tasks have it.
pub(super) fn targets(
    groups: &[TargetGroup],
    health: &BTreeMap<String, Vec<TargetHealthDescription>>,
) -> BTreeMap<String, Target> {
    let of =
        |group: &TargetGroup| health.get(group.target_group_arn().unwrap_or_default()).map(|all| (group.clone(), all));
    groups
        .iter()
        .filter_map(of)
        .flat_map(|(group, all)| all.iter().filter_map(move |one| target(&group, one)))
        .collect()
}

/// How a target fares.
fn target(group: &TargetGroup, one: &TargetHealthDescription) -> Option<(String, Target)> {
    let id = one.target()?.id()?.to_owned();
    let words = format!("target group {}: {}", group.target_group_name().unwrap_or_default(), why(one));
    Some((id, Target { healthy: healthy(one), words: Text::line(&words) }))
}

fn healthy(one: &TargetHealthDescription) -> Option<bool> {
    match one.target_health()?.state()? {
        TargetHealthStateEnum::Healthy => Some(true),
        TargetHealthStateEnum::Unhealthy | TargetHealthStateEnum::UnhealthyDraining => Some(false),
        // Being registered, drained, or not used by any listener.
        _ => None,
    }
}

/// AWS's own words with its code: `Health checks failed with these codes: [500] (Target.ResponseCodeMismatch)`.
fn why(one: &TargetHealthDescription) -> String {
    let health = one.target_health();
    let reason = health.and_then(|h| h.reason()).map(TargetHealthReasonEnum::as_str);
    let state = health.and_then(|h| h.state()).map_or("not known", TargetHealthStateEnum::as_str);
    match (health.and_then(|h| h.description()), reason) {
        (Some(said), Some(reason)) => format!("{said} ({reason})"),
        (Some(said), None) => said.to_owned(),
        (None, Some(reason)) => reason.to_owned(),
        (None, None) => state.to_owned(),
    }
}

/// The services behind each balancer, by the end of its ARN as alarms name it (`app/shop/50dc6c495c0c9188`).
pub(super) fn behind(groups: &[TargetGroup], places: &BTreeMap<String, Place>) -> BTreeMap<String, BTreeSet<Place>> {
    let mut found: BTreeMap<String, BTreeSet<Place>> = BTreeMap::new();
    for group in groups {
        let Some(place) = places.get(group.target_group_arn().unwrap_or_default()) else { continue };
        for arn in group.load_balancer_arns() {
            let name = arn.split_once(":loadbalancer/").map_or(arn.as_str(), |(_, name)| name);
            found.entry(name.to_owned()).or_default().insert(place.clone());
        }
    }
    found
}

/// What AWS's own health checks of a target group say, as a Check of its service.
pub(super) fn check(source: &SourceName, group: &TargetGroup, place: &Place, all: &[TargetHealthDescription]) -> Check {
    let of = |wanted| all.iter().filter(|one| healthy(one) == wanted).collect::<Vec<_>>();
    let (good, bad, other) = (of(Some(true)), of(Some(false)), of(None));
    let outcome = match (good.is_empty(), bad.is_empty()) {
        (_, false) => Outcome::Failing,
        (false, true) => Outcome::Passing,
        // No target, or none that has been looked at: that proves nothing.
        (true, true) => Outcome::Unknown,
    };
    let mut words = match all.len() {
        0 => "no target is registered".to_owned(),
        count => format!("{} of {count} targets healthy", good.len()),
    };
    let named = |one: &&TargetHealthDescription| {
        let target = one.target();
        let id = target.and_then(|t| t.id()).unwrap_or_default();
        let port = target.and_then(TargetDescription::port).map(|port| format!(":{port}")).unwrap_or_default();
        format!("; {id}{port}: {}", why(one))
    };
    words.extend(bad.iter().chain(other.iter()).take(NAMED).map(named));
    let arn = group.target_group_arn().unwrap_or_default();
    let name = group.target_group_name().unwrap_or_else(|| last_part(arn));
    let protocol = group.health_check_protocol().map_or("?", ProtocolEnum::as_str);
    let path = group.health_check_path().map(|path| format!(" {path}")).unwrap_or_default();
    Check {
        key: Key::new(source, Kind::Check, arn),
        kind: if protocol.starts_with("HTTP") { CheckKind::Http } else { CheckKind::Tcp },
        service: Text::line(&format!("{}/{}", place.0, place.1)),
        target: Text::line(&format!("{protocol}{path} to {name}")),
        found_by: Text::line("target group"),
        outcome,
        since: None,
        latency_ms: None,
        message: Text::line(&words),
        checked_at: None,
        certificate_expires_at: None,
        connections: None,
    }
}

/// A way in to a target group.
struct Door {
    port: u16,
    tls: bool,
    hosts: Vec<String>,
    /// `GET /` of the hosts leads to the group.
    whole: bool,
}

/// A front door of a service: the host names whose requests its target group gets.
pub(super) fn route(source: &SourceName, group: &TargetGroup, place: &Place, front: &Front) -> Route {
    let arn = group.target_group_arn().unwrap_or_default();
    let doors = doors(group, front);
    let web = doors.iter().any(|door| door.whole);
    let kind = match (web, front.listeners.iter().any(is_web)) {
        (true, _) => "target group",
        (false, true) => "target group by path",
        (false, false) => "network load balancer",
    };
    let mut doors: Vec<Door> = doors.into_iter().filter(|door| door.whole || !web).collect();
    let tls = doors.iter().any(|door| door.tls);
    // Where there is a door with TLS, the one without mostly sends people there.
    doors.retain(|door| door.tls == tls);
    let ports: BTreeSet<u16> = doors.iter().map(|door| door.port).collect();
    let hosts: BTreeSet<&String> = doors.iter().flat_map(|door| &door.hosts).collect();
    Route {
        key: Key::new(source, Kind::Route, arn),
        kind: Text::name(kind),
        scope: Text::name(&place.0),
        name: Text::name(group.target_group_name().unwrap_or_else(|| last_part(arn))),
        hosts: hosts.into_iter().map(|host| Text::name(host)).collect(),
        ports: ports.into_iter().collect(),
        tls,
        backends: Vec::new(),
        selector: Vec::new(),
        workload: Some((WorkloadKind::EcsService, Text::name(&place.1))),
    }
}

fn doors(group: &TargetGroup, front: &Front) -> Vec<Door> {
    let arn = group.target_group_arn().unwrap_or_default();
    let own = group.load_balancer_arns();
    let mut doors = Vec::new();
    for listener in front.listeners.iter().filter(|one| own.iter().any(|arn| one.load_balancer_arn() == Some(arn))) {
        let Some(port) = listener.port().and_then(|port| u16::try_from(port).ok()) else { continue };
        let tls = matches!(listener.protocol(), Some(ProtocolEnum::Https | ProtocolEnum::Tls));
        let balancer = front.balancers.iter().find(|one| one.load_balancer_arn() == listener.load_balancer_arn());
        let address: Vec<String> = balancer.and_then(|one| one.dns_name.clone()).into_iter().collect();
        let door = |hosts: Vec<String>, whole| Door {
            port,
            tls,
            hosts: if hosts.is_empty() { address.clone() } else { hosts },
            whole,
        };
        let rules = listener.listener_arn().and_then(|arn| front.rules.get(arn)).filter(|rules| !rules.is_empty());
        match rules {
            Some(rules) => doors.extend(
                rules.iter().filter(|rule| leads_to(rule.actions(), arn)).map(|rule| door(hosts(rule), is_whole(rule))),
            ),
            None if leads_to(listener.default_actions(), arn) => doors.push(door(Vec::new(), is_web(listener))),
            None => {}
        }
    }
    doors
}

fn leads_to(actions: &[Action], group: &str) -> bool {
    actions.iter().any(|action| {
        let weighed = action.forward_config().map(ForwardActionConfig::target_groups).unwrap_or_default();
        action.target_group_arn() == Some(group)
            || weighed.iter().any(|one| one.target_group_arn() == Some(group) && one.weight() != Some(0))
    })
}

/// Host names that a rule asks for; patterns too.
fn hosts(rule: &Rule) -> Vec<String> {
    let wanted = rule.conditions().iter().filter(|condition| condition.field() == Some("host-header"));
    let values = wanted.flat_map(|condition| match condition.host_header_config() {
        Some(config) => config.values(),
        None => condition.values(),
    });
    values.cloned().collect()
}

/// Whether a rule takes every path, method and header of its hosts.
fn is_whole(rule: &Rule) -> bool {
    rule.conditions().iter().all(|condition| match condition.field() {
        Some("host-header") => true,
        Some("path-pattern") => {
            let paths = condition.path_pattern_config().map_or(condition.values(), |config| config.values());
            paths.iter().any(|path| path == "/*" || path == "*")
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum, RuleCondition, TargetHealth};

    const GROUP: &str = "arn:aws:elasticloadbalancing:eu:1:targetgroup/api/1";
    const BALANCER: &str = "arn:aws:elasticloadbalancing:eu:1:loadbalancer/app/shop/50dc";

    fn group() -> TargetGroup {
        TargetGroup::builder()
            .target_group_arn(GROUP)
            .target_group_name("api")
            .load_balancer_arns(BALANCER)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_path("/health")
            .build()
    }

    fn place() -> Place {
        ("shop-prod".to_owned(), "api".to_owned())
    }

    fn seen(id: &str, state: TargetHealthStateEnum) -> TargetHealthDescription {
        let health = TargetHealth::builder()
            .state(state)
            .reason(TargetHealthReasonEnum::ResponseCodeMismatch)
            .description("Health checks failed with these codes: [500]")
            .build();
        let target = TargetDescription::builder().id(id).port(80).build();
        TargetHealthDescription::builder().target(target).target_health(health).build()
    }

    fn forward() -> Action {
        Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(GROUP).build()
    }

    fn listener(arn: &str, port: i32, protocol: ProtocolEnum) -> Listener {
        Listener::builder().listener_arn(arn).load_balancer_arn(BALANCER).port(port).protocol(protocol).build()
    }

    fn rule(conditions: &[(&str, &str)], action: Action) -> Rule {
        let condition = |(field, value): &(&str, &str)| RuleCondition::builder().field(*field).values(*value).build();
        Rule::builder().set_conditions(Some(conditions.iter().map(condition).collect())).actions(action).build()
    }

    fn front(listeners: Vec<Listener>, rules: &[(&str, Vec<Rule>)]) -> Front {
        let balancer = LoadBalancer::builder().load_balancer_arn(BALANCER).dns_name("shop-1.elb.example").build();
        let rules = rules.iter().map(|(arn, rules)| ((*arn).to_owned(), rules.clone())).collect();
        Front { balancers: vec![balancer], listeners, rules }
    }

    fn told(front: &Front) -> (String, Vec<String>, Vec<u16>, bool) {
        let route = route(&SourceName::new("aws"), &group(), &place(), front);
        let hosts = route.hosts.iter().map(|host| host.raw().to_owned()).collect();
        (route.kind.raw().to_owned(), hosts, route.ports, route.tls)
    }

    #[test]
    fn an_unhealthy_target_says_why_and_one_that_is_drained_is_not_known() {
        let bad = target(&group(), &seen("10.0.0.7", TargetHealthStateEnum::Unhealthy)).unwrap();
        assert_eq!((bad.0.as_str(), bad.1.healthy), ("10.0.0.7", Some(false)));
        let words = "target group api: Health checks failed with these codes: [500] (Target.ResponseCodeMismatch)";
        assert_eq!(bad.1.words.raw(), words);
        assert_eq!(healthy(&seen("a", TargetHealthStateEnum::Draining)), None);
        assert_eq!(healthy(&seen("a", TargetHealthStateEnum::Healthy)), Some(true));
    }

    #[test]
    fn a_target_group_is_a_check_that_names_who_fails_and_proves_nothing_without_targets() {
        let of = |all: &[TargetHealthDescription]| check(&SourceName::new("aws"), &group(), &place(), all);
        let mixed = of(&[seen("a", TargetHealthStateEnum::Healthy), seen("b", TargetHealthStateEnum::Unhealthy)]);
        assert_eq!(
            (mixed.outcome, mixed.service.raw(), mixed.kind),
            (Outcome::Failing, "shop-prod/api", CheckKind::Http)
        );
        let words =
            "1 of 2 targets healthy; b:80: Health checks failed with these codes: [500] (Target.ResponseCodeMismatch)";
        assert_eq!((mixed.message.raw(), mixed.target.raw()), (words, "HTTP /health to api"));
        assert_eq!(of(&[seen("a", TargetHealthStateEnum::Healthy)]).outcome, Outcome::Passing);
        assert_eq!(of(&[seen("a", TargetHealthStateEnum::Initial)]).outcome, Outcome::Unknown);
        assert_eq!((of(&[]).outcome, of(&[]).message.raw()), (Outcome::Unknown, "no target is registered"));
    }

    #[test]
    fn hosts_of_rules_are_front_doors_before_the_balancers_own_name() {
        let by_host = rule(&[("host-header", "api.example.com")], forward());
        let with = front(vec![listener("l", 443, ProtocolEnum::Https)], &[("l", vec![by_host])]);
        assert_eq!(told(&with), ("target group".into(), vec!["api.example.com".into()], vec![443], true));
        let default = rule(&[], forward());
        let with = front(vec![listener("l", 8080, ProtocolEnum::Http)], &[("l", vec![default])]);
        assert_eq!(told(&with), ("target group".into(), vec!["shop-1.elb.example".into()], vec![8080], false));
    }

    #[test]
    fn a_rule_for_one_path_says_nothing_of_the_root_and_a_redirect_is_no_door() {
        let by_path = rule(&[("host-header", "example.com"), ("path-pattern", "/api/*")], forward());
        let with = front(vec![listener("l", 443, ProtocolEnum::Https)], &[("l", vec![by_path.clone()])]);
        assert_eq!(told(&with), ("target group by path".into(), vec!["example.com".into()], vec![443], true));
        let redirect = rule(&[], Action::builder().r#type(ActionTypeEnum::Redirect).build());
        let listeners = vec![listener("plain", 80, ProtocolEnum::Http), listener("tls", 443, ProtocolEnum::Https)];
        let with = front(listeners, &[("plain", vec![redirect]), ("tls", vec![rule(&[], forward())])]);
        assert_eq!(told(&with), ("target group".into(), vec!["shop-1.elb.example".into()], vec![443], true));
    }

    #[test]
    fn without_rules_the_listeners_own_action_decides_and_tcp_is_no_web() {
        let mut tcp = listener("l", 5432, ProtocolEnum::Tcp);
        tcp.default_actions = Some(vec![forward()]);
        let with = front(vec![tcp], &[]);
        assert_eq!(told(&with), ("network load balancer".into(), vec!["shop-1.elb.example".into()], vec![5432], false));
    }

    #[test]
    fn services_behind_a_balancer_are_found_by_the_name_that_alarms_use() {
        let places = BTreeMap::from([(GROUP.to_owned(), place())]);
        assert_eq!(behind(&[group()], &places)["app/shop/50dc"], BTreeSet::from([place()]));
    }
}
