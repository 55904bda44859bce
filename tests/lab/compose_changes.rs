//! Changes of Compose services on a real engine by the real Compose: scale, restart, another image and the way back,
//! one Instance deleted; and what a plain `docker compose up` afterwards is called.
use quarterdeck::action::Wish;
use quarterdeck::model::{Answer, Image, Rehearsal, Target, Text};
use quarterdeck::sources::port::FailureKind;
use serde_json::{Value, json};

use crate::fixtures::hand::{Hand, alone, scale, taken};
use crate::fixtures::load::Load;
use crate::fixtures::part::{DOCKER, part};
use crate::fixtures::project::{Project, docker, image};
use crate::fixtures::wait::until;

fn app(version: &str) -> Value {
    json!({ "image": image(part(&DOCKER), "infra/app", version) })
}

fn hand() -> Hand {
    Hand::on(part(&DOCKER).get("DOCKER_HOST"))
}

/// The image of the app in one version, by digest.
fn release(version: &str) -> Image {
    let reference = image(part(&DOCKER), "infra/app", version);
    let known = docker(part(&DOCKER), &["image", "inspect", "-f", "{{index .RepoDigests 0}}", &reference]);
    Image { reference: Text::name(&reference), ..Image::of_reference(&known) }
}

/// The service once all of it is ready.
fn ready(hand: &Hand, project: &str, service: &str) -> Target {
    until("all of it is ready", 40, || {
        let target = hand.look(project, service).map_err(|failure| failure.to_string())?;
        if target.ready == target.desired { Ok(target) } else { Err(format!("{:?}", target.ready)) }
    })
}

fn digests(target: &Target) -> Vec<String> {
    let images = target.state.running.iter().flat_map(|one| &one.containers);
    let mut found: Vec<String> = images.filter_map(|c| Some(c.image.digest.as_ref()?.to_string())).collect();
    found.sort();
    found.dedup();
    found
}

fn numbers(project: &Project, service: &str) -> Vec<String> {
    let form = "{{index .Config.Labels \"com.docker.compose.container-number\"}}";
    let ids = project.ids(service);
    let mut words = vec!["inspect", "-f", form];
    words.extend(ids.iter().map(String::as_str));
    let mut found: Vec<String> = project.docker(&words).lines().map(str::to_owned).collect();
    found.sort();
    found
}

#[test]
fn g3_scale_up_and_down_keeps_the_old_containers_and_their_numbers() {
    alone("compose_changes::g3_scale_up_and_down_keeps_the_old_containers_and_their_numbers", &[], || {
        let engine = part(&DOCKER);
        let project = Project::up(
            engine,
            "grow-dev",
            &json!({ "app": app("1"), "db": { "image": image(engine, "infra/postgres", "1") } }),
        );
        let hand = hand();
        let before = ready(&hand, "grow-dev", "app");
        assert_eq!((before.desired, before.instances.len()), (Some(1), 1));
        let means = before.means.clone().unwrap_or_default().to_string();
        assert!(means.contains("docker compose 5") && means.contains("compose.yaml"), "{means}");
        let (old, db) = (project.ids("app"), project.ids("db"));

        let up = hand.approve(scale(3), &before);
        assert_eq!(hand.rehearse(&up), Rehearsal::Accepted);
        assert_eq!(project.ids("app"), old, "a rehearsal changes nothing");
        taken(&hand.perform(&up));
        assert_eq!(hand.announced().len(), 1, "{:?}", hand.announced());
        let three = project.ids("app");
        assert!(three.len() == 3 && old.iter().all(|id| three.contains(id)));
        assert_eq!((numbers(&project, "app"), project.ids("db")), (vec!["1".into(), "2".into(), "3".into()], db));

        // The Plan was for one container: there are three now, and nothing is done.
        assert!(matches!(hand.perform_on(&up, before), Answer::Stale { moved } if moved[0].what.raw() == "instances"));
        assert_eq!(project.ids("app"), three);

        let down = hand.approve(scale(2), &ready(&hand, "grow-dev", "app"));
        taken(&hand.perform(&down));
        assert_eq!(numbers(&project, "app"), ["1", "2"]);
        assert!(project.ids("app").iter().all(|id| three.contains(id)));
        let said = project.compose(&["up", "-d", "--no-recreate", "--scale", "app=2", "--dry-run"]);
        assert!(said.is_ok(), "Compose knows them as its own: {said:?}");
    });
}

#[test]
fn a_service_scaled_to_zero_is_found_again_by_its_neighbours_and_brought_back() {
    alone("compose_changes::a_service_scaled_to_zero_is_found_again_by_its_neighbours_and_brought_back", &[], || {
        let project = Project::up(part(&DOCKER), "none-dev", &json!({ "app": app("1"), "web": app("1") }));
        let hand = hand();
        let down = hand.approve(scale(0), &ready(&hand, "none-dev", "app"));
        taken(&hand.perform(&down));
        assert!(project.ids("app").is_empty());
        assert_eq!(hand.look("none-dev", "app").unwrap().desired, Some(0));
        taken(&hand.take_back(&down));
        assert_eq!(ready(&hand, "none-dev", "app").desired, Some(1));
        assert_eq!(hand.look("none-dev", "nothing").unwrap_err().kind, FailureKind::Absent);
    });
}

#[test]
fn new_instances_run_what_the_others_run_although_the_file_says_another_image_by_now() {
    alone(
        "compose_changes::new_instances_run_what_the_others_run_although_the_file_says_another_image_by_now",
        &[],
        || {
            let project = Project::up(part(&DOCKER), "edited-dev", &json!({ "app": app("1") }));
            project.write(&json!({ "app": app("2") }));
            let hand = hand();
            let target = ready(&hand, "edited-dev", "app");
            assert!(target.remarks.iter().any(|r| r.raw().contains("its files say")), "{:?}", target.remarks);
            taken(&hand.perform(&hand.approve(scale(2), &target)));
            assert_eq!(digests(&ready(&hand, "edited-dev", "app")), [release("1").digest.unwrap().to_string()]);
        },
    );
}

#[test]
fn without_files_an_instance_is_copied_and_compose_knows_it_as_its_own() {
    alone("compose_changes::without_files_an_instance_is_copied_and_compose_knows_it_as_its_own", &[], || {
        let project = Project::up(part(&DOCKER), "copied-dev", &json!({ "app": app("1") }));
        let hand = hand();
        project.hide(true);
        let target = ready(&hand, "copied-dev", "app");
        assert!(target.means.clone().unwrap().raw().contains("Engine API"), "{:?}", target.means);
        taken(&hand.perform(&hand.approve(scale(2), &target)));
        assert_eq!(ready(&hand, "copied-dev", "app").ready, Some(2));
        // Another image, too, and back.
        let old = ready(&hand, "copied-dev", "app");
        taken(&hand.perform(&hand.approve_image(&old, &release("2"))));
        let new = ready(&hand, "copied-dev", "app");
        assert_eq!((digests(&new), new.desired), (vec![release("2").digest.unwrap().to_string()], Some(2)));
        let bad = hand.approve_image(&new, &release("bad"));
        assert!(matches!(hand.perform(&bad), Answer::Failed { .. }));
        taken(&hand.take_back(&bad));
        let back = ready(&hand, "copied-dev", "app");
        assert_eq!((&back.instances, digests(&back)), (&new.instances, digests(&new)));
        project.hide(false);
        assert_eq!(project.ids("app").len(), 2);
        let said = project.compose(&["up", "-d", "--no-recreate", "--scale", "app=2"]);
        assert!(said.is_ok() && project.ids("app").len() == 2, "{said:?}");
    });
}

#[test]
fn a_restart_goes_from_one_to_the_next_and_stops_at_the_first_that_does_not_come_back() {
    alone(
        "compose_changes::a_restart_goes_from_one_to_the_next_and_stops_at_the_first_that_does_not_come_back",
        &[],
        || {
            let project = Project::up(
                part(&DOCKER),
                "again-dev",
                &json!({ "app": { "scale": 2, "image": image(part(&DOCKER), "infra/app", "1") } }),
            );
            let hand = hand();
            let before = ready(&hand, "again-dev", "app");
            let load = Load::on("again-dev", "app");
            taken(&hand.perform(&hand.approve(Wish::Restart, &before)));
            let (good, failed) = load.end();
            assert!(
                good.len() > 50 && failed.is_empty(),
                "{} failed of {}: {:?}",
                failed.len(),
                good.len(),
                failed.first()
            );
            let after = ready(&hand, "again-dev", "app");
            assert_eq!(after.instances, before.instances, "they are the same containers");
            let started = |target: &Target| target.state.running.iter().map(|one| one.started_at).collect::<Vec<_>>();
            assert!(started(&before).iter().zip(started(&after)).all(|(old, new)| *old < new));
            assert_eq!(hand.announced().len(), 2);

            // The first one is broken from inside: it does not get healthy again, and the second is left alone.
            let first = before.state.running[0].id.raw().to_owned();
            project.docker(&["exec", &first, "sh", "-c", "echo 'sleep 3600' > /bin/serve"]);
            let now = hand.look("again-dev", "app").unwrap();
            let answer = hand.perform(&hand.approve(Wish::Restart, &now));
            assert!(
                matches!(&answer, Answer::Failed { message } if message.raw().contains("left alone")),
                "{answer:?}"
            );
            assert_eq!(started(&hand.look("again-dev", "app").unwrap())[1], started(&now)[1]);
        },
    );
}

#[test]
fn g9_another_image_comes_by_digest_with_no_request_failing_and_a_plain_up_is_seen_as_somebody_elses() {
    alone(
        "compose_changes::g9_another_image_comes_by_digest_with_no_request_failing_and_a_plain_up_is_seen_as_somebody_elses",
        &[],
        || {
            let project = Project::up(
                part(&DOCKER),
                "moved-staging",
                &json!({ "app": { "scale": 2, "image": image(part(&DOCKER), "infra/app", "1") } }),
            );
            let _source = Project::up(part(&DOCKER), "moved-dev", &json!({ "app": app("2") }));
            let hand = hand();
            let source = ready(&hand, "moved-dev", "app");
            let before = ready(&hand, "moved-staging", "app");
            let found = hand.find(&before, &source.containers[0].image).expect("it can be had");
            assert!(found.reference.raw().contains("@sha256:") && found.digest == release("2").digest, "{found:?}");
            let mut nowhere = found.clone();
            nowhere.digest = Some(Text::name(&format!("sha256:{}", "0".repeat(64))));
            assert_eq!(hand.find(&before, &Image { id: None, ..nowhere }), None);

            let load = Load::on("moved-staging", "app");
            let change = hand.approve_image(&before, &found);
            taken(&hand.perform(&change));
            let after = ready(&hand, "moved-staging", "app");
            assert_eq!((after.desired, digests(&after)), (Some(2), vec![release("2").digest.unwrap().to_string()]));
            // Asked again it touches nothing.
            taken(&hand.perform(&hand.approve(scale(2 + 1), &after)));
            let three = ready(&hand, "moved-staging", "app");
            assert_eq!(digests(&three).len(), 1, "a new Instance runs what is pinned");

            // A bad one is tried, and taken back.
            let bad = hand.approve_image(&three, &release("bad"));
            let answer = hand.perform(&bad);
            assert!(
                matches!(&answer, Answer::Failed { message } if message.raw().contains("health check")),
                "{answer:?}"
            );
            taken(&hand.take_back(&bad));
            let back = ready(&hand, "moved-staging", "app");
            assert_eq!(
                (&back.instances, digests(&back)),
                (&three.instances, digests(&three)),
                "the old ones were never touched"
            );
            let (good, failed) = load.end();
            assert!(
                good.len() > 200 && failed.is_empty(),
                "{} failed of {}: {:?}",
                failed.len(),
                good.len(),
                failed.first()
            );
            assert!(good.contains(&"1".to_owned()) && good.contains(&"2".to_owned()));
            assert!(
                back.remarks.iter().any(|r| r.raw().contains("pinned by Quarterdeck to sha256:")),
                "{:?}",
                back.remarks
            );

            project.compose(&["up", "-d", "--scale", "app=1"]).expect("somebody's plain up");
            let theirs = ready(&hand, "moved-staging", "app");
            assert_eq!(digests(&theirs), [release("1").digest.unwrap().to_string()]);
            assert!(theirs.remarks.iter().any(|r| r.raw().contains("changed by someone else")), "{:?}", theirs.remarks);
            let program = crate::fixtures::program::Program::on_docker(part(&DOCKER).get("DOCKER_HOST"))
                .with("XDG_STATE_HOME", std::env::var_os("XDG_STATE_HOME").unwrap());
            until("the watch tells it too", 30, || {
                let said = program.run(&["why", "moved/staging/app"]);
                let told = said.out.contains("pinned by Quarterdeck") && said.out.contains("changed by someone else");
                if told { Ok(()) } else { Err(format!("{}{}", said.out, said.err)) }
            });
        },
    );
}

#[test]
fn the_first_way_back_leaves_the_service_as_its_files_have_it() {
    alone("compose_changes::the_first_way_back_leaves_the_service_as_its_files_have_it", &[], || {
        let project = Project::up(part(&DOCKER), "bad-dev", &json!({ "app": app("1") }));
        let hand = hand();
        let before = ready(&hand, "bad-dev", "app");
        let bad = hand.approve_image(&before, &release("bad"));
        assert!(matches!(hand.perform(&bad), Answer::Failed { .. }));
        taken(&hand.take_back(&bad));
        assert_eq!(ready(&hand, "bad-dev", "app").instances, before.instances);
        assert!(hand.announced().iter().any(|words| words.starts_with("remove the pin")), "{:?}", hand.announced());
        project.compose(&["up", "-d"]).expect("a plain up");
        assert_eq!(
            hand.look("bad-dev", "app").unwrap().instances,
            before.instances,
            "there is nothing for it to change"
        );
    });
}

#[test]
fn what_has_a_port_of_the_host_is_replaced_in_place_and_comes_back_when_the_new_one_is_bad() {
    alone(
        "compose_changes::what_has_a_port_of_the_host_is_replaced_in_place_and_comes_back_when_the_new_one_is_bad",
        &[],
        || {
            let open = json!({ "image": image(part(&DOCKER), "infra/app", "1"), "ports": ["127.0.0.1:22999:80"] });
            let _project = Project::up(part(&DOCKER), "port-dev", &json!({ "app": open }));
            let hand = hand();
            let before = ready(&hand, "port-dev", "app");
            assert!(before.remarks.iter().any(|r| r.raw().contains("port 22999")), "{:?}", before.remarks);
            let two = hand.perform(&hand.approve(scale(2), &before));
            assert!(matches!(&two, Answer::Refused { message } if message.raw().contains("port 22999")), "{two:?}");
            taken(&hand.perform(&hand.approve_image(&before, &release("2"))));
            let after = ready(&hand, "port-dev", "app");
            assert_eq!(digests(&after), [release("2").digest.unwrap().to_string()]);
            let bad = hand.approve_image(&after, &release("bad"));
            assert!(matches!(hand.perform(&bad), Answer::Failed { .. }));
            taken(&hand.take_back(&bad));
            assert_eq!(digests(&ready(&hand, "port-dev", "app")), [release("2").digest.unwrap().to_string()]);
        },
    );
}

#[test]
fn g20_told_to_stop_it_stops_at_a_boundary_and_the_way_back_clears_what_was_begun() {
    alone(
        "compose_changes::g20_told_to_stop_it_stops_at_a_boundary_and_the_way_back_clears_what_was_begun",
        &[],
        || {
            let _project = Project::up(
                part(&DOCKER),
                "halt-dev",
                &json!({ "app": { "scale": 2, "image": image(part(&DOCKER), "infra/app", "1") } }),
            );
            let mut first = hand();
            first.stop_before = Some("stop ");
            let before = ready(&first, "halt-dev", "app");
            let change = first.approve_image(&before, &release("2"));
            assert_eq!(first.perform(&change), Answer::Stopped);
            let halfway = first.look("halt-dev", "app").unwrap();
            assert!(halfway.desired == Some(4) && before.instances.iter().all(|id| halfway.instances.contains(id)));
            let second = hand();
            taken(&second.take_back(&change));
            assert_eq!(ready(&second, "halt-dev", "app").instances, before.instances);
        },
    );
}

#[test]
fn a_deleted_instance_goes_and_another_one_comes_in_its_place() {
    alone("compose_changes::a_deleted_instance_goes_and_another_one_comes_in_its_place", &[], || {
        let _project = Project::up(
            part(&DOCKER),
            "gone-dev",
            &json!({ "app": { "scale": 2, "image": image(part(&DOCKER), "infra/app", "1") } }),
        );
        let hand = hand();
        let before = ready(&hand, "gone-dev", "app");
        let one = before.state.running[0].id.clone();
        let change = hand.approve(Wish::Delete { instance: one.clone() }, &before);
        taken(&hand.perform(&change));
        let after = ready(&hand, "gone-dev", "app");
        assert!(
            after.desired == Some(2)
                && !after.instances.contains(&one)
                && after.instances.contains(&before.state.running[1].id)
        );
    });
}

#[test]
fn g6_an_engine_that_is_not_there_is_a_failure_and_never_a_service_with_nothing() {
    let failure = Hand::on("unix:///nowhere/docker.sock").look("grow-dev", "app").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreachable);
}
