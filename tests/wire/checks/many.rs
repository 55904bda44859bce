//! Many Checks at once, and Checks that come and go: a slow one delays no other, a found one goes nowhere unasked.

use std::sync::Arc;

use quarterdeck::model::{CheckKind, CheckSpec, Outcome, Text};
use quarterdeck::sources::port::CheckOrder;

use crate::bench::{Bench, says, spec};
use crate::server::{Act, Server, page};

fn found(kind: CheckKind, target: &str) -> CheckSpec {
    CheckSpec::new(kind, Text::line(target), Text::line("shop/prod/api"), "published port")
}

#[tokio::test]
async fn twenty_hanging_endpoints_delay_neither_a_good_one_nor_the_first_look() {
    let silent = Server::that(Act::Hold(Vec::new())).await;
    let good = Server::that(page("200 OK", "")).await;
    let hang = |n: u32| {
        let spec = spec(CheckKind::Http, &silent.url(&format!("/a{n:02}")));
        CheckSpec { timeout_seconds: 60, ..spec }
    };
    // Its key comes last, so that it begins last.
    let last = CheckSpec { service: Text::line("z/z"), ..spec(CheckKind::Http, &good.url("/")) };
    let mut bench = Bench::start((0..20).map(hang).chain([last]).collect());
    says(&bench.ended(&good.url("/")).await, Outcome::Passing, "200 in");
    bench.until("synced", |bench| bench.synced).await;
    let hanging = |check: &&quarterdeck::model::Check| check.outcome == Outcome::NotChecked;
    assert_eq!(bench.checks.values().filter(hanging).count(), 20);
}

#[tokio::test]
async fn found_checks_are_run_go_again_and_are_no_alarm_where_they_prove_nothing() {
    let server = Server::that(page("404 Not Found", "")).await;
    let mut bench = Bench::start(Vec::new());
    bench.until("synced without any", |bench| bench.synced).await;
    let held = CheckSpec { held: Some(Text::line("found, not run")), ..found(CheckKind::Http, "http://far.example/") };
    // The address of no host: it would lead to this machine.
    let nobody = format!("http://0.0.0.0:{}/", server.port);
    let link = found(CheckKind::Http, &nobody);
    let specs = [found(CheckKind::Http, &server.url("/")), found(CheckKind::Tcp, &server.place()), held, link];
    bench.source.order(CheckOrder::Found(Arc::from(specs)));
    says(&bench.ended(&server.url("/")).await, Outcome::Unknown, "404 Not Found");
    says(&bench.ended(&server.place()).await, Outcome::Passing, "connected");
    says(&bench.ended(&nobody).await, Outcome::Unknown, "found, not run");
    assert_eq!(server.asked().len(), 1);
    says(&bench.checks["http://far.example/"], Outcome::NotChecked, "found, not run");
    bench.source.order(CheckOrder::Found(Arc::from([])));
    bench.until("they are gone", |bench| bench.checks.is_empty()).await;
}

#[tokio::test]
async fn what_is_asked_for_is_run_now_and_since_stays_while_the_outcome_does() {
    let server = Server::that(page("200 OK", "")).await;
    let check = CheckSpec { every_seconds: 3600, ..spec(CheckKind::Http, &server.url("/")) };
    let mut bench = Bench::start(vec![check]);
    let first = bench.ended(&server.url("/")).await;
    // What has only just ended is not run again: it is asked for until it is.
    let (source, target) = (bench.source.clone(), server.url("/"));
    let mut often = tokio::time::interval(std::time::Duration::from_millis(200));
    let asking = tokio::spawn(async move {
        loop {
            often.tick().await;
            source.order(CheckOrder::Now(Arc::from([Text::line("shop/prod/api")])));
        }
    });
    bench.until("it ran again", |bench| bench.checks[&target].checked_at > first.checked_at).await;
    asking.abort();
    assert_eq!(bench.checks[&target].since, first.since);
}
