//! Lists: a relist swaps atomically, and shuffled, doubled or lost news end in the same view after it.

use proptest::prelude::*;

use super::*;

type Row = (String, HealthState, Option<u32>, Option<u32>, Vec<Key>);

fn view(lab: &Lab) -> Vec<Row> {
    let of =
        |s: &crate::model::Service| (s.address.to_string(), s.health.state, s.desired, s.ready, s.instances.clone());
    lab.fleet.services().map(of).collect()
}

#[test]
fn what_a_relist_does_not_repeat_stays_until_it_is_whole_and_goes_at_once() {
    let mut lab = Lab::of(facts(vec![deployment("a", 1, 1), deployment("b", 1, 1)], vec![]));
    let table = table(Kind::Workload);
    lab.news(vec![Update::Begin(table.clone())], 1);
    lab.put(deployment("a", 1, 1), 1);
    assert_eq!(lab.addresses(), ["shop/prod/a", "shop/prod/b"]);
    // The list breaks off and begins anew.
    lab.news(vec![Update::Begin(table.clone())], 2);
    lab.put(deployment("b", 1, 1), 2);
    lab.put(deployment("c", 1, 1), 2);
    lab.news(vec![Update::Commit(table.clone())], 2);
    assert_eq!(lab.addresses(), ["shop/prod/b", "shop/prod/c"]);
    lab.news(vec![Update::Commit(table)], 3);
    assert_eq!(lab.addresses().len(), 2, "a Commit without a Begin ends nothing");
}

#[test]
fn tables_of_one_scope_each_do_not_touch_each_other() {
    let mut lab = Lab::connecting();
    let table = |scope: &str| Table { name: Text::name("pods"), scope: Some(Text::name(scope)) };
    let of = |scope: &str| Instance { workload: None, scope: Text::name(scope), ..pod(scope, 1) };
    for scope in ["a-prod", "b-prod"] {
        let put = Update::Put(table(scope), of(scope).into());
        lab.news(vec![Update::Begin(table(scope)), put, Update::Commit(table(scope))], 0);
    }
    lab.news(vec![Update::Begin(table("a-prod")), Update::Commit(table("a-prod"))], 1);
    assert_eq!(lab.addresses(), ["b/prod/b-prod-1"]);
}

#[test]
fn a_pod_made_anew_under_another_uid_takes_the_place_of_the_old_one() {
    let mut lab = Lab::of(facts(vec![deployment("web", 1, 1)], vec![pod("web", 1)]));
    let anew = Workload { key: Key::new(&lab.source, Kind::Workload, "uid-new"), ..deployment("web", 3, 3) };
    lab.put(anew.clone(), 1);
    lab.news(vec![Update::Drop(deployment("web", 1, 1).key)], 1);
    let service = lab.fleet.services().next().unwrap();
    assert_eq!((service.desired, service.workloads.clone()), (Some(3), vec![anew.key]));
}

#[test]
fn churn_without_a_relist_leaves_nothing_behind() {
    let mut lab = Lab::of([]);
    for n in 0..2_000 {
        lab.put(pod("web", n), 1);
        lab.news(vec![Update::Drop(pod("web", n).key)], 1);
    }
    assert_eq!(lab.fleet.services().count(), 0);
    assert!(lab.fleet.store.capacity() < 128, "{}", lab.fleet.store.capacity());
    assert_eq!(lab.fleet.index.iter().count(), 0);
}

#[derive(Clone, Debug)]
enum Step {
    Workload(u8, u8, u8),
    Pod(u8, u8, bool),
    DropWorkload(u8),
    DropPod(u8, u8),
    Begin,
    Commit,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_u8, 0..4_u8, 0..4_u8).prop_map(|(n, desired, ready)| Step::Workload(n, desired, ready)),
        (0..4_u8, 0..5_u8, any::<bool>()).prop_map(|(of, n, ready)| Step::Pod(of, n, ready)),
        (0..4_u8).prop_map(Step::DropWorkload),
        (0..4_u8, 0..5_u8).prop_map(|(of, n)| Step::DropPod(of, n)),
        Just(Step::Begin),
        Just(Step::Commit),
    ]
}

fn name(n: u8) -> String {
    format!("svc-{n}")
}

/// Workload 3 is a Rollout whose pods guess a Deployment; Workload 2 carries a chart's name that Workload 1 may contend.
fn workload(n: u8, desired: u8, ready: u8) -> Workload {
    let base = deployment(&name(n), desired.into(), ready.into());
    match n {
        1 | 2 => Workload { labels: Labels::keep([("app.kubernetes.io/name", "chart")]), ..base },
        3 => Workload { kind: WorkloadKind::Rollout, ..base },
        _ => base,
    }
}

fn news(step: &Step) -> Vec<Update> {
    let kinds = [Kind::Workload, Kind::Instance];
    match *step {
        Step::Workload(n, desired, ready) => vec![put(workload(n, desired, ready).into())],
        Step::Pod(of, n, ready) => vec![put(Instance { ready: Some(ready), ..pod(&name(of), n.into()) }.into())],
        Step::DropWorkload(n) => vec![Update::Drop(workload(n, 0, 0).key)],
        Step::DropPod(of, n) => vec![Update::Drop(pod(&name(of), n.into()).key)],
        Step::Begin => kinds.map(|kind| Update::Begin(table(kind))).to_vec(),
        Step::Commit => kinds.map(|kind| Update::Commit(table(kind))).to_vec(),
    }
}

proptest! {
    #[test]
    fn whatever_came_before_a_relist_decides_everything(
        history in proptest::collection::vec((step(), any::<bool>()), 0..60),
        last in proptest::collection::vec((0..4_u8, 0..4_u8, 0..4_u8, 0..5_u8), 0..12),
        shuffle in any::<u64>(),
    ) {
        let mut all = Vec::new();
        for (n, desired, ready, pods) in last.iter().copied() {
            all.push(Fact::from(workload(n, desired, ready)));
            all.extend((0..pods).map(|p| Fact::from(pod(&name(n), p.into()))));
        }
        // One fact for each identity, so that the order cannot matter.
        let mut seen = std::collections::HashSet::new();
        all.retain(|fact| seen.insert(fact.key().clone()));
        let clean = Lab::of(all.clone());

        let mut lab = Lab::of([]);
        for (step, settle) in &history {
            for update in news(step) {
                lab.fleet.apply(&lab.source.clone(), update.clone(), at(0));
                lab.fleet.apply(&lab.source.clone(), update, at(0));
            }
            if *settle {
                lab.fleet.settle(at(0));
            }
        }
        let mut turn = shuffle;
        all.sort_by_cached_key(|_| { turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1); turn });
        lab.relist(all, 1);
        // Restarts that were seen are no fact of the list.
        prop_assert_eq!(view(&lab), view(&clean));
        prop_assert_eq!(lab.fleet.sources().next().map(|s| s.objects), clean.fleet.sources().next().map(|s| s.objects));
        let environments = |lab: &Lab| lab.fleet.environments().into_iter().map(|e| (e.address.clone(), e.health.state, e.desired, e.services.clone())).collect::<Vec<_>>();
        prop_assert_eq!(environments(&lab), environments(&clean));
        prop_assert!(lab.fleet.index.iter().count() <= clean.fleet.index.iter().count());
    }
}
