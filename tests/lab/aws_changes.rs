//! Changes of ECS services on moto: the requests, what they leave behind, and what is refused. How a deployment goes on its way
//! moto does not play.
use std::sync::Arc;

use quarterdeck::action::{Count, Wish};
use quarterdeck::model::{
    Answer, Contained, Image, Key, Kind, Operation, Rehearsal, SourceName, Target, Text, WorkloadKind,
};
use quarterdeck::sources::port::{Look, Operate};

use crate::aws::watched::{Profile, Watched};
use crate::aws::{KEYS, account, world};
use crate::fixtures::part::{AWS, part};
use crate::ordered::{ordered, perform};

/// A seeded account and its Source at work.
struct Shop {
    place: String,
    who: Arc<dyn Operate>,
    _watched: Watched,
    _profile: Profile,
}

impl Shop {
    fn new() -> Self {
        let (account, endpoint) = (account(), part(&AWS).get("ENDPOINT"));
        let place = format!("{account}/eu-central-1");
        world(endpoint, &place, &["seed"]);
        let profile = Profile::new(endpoint, "lab");
        profile.lines(&format!(
            "role_arn = arn:aws:iam::{account}:role/watch\nsource_profile = base\n[profile base]\n{KEYS}endpoint_url = {endpoint}\nregion = eu-central-1"
        ));
        let watched = Watched::supervised(&profile);
        let who = watched.source.clone().operate().expect("it can change things");
        Self { place, who, _watched: watched, _profile: profile }
    }

    async fn see(&self, name: &str) -> Target {
        let key = Key::new(&SourceName::new("account"), Kind::Workload, name);
        let look = Look { key, kind: WorkloadKind::EcsService, scope: Text::name("shop-prod"), name: Text::name(name) };
        self.who.clone().look(look).await.expect("it is read")
    }

    async fn does(&self, name: &str, wish: Wish, wanted: Vec<Contained>) -> Target {
        let answer = perform(&self.who, ordered(wish, &self.see(name).await, wanted)).await;
        assert!(matches!(answer, Answer::Taken { .. }), "{answer:?}");
        self.see(name).await
    }
}

fn to(count: u32) -> Wish {
    Wish::Scale { to: Count::To(count) }
}

fn image(name: &str, digit: &str) -> Contained {
    let reference = format!("registry.example/shop/{name}@sha256:{}", digit.repeat(64));
    Contained { name: Text::name(name), image: Image::of_reference(&reference) }
}

#[tokio::test]
async fn a_service_is_scaled_started_anew_given_another_image_and_taken_back() {
    let shop = Shop::new();
    let before = shop.see("worker").await;
    assert_eq!(
        (before.desired, before.containers[0].image.reference.raw()),
        (Some(1), "registry.example/shop/worker:1.4")
    );
    assert!(before.uid.as_ref().is_some_and(|uid| uid.raw().starts_with("arn:aws:ecs:")), "{before:?}");
    assert_eq!(before.state.running.len(), 1, "{:?}", before.state.running);
    assert_eq!(shop.does("worker", to(3), vec![]).await.desired, Some(3));
    shop.does("worker", Wish::Restart, vec![]).await;
    let new = image("worker", "b");
    let after = shop.does("worker", Wish::RollBack { to: None }, vec![new.clone()]).await;
    assert_eq!(after.containers, std::slice::from_ref(&new));
    let names: Vec<(&str, bool)> = after.state.revisions.iter().map(|r| (r.name.raw(), r.current)).collect();
    assert_eq!(names, [("worker:2", true), ("worker:1", false)]);
    let old = after.state.revisions[1].id.clone();
    let back = Wish::RollBack { to: Some(old) };
    let order = ordered(back.clone(), &after, vec![]);
    let returned = shop.does("worker", back, vec![]).await;
    assert_eq!(returned.containers, before.containers);
    // G13: asked again by what was read before, nothing flips.
    let again = perform(&shop.who, order).await;
    assert!(matches!(again, Answer::Stale { .. } | Answer::Taken { .. }), "{again:?}");
    assert_eq!(shop.see("worker").await.containers, before.containers);
    // A revision with exactly these images is there: no other is made.
    let third = shop.does("worker", Wish::RollBack { to: None }, vec![new]).await;
    assert_eq!(third.state.revisions.len(), 2, "{:?}", third.state.revisions);
}

#[tokio::test]
async fn g14_a_scalable_target_is_named_and_its_limits_are_changed() {
    let shop = Shop::new();
    let api = shop.see("api").await;
    let scaler = api.state.scaler.clone().expect("it is scaled by itself");
    assert_eq!(
        (scaler.owner.kind.raw(), scaler.min, scaler.max, api.owners.contains(&scaler.owner)),
        ("ScalableTarget", 2, 8, true)
    );
    let after = shop.does("api", Wish::Limits { min: 3, max: 9 }, vec![]).await;
    assert_eq!(after.state.scaler.map(|s| (s.min, s.max)), Some((3, 9)));
}

#[tokio::test]
async fn g2_what_somebody_else_changed_since_the_plan_is_not_written_over() {
    let shop = Shop::new();
    let order = ordered(to(2), &shop.see("worker").await, vec![]);
    world(part(&AWS).get("ENDPOINT"), &shop.place, &["scale", "worker", "4"]);
    let Answer::Stale { moved } = perform(&shop.who, order).await else { panic!("written over") };
    assert_eq!((moved[0].what.raw(), moved[0].planned.raw(), moved[0].found.raw()), ("desired", "1", "4"));
    assert_eq!(shop.see("worker").await.desired, Some(4));
}

#[tokio::test]
async fn g23_that_ecs_has_no_dry_run_is_said_and_what_cannot_be_is_refused_before() {
    let shop = Shop::new();
    let worker = shop.see("worker").await;
    assert!(worker.remarks.iter().any(|remark| remark.raw().contains("no compare-and-swap")));
    let said = shop.who.clone().rehearse(worker.clone(), Operation::Scale { to: 2 }).await.expect("words");
    assert!(matches!(said, Rehearsal::NotPossible { .. }), "{said:?}");
    let tagged = Contained { name: Text::name("worker"), image: Image::of_reference("registry.example/shop/worker:2") };
    let said = shop.who.clone().rehearse(worker, Operation::Images { containers: vec![tagged] }).await.expect("words");
    assert!(matches!(&said, Rehearsal::Refused { message } if message.raw().contains("no digest")), "{said:?}");
}

#[tokio::test]
async fn one_task_is_stopped_and_no_other() {
    let shop = Shop::new();
    let api = shop.see("api").await;
    let gone = api.state.running[0].clone();
    let after = shop.does("api", Wish::Delete { instance: gone.id.clone() }, vec![]).await;
    let left: Vec<&Text> = after.state.running.iter().map(|one| &one.id).collect();
    assert!(!left.contains(&&gone.id) && left.contains(&&api.state.running[1].id), "{left:?}");
}
