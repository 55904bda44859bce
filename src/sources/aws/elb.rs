//! Reads the load balancers in front of ECS services: how each target fares, with AWS's own reason, at every poll; their
//! addresses, listeners and rules now and then.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, Rule, TargetGroup, TargetHealthDescription};

use super::elb_convert::{self, Front};
use super::failure::Trouble;
use super::shared::Place;
use super::watch::{Area, Session};
use crate::model::{Fact, Outcome, Timestamp};

/// What AWS takes in one request.
const AT_ONCE: usize = 20;
/// Quarters of a second in which ECS should have said which target groups there are.
const PATIENCE: u32 = 20;
/// Addresses, listeners and rules change seldom: so often they are read, and whenever a balancer comes or goes.
const FRONT_SECONDS: i64 = 300;

/// What is known from one poll to the next.
#[derive(Default)]
pub(super) struct Doors {
    front: Front,
    /// The balancers of which the front was read, and when.
    read: Option<(BTreeSet<String>, i64)>,
    /// Since when each target group fares as it does.
    since: BTreeMap<String, (Outcome, Timestamp)>,
}

impl Doors {
    /// One poll of the target groups that services stand behind.
    pub(super) async fn round(&mut self, session: &Session<'_>) -> Result<(), Trouble> {
        let places = groups(session).await;
        let groups = describe(session, places.keys().cloned().collect()).await?;
        let health = health(session, &groups).await?;
        self.read_front(session, &groups).await?;
        let desk = session.asker.desk;
        {
            let mut known = session.shared.lock();
            known.targets = elb_convert::targets(&groups, &health);
            known.balancers = elb_convert::behind(&groups, &places);
        }
        let (mut routes, mut checks) = (Vec::new(), Vec::new());
        for group in &groups {
            let arn = group.target_group_arn().unwrap_or_default();
            let Some(place) = places.get(arn) else { continue };
            routes.push(Fact::Route(Box::new(elb_convert::route(desk.source(), group, place, &self.front))));
            let Some(targets) = health.get(arn) else { continue };
            let mut check = elb_convert::check(desk.source(), group, place, targets);
            check.checked_at = Some(desk.now());
            let (outcome, since) = self.since.entry(arn.to_owned()).or_insert((check.outcome, desk.now()));
            if *outcome != check.outcome {
                (*outcome, *since) = (check.outcome, desk.now());
            }
            check.since = Some(*since);
            checks.push(Fact::Check(Box::new(check)));
        }
        session.tell("target groups", routes).await?;
        session.tell("target health", checks).await
    }

    async fn read_front(&mut self, session: &Session<'_>, groups: &[TargetGroup]) -> Result<(), Trouble> {
        let now = session.asker.desk.now().as_second();
        let arns: BTreeSet<String> = groups.iter().flat_map(|one| one.load_balancer_arns().iter().cloned()).collect();
        if self.read.as_ref().is_some_and(|(known, at)| *known == arns && now - at < FRONT_SECONDS) {
            return Ok(());
        }
        let wanted: Vec<String> = arns.iter().cloned().collect();
        let listeners = listeners(session, &wanted).await?;
        let rules = rules(session, &listeners).await?;
        self.front = Front { balancers: balancers(session, &wanted).await?, listeners, rules };
        self.read = Some((arns, now));
        Ok(())
    }
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

async fn describe(session: &Session<'_>, arns: Vec<String>) -> Result<Vec<TargetGroup>, Trouble> {
    let (asker, mut found) = (session.asker, Vec::new());
    for some in arns.chunks(AT_ONCE) {
        let request =
            asker.clients.balancing.describe_target_groups().set_target_group_arns(Some(some.to_vec())).send();
        let answer = asker.ask("elasticloadbalancing:DescribeTargetGroups", request).await?;
        found.extend(answer.target_groups.unwrap_or_default());
    }
    Ok(found)
}

/// Targets of each group; a group whose targets may not be read is not among them.
async fn health(
    session: &Session<'_>,
    groups: &[TargetGroup],
) -> Result<BTreeMap<String, Vec<TargetHealthDescription>>, Trouble> {
    let (asker, mut found) = (session.asker, BTreeMap::new());
    for arn in groups.iter().filter_map(TargetGroup::target_group_arn) {
        let request = asker.clients.balancing.describe_target_health().target_group_arn(arn).send();
        let answer = asker.ask("elasticloadbalancing:DescribeTargetHealth", request).await;
        let Some(answer) = session.spare(Area::Targets, answer)? else { break };
        found.insert(arn.to_owned(), answer.target_health_descriptions.unwrap_or_default());
    }
    Ok(found)
}

async fn balancers(session: &Session<'_>, arns: &[String]) -> Result<Vec<LoadBalancer>, Trouble> {
    let (asker, mut found) = (session.asker, Vec::new());
    for some in arns.chunks(AT_ONCE) {
        let request =
            asker.clients.balancing.describe_load_balancers().set_load_balancer_arns(Some(some.to_vec())).send();
        let answer = asker.ask("elasticloadbalancing:DescribeLoadBalancers", request).await;
        let Some(answer) = session.spare(Area::Targets, answer)? else { break };
        found.extend(answer.load_balancers.unwrap_or_default());
    }
    Ok(found)
}

async fn listeners(session: &Session<'_>, arns: &[String]) -> Result<Vec<Listener>, Trouble> {
    let (asker, mut found) = (session.asker, Vec::new());
    for arn in arns {
        let mut next = None;
        loop {
            let request = asker.clients.balancing.describe_listeners().load_balancer_arn(arn).set_marker(next).send();
            let answer = asker.ask("elasticloadbalancing:DescribeListeners", request).await;
            let Some(answer) = session.spare(Area::Targets, answer)? else { return Ok(found) };
            found.extend(answer.listeners.unwrap_or_default());
            next = answer.next_marker.filter(|marker| !marker.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// Rules of the listeners that have some, by the listener's ARN.
async fn rules(session: &Session<'_>, listeners: &[Listener]) -> Result<BTreeMap<String, Vec<Rule>>, Trouble> {
    let (asker, mut found) = (session.asker, BTreeMap::<String, Vec<Rule>>::new());
    let web = listeners.iter().filter(|one| elb_convert::is_web(one));
    for arn in web.filter_map(Listener::listener_arn) {
        let mut next = None;
        loop {
            let request = asker.clients.balancing.describe_rules().listener_arn(arn).set_marker(next).send();
            let answer = asker.ask("elasticloadbalancing:DescribeRules", request).await;
            let Some(answer) = session.spare(Area::Targets, answer)? else { return Ok(found) };
            found.entry(arn.to_owned()).or_default().extend(answer.rules.unwrap_or_default());
            next = answer.next_marker.filter(|marker| !marker.is_empty());
            if next.is_none() {
                break;
            }
        }
    }
    Ok(found)
}
