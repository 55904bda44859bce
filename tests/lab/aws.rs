//! AWS as moto plays it: all that an account holds beside each other, several accounts and regions, logins that expire and come
//! back, an endpoint that throttles, refuses and goes away. Each test has accounts of its own.
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use quarterdeck::model::{AlarmState, Freshness, Quantity};
use serde_json::Value;

use self::watched::{Named, Profile, Watched};
use crate::fixtures::answer::{Answer, BROKEN, Want};
use crate::fixtures::part::{AWS, part, server};
use crate::fixtures::program::Program;
use crate::fixtures::session::Session;
use crate::fixtures::wait::until;

#[path = "../wire/aws/watched.rs"]
pub(crate) mod watched;

pub(crate) const KEYS: &str = "aws_access_key_id = lab\naws_secret_access_key = lab\n";
const HOME: &str = "123456789012";

/// An account that nobody has used so far.
pub(crate) fn account() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(100);
    format!("3{:07}{:04}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

/// Changes what `ACCOUNT/REGION` of a server holds.
pub(crate) fn world(endpoint: &str, place: &str, words: &[&str]) {
    changed(endpoint, place, words).unwrap_or_else(|said| panic!("{words:?}: {said}"));
}

fn changed(endpoint: &str, place: &str, words: &[&str]) -> Result<(), String> {
    let aws = part(&AWS);
    let done = Command::new(aws.get("PYTHON"))
        .arg("-B")
        .args([aws.get("WORLD"), endpoint, place])
        .args(words)
        .output()
        .expect("the lab's Python");
    if done.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&done.stderr).into_owned()) }
}

/// The lines of a profile that enters an account by its role.
fn by_role(name: &str, (account, region): (&str, &str)) -> String {
    let endpoint = part(&AWS).get("ENDPOINT");
    format!(
        "[profile {name}]\nregion = {region}\nendpoint_url = {endpoint}\nrole_arn = arn:aws:iam::{account}:role/watch\n\
         source_profile = base\n"
    )
}

/// A user with these profiles, each of which is a Source of the same name.
fn user(profiles: &str, names: &[&str]) -> Program {
    let source = |name: &&str| format!("[[source]]\nname = \"{name}\"\naws = \"{name}\"\n");
    let program = Program::configured(&names.iter().map(source).collect::<String>());
    std::fs::create_dir_all(program.home().join(".aws")).expect("a folder");
    profile(&program, profiles);
    program
}

fn profile(program: &Program, profiles: &str) {
    let text = format!("[profile base]\n{KEYS}{profiles}");
    std::fs::write(program.home().join(".aws/config"), text).expect("the profiles");
}

fn asked(program: &Program, kind: &str) -> Answer {
    program.items(&[kind, "--wait", "20s"])
}

fn one<'a>(answer: &'a Answer, name: &str) -> &'a Value {
    let found = answer.items.iter().find(|item| item["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} among {:?}, {:?}", answer.items, answer.sources))
}

/// What a Source of a program says is wrong, once it is in this state.
fn detail(program: &Program, name: &str, state: &str) -> String {
    until("the Source's state", 30, || {
        let answer = asked(program, "sources");
        let source = answer.source(name)?;
        if source["state"] == state { Ok(source["detail"].to_string()) } else { Err(source.to_string()) }
    })
}

#[test]
fn an_account_is_read_whole_with_every_signal_beside_its_service() {
    let account = account();
    world(part(&AWS).get("ENDPOINT"), &format!("{account}/eu-central-1"), &["seed"]);
    let program = user(&by_role("shop", (&account, "eu-central-1")), &["shop"]);
    let services = asked(&program, "services");
    Want { address: "shop/prod/api", desired: 2, ready: 2, health: &["healthy"], says: &[] }.met(&services).unwrap();
    let admin = Want { address: "shop/prod/admin", desired: 1, ready: 1, health: BROKEN, says: &["codes: [500]"] };
    admin.met(&services).unwrap();
    let worker = services.find("shop/prod/worker").unwrap();
    assert_eq!((&worker["health"], &worker["queues"][0]), (&"unchecked".into(), &"shop-prod-worker-jobs".into()));
    let api = services.find("shop/prod/api").unwrap();
    assert_eq!((&api["workloads"][0]["platform"], &api["tier"]), (&"ecs".into(), &"production".into()));
    assert_eq!(api["workloads"][0]["owners"].as_array().map(Vec::len), Some(1), "{api}");

    let queues = asked(&program, "queues");
    let jobs = one(&queues, "shop-prod-worker-jobs");
    assert_eq!((&jobs["ready"], &jobs["dead_letters"], &jobs["broker"]), (&15.into(), &2.into(), &"sqs".into()));
    assert_eq!((&jobs["consumer"], &jobs["environment"]), (&"shop/prod/worker".into(), &"prod".into()));
    assert!(jobs["oldest_age_seconds"].as_i64().is_some_and(|age| (600..900).contains(&age)), "{jobs}");

    let store = asked(&program, "stores");
    let store = one(&store, "shop-prod-db");
    assert_eq!(
        (&store["kind"], &store["environment"], &store["connections"]),
        (&"rds".into(), &"prod".into(), &42.into())
    );
    assert_eq!(store["storage_free_bytes"], 12_u64 << 30);
    assert!(store["last_backup_at"].is_string() && store["restorable_at"].is_string(), "{store}");

    let checks = asked(&program, "checks");
    let of = |service: &str| checks.items.iter().find(|item| item["address"] == service).cloned().unwrap_or_default();
    assert_eq!(of("shop/prod/api")["state"], "passing", "{:?}", checks.items);
    assert_eq!(of("shop/prod/admin")["state"], "failing", "{:?}", checks.items);
    assert!(of("shop/prod/admin")["message"].to_string().contains("10.9.1.13:80"), "{:?}", checks.items);

    let sources = asked(&program, "sources");
    let source = one(&sources, "shop");
    assert_eq!((&source["state"], &source["detail"]), (&"fresh".into(), &Value::Null), "{source}");
    assert!(source["calls"].as_u64() > Some(15) && source["cost_usd_per_day"].as_f64() > Some(0.0), "{source}");
}

#[test]
fn alarms_fire_beside_their_services_and_tell_history_curve_and_parts_on_demand() {
    let (account, aws) = (account(), part(&AWS));
    let place = format!("{account}/eu-central-1");
    world(aws.get("ENDPOINT"), &place, &["seed"]);
    for name in ["api-cpu-critical", "shop-is-slow"] {
        world(aws.get("ENDPOINT"), &place, &["alarm", name, "ALARM"]);
    }
    let program = user(&by_role("shop", (&account, "eu-central-1")), &["shop"]);
    let alarms = asked(&program, "alarms");
    let cpu = one(&alarms, "api-cpu-critical");
    let said = (&cpu["state"], &cpu["severity"], &cpu["service"], &cpu["value"], &cpu["threshold"]);
    let (firing, critical, service) = ("firing".into(), "critical".into(), "shop/prod/api".into());
    assert_eq!(said, (&firing, &critical, &service, &93.5.into(), &80.0.into()), "{cpu}");
    assert_eq!(cpu["runbook"], "https://runbooks.example/api-cpu-critical");
    assert_eq!(one(&alarms, "backlog")["service"], "shop/prod/worker");
    assert_eq!(one(&alarms, "database-cpu")["environment"], "prod");
    let api = asked(&program, "services").find("shop/prod/api").unwrap().clone();
    assert!(api["alarms"].to_string().contains("api-cpu-critical") && api["health"] == "degraded", "{api}");

    let entering = Profile::new(aws.get("ENDPOINT"), "lab");
    entering
        .lines(&format!("role_arn = arn:aws:iam::{account}:role/watch\nsource_profile = base\n[profile base]\n{KEYS}"));
    tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
        let watched = Watched::synced(&entering).await;
        let told = watched.source.clone().alarm_detail(watched.ask("api-cpu-critical")).await.unwrap();
        assert_eq!((told.fired(), told.history[0].state), (1, Some(AlarmState::Firing)), "{told:?}");
        assert_eq!(told.history[0].words.raw(), "the lab says ALARM");
        let values: Vec<f64> = told.curves[0].points.iter().map(|(_, value)| value.get()).collect();
        assert!(values.len() >= 4 && values.iter().all(|value| (value - 40.0).abs() < 0.01), "{told:?}");
        assert_eq!((told.threshold.map(Quantity::get), told.points_to_fire), (Some(80.0), Some((1, 1))));
        assert_eq!(told.receivers[0].raw(), "pager");
        let slow = watched.source.clone().alarm_detail(watched.ask("shop-is-slow")).await.unwrap();
        let parts: Vec<_> = slow.parts.iter().map(|part| (part.name.raw(), part.state)).collect();
        let expected = [("api-cpu-critical", Some(AlarmState::Firing)), ("backlog", Some(AlarmState::Ok))];
        assert_eq!(parts, expected);
        let quiet = watched.source.clone().alarm_detail(watched.ask("backlog")).await.unwrap();
        assert!(quiet.notes.iter().any(|note| note.raw().contains("actions are off")), "{quiet:?}");
    });
}

#[test]
fn two_accounts_and_two_regions_stand_side_by_side() {
    let (first, second) = (account(), account());
    for place in [format!("{first}/eu-central-1"), format!("{second}/us-east-1")] {
        world(part(&AWS).get("ENDPOINT"), &place, &["seed"]);
    }
    world(part(&AWS).get("ENDPOINT"), &format!("{second}/us-east-1"), &["publish", "shop-prod-worker-jobs", "25"]);
    let profiles = [by_role("eu", (&first, "eu-central-1")), by_role("us", (&second, "us-east-1"))].concat();
    let program = user(&profiles, &["eu", "us"]);
    let services = asked(&program, "services");
    let api = services.find("shop/prod/api").unwrap();
    assert_eq!((&api["desired"], &api["ready"]), (&4.into(), &4.into()), "{api}");
    assert_eq!(api["workloads"].as_array().map(Vec::len), Some(2));
    let queues = asked(&program, "queues");
    let depth = |source: &str| {
        let own = queues.items.iter().find(|q| q["source"] == source && q["name"] == "shop-prod-worker-jobs");
        own.map(|queue| queue["ready"].clone())
    };
    assert_eq!((depth("eu"), depth("us")), (Some(15.into()), Some(40.into())), "{:?}", queues.items);
}

#[tokio::test]
async fn an_expired_login_says_what_to_do_and_comes_back_by_itself() {
    let profile = Profile::new(part(&AWS).get("ENDPOINT"), "EXPIRED");
    let mut watched = Watched::supervised(&profile);
    watched.until("denied", |m| m.status.state == Freshness::Denied).await;
    let said = watched.mirror.detail().to_owned();
    assert!(said.contains("profile `shop` has expired") && said.contains("aws sso login --profile shop"), "{said}");
    assert_eq!(watched.mirror.facts.len(), 0);
    profile.keys("lab");
    watched.until("fresh", |m| m.status.state == Freshness::Fresh && m.synced > 0).await;
}

#[tokio::test]
async fn an_account_that_throttles_is_told_as_busy_and_one_that_may_not_use_a_service_names_the_action() {
    let busy = Profile::new(part(&AWS).get("ENDPOINT"), "THROTTLED");
    let failure = watched::failure(&busy).await;
    assert!(failure.to_string().contains("too many requests in this account and region"), "{failure}");
    let narrow = Profile::new(part(&AWS).get("ENDPOINT"), "DENIEDsqs");
    let mut watched = Watched::supervised(&narrow);
    watched.until("partial", |m| m.synced > 0 && m.status.state == Freshness::Partial).await;
    assert_eq!(watched.mirror.detail(), "not allowed here: sqs:ListQueues");
    assert_eq!(watched.mirror.status.denials[0].verb.raw(), "sqs:ListQueues");
}

#[test]
fn sso_says_the_command_and_goes_on_once_somebody_has_logged_in() {
    let endpoint = part(&AWS).get("ENDPOINT");
    let profiles = format!(
        "[profile shop]\nregion = ap-south-1\nendpoint_url = {endpoint}\nsso_session = lab\nsso_account_id = {HOME}\n\
         sso_role_name = watch\n[sso-session lab]\nsso_region = eu-central-1\nsso_start_url = https://lab.example/start\n"
    );
    let program = user(&profiles, &["shop"]);
    let said = detail(&program, "shop", "denied");
    assert!(said.contains("aws sso login --profile shop"), "{said}");
    let cache = program.home().join(".aws/sso/cache");
    std::fs::create_dir_all(&cache).expect("the cache of logins");
    // The file's name is the SHA-1 of the session's.
    let file = cache.join("3953f9ddf975ab5097ee468d99555c5b441169bf.json");
    let token = |token: &str, until: &str| {
        std::fs::write(&file, format!(r#"{{"accessToken":"{token}","expiresAt":"{until}"}}"#)).expect("the token");
    };
    token("fresh", "2020-01-01T00:00:00Z");
    let said = detail(&program, "shop", "denied");
    assert!(said.contains("aws sso login --profile shop"), "{said}");
    token("fresh", "2099-01-01T00:00:00Z");
    assert_eq!(detail(&program, "shop", "fresh"), "null");
}

#[test]
fn a_web_identity_enters_by_its_token() {
    let (account, endpoint) = (account(), part(&AWS).get("ENDPOINT"));
    world(endpoint, &format!("{account}/eu-central-1"), &["seed"]);
    let program = user("", &["shop"]);
    let token = program.home().join("token");
    std::fs::write(&token, "a.b.c").expect("the token");
    let lines = format!(
        "[profile shop]\nregion = eu-central-1\nendpoint_url = {endpoint}\nrole_arn = arn:aws:iam::{account}:role/watch\n\
         web_identity_token_file = {}\n",
        token.display()
    );
    profile(&program, &lines);
    assert_eq!(detail(&program, "shop", "fresh"), "null");
    assert_eq!(asked(&program, "services").items.len(), 3);
}

#[test]
fn without_a_login_nobody_asks_the_metadata_address() {
    let metadata = TcpListener::bind("127.0.0.1:0").expect("a port");
    metadata.set_nonblocking(true).expect("a port that is looked at");
    let address = format!("http://{}", metadata.local_addr().expect("its address"));
    for lines in ["[profile shop]\n", "[profile shop]\nregion = eu-central-1\n"] {
        let program = user(lines, &["shop", "default"]).with("AWS_EC2_METADATA_SERVICE_ENDPOINT", &address);
        let sources = asked(&program, "sources");
        for name in ["shop", "default"] {
            assert!(sources.source(name).unwrap()["detail"].is_string(), "{:?}", sources.items);
        }
    }
    let nobody = metadata.accept().expect_err("nobody came");
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_service_prints_its_log_groups_and_follows_them() {
    let account = account();
    let (endpoint, place) = (part(&AWS).get("ENDPOINT"), format!("{account}/eu-central-1"));
    world(endpoint, &place, &["seed"]);
    let program = user(&by_role("shop", (&account, "eu-central-1")), &["shop"]);
    let said = program.run(&["logs", "shop/prod/api", "--tail", "10", "--wait", "20s"]);
    let started = said.out.lines().filter(|line| line.contains("| started password=")).count();
    assert!(started == 2 && !said.out.contains("hunter2"), "{} {}", said.out, said.err);
    let following = Session::start(&program, &["logs", "shop/prod/api", "--follow", "--wait", "20s"]);
    following.shows("what was said before", &["api-", "started"], 30);
    world(endpoint, &place, &["say", "api", "a-new-line"]);
    following.shows("what is said now", &["api-", "a-new-line"], 30);
}

#[tokio::test]
async fn an_endpoint_that_is_killed_is_unreachable_within_ten_seconds_and_its_facts_stay() {
    let aws = part(&AWS);
    world(aws.get("SECOND"), &format!("{HOME}/eu-central-1"), &["seed"]);
    let profile = Profile::new(aws.get("SECOND"), "lab");
    let mut watched = Watched::synced(&profile).await;
    watched.until("all services", |m| m.services().len() == 3).await;
    let began = std::time::Instant::now();
    server("kill", aws.get("SERVER"));
    watched.until("unreachable", |m| m.status.state == Freshness::Unreachable).await;
    println!("a killed endpoint was seen after {:.1} s", began.elapsed().as_secs_f64());
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    assert_eq!(
        (watched.mirror.service("api").ready, watched.mirror.queue("shop-prod-worker-jobs").unwrap().ready),
        (Some(2), Some(15))
    );
    server("start", aws.get("SERVER"));
    // moto loads each service at its first request, which takes longer than a request of ours may.
    until("it answers", 60, || changed(aws.get("SECOND"), &format!("{HOME}/us-west-2"), &["seed"]));
    watched.until("it is there again, empty", |m| m.status.state == Freshness::Fresh && m.services().is_empty()).await;
}
