//! What the tests of changes share: an Order as it is really made (Intent, draft, policy, approval), and a boundary that
//! keeps what was said.
#![allow(dead_code, reason = "each crate of tests uses its part")]

use std::sync::{Arc, Mutex};

use quarterdeck::action::make::{Material, draft, seal};
use quarterdeck::action::verb::promote::Wanted;
use quarterdeck::action::{Circumstances, Given, Intent, Order, Policy, Wish, approve};
use quarterdeck::model::{Address, Answer, Contained, EnvironmentAddress, Target, Text, Tier, Timestamp};
use quarterdeck::sources::port::{Boundary, Operate};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn now() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

/// The Order for the only Step of a wish on a Target, by everything that stands before it in the program; `wanted` are the
/// images of a promotion.
pub(crate) fn ordered(wish: Wish, target: &Target, wanted: Vec<Contained>) -> Order {
    ordered_on(wish, target, wanted, target.clone()).unwrap()
}

/// The same where `found` is what an authoritative read finds at last; `None`: that has moved.
pub(crate) fn ordered_on(wish: Wish, target: &Target, wanted: Vec<Contained>, found: Target) -> Option<Order> {
    let environment = EnvironmentAddress { system: Some(Text::name("shop")), environment: Text::name("dev") };
    let address = Address { environment, service: target.name.clone() };
    let by = Circumstances {
        now: now(),
        policy: Policy::of(Tier::Dev),
        unlocked_until: None,
        frozen: None,
        fact_age_seconds: Some(1),
        limits: None,
        unfinished: None,
        rehearsals: Vec::new(),
        upstream: None,
        checklist: Vec::new(),
        returns_to_verified: None,
    };
    let wanted =
        if wanted.is_empty() { Vec::new() } else { vec![Wanted { target: target.clone(), containers: wanted }] };
    let material = Material { targets: vec![target.clone()], wanted, from: "test".to_owned() };
    let intent = Intent { wish, target: address.clone(), reason: Some(Text::line("a test")) };
    let drafted = draft(&intent, &material).unwrap();
    let plan = seal(intent, Tier::Dev, drafted, Vec::new(), &by);
    let given = Given { plan: plan.id.clone(), pressed: true, typed: Some(address.to_string()) };
    let approved = approve(plan, &given, now()).unwrap();
    let step = approved.get().steps[0].clone();
    approved.order(&step, found).ok()
}

/// What was announced, and the way to say stop.
#[derive(Clone, Default)]
pub(crate) struct Witness {
    pub(crate) said: Arc<Mutex<Vec<String>>>,
    pub(crate) stop: CancellationToken,
}

impl Witness {
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Carries an order out, recording each announcement before it goes on.
    pub(crate) async fn perform(&self, who: Arc<dyn Operate>, order: Order) -> Answer {
        let (out, mut announced) = mpsc::channel(4);
        let boundary = Boundary::new(out, self.stop.clone());
        let said = self.said.clone();
        let hears = async move {
            while let Some(announcement) = announced.recv().await {
                said.lock().unwrap().push(announcement.words.shown().to_owned());
                announcement.recorded.send(()).unwrap();
            }
        };
        let (answer, ()) = futures::future::join(who.perform(order, boundary), hears).await;
        answer
    }
}

/// Carries an order out.
pub(crate) async fn perform(who: &Arc<dyn Operate>, order: Order) -> Answer {
    Witness::default().perform(who.clone(), order).await
}
