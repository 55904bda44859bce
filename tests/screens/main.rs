//! Every screen in every state at three sizes, as text; Watch in every theme with its styles. New pictures are taken with
//! `INSTA_UPDATE=always`, and looked at before they are kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::used_underscore_binding,
    reason = "tests may unwrap"
)]

mod alarms;
mod shots;
mod signals;
mod stage;
mod world;

use std::collections::BTreeSet;
use std::path::Path;

use alarms::alarm_shots;
use shots::{Shot, page_shots, root_shots, signal_shots, source_shots, theme_shots};

fn compare(shots: Vec<Shot>) {
    for shot in shots {
        let (name, picture) = shot.take();
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name, picture);
        });
    }
}

#[test]
fn watch_services_timeline_and_sources_look_as_they_did() {
    compare(root_shots());
}

#[test]
fn the_service_page_looks_as_it_did_on_each_of_its_tabs() {
    compare(page_shots());
}

#[test]
fn queues_alarms_and_checks_look_as_they_did() {
    compare(signal_shots());
}

#[test]
fn the_source_page_looks_as_it_did() {
    compare(source_shots());
}

#[test]
fn alarms_look_as_they_did() {
    compare(alarm_shots());
}

#[test]
fn watch_has_its_styles_in_every_theme() {
    compare(theme_shots());
}

#[test]
fn no_picture_is_kept_of_what_is_drawn_no_more() {
    let shots = [root_shots(), page_shots(), signal_shots(), source_shots(), alarm_shots(), theme_shots()];
    let wanted: BTreeSet<String> = shots.iter().flatten().map(|shot| format!("{}.snap", shot.name)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/screens/snapshots");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<String> = files.collect();
    let orphans: Vec<_> = kept.difference(&wanted).collect();
    assert!(orphans.is_empty(), "delete {orphans:?}");
}

#[test]
fn every_screen_can_be_drawn_at_any_size() {
    for size in [(1, 1), (20, 5), (30, 6), (31, 7), (45, 10), (60, 12), (79, 13), (300, 100)] {
        for place in ["1", "2", "8", "9"] {
            drop(stage::Stage::new(world::World::broken(), size).press(&[place, "j", "G", "k", "enter"]).draw());
        }
        for place in ["1", "3", "4", "5"] {
            let world = world::World::signals(signals::Mood::Broken);
            drop(stage::Stage::new(world, size).press(&[place, "j", "G", "k", "enter"]).draw());
        }
        let page = shots::api(stage::Stage::new(world::World::broken(), size));
        drop(page.press(&["]", "]", "]", "]", "]", "[", "G", "g"]).draw());
    }
}
