//! Scenarios: what a person does and sees, one small file of sentences each (`script.rs` has the language), played over
//! the demo's world by the whole console without a terminal. And the picture in the README, drawn from such a play.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests may unwrap")]

mod ear;
mod frame;
mod picture;
mod play;
mod script;

/// One test for each scenario, and the list of them all.
macro_rules! scenarios {
    ($($group:ident: $($name:ident)*;)*) => {
        $(mod $group {$(
            #[test]
            fn $name() {
                let file = concat!(stringify!($group), "/", stringify!($name), ".txt");
                crate::script::play(file, include_str!(concat!(stringify!($group), "/", stringify!($name), ".txt")));
            }
        )*})*
        const PLAYED: &[&str] = &[$($(concat!(stringify!($group), "/", stringify!($name), ".txt")),*),*];
    };
}

scenarios! {
    watch:
        an_incident_ends
        filters_the_tree
        finds_the_crash_loop
        folds_and_unfolds
        marks_production_by_word_and_ground
        rows_stay_put_while_the_story_goes_on
        says_why_with_evidence
        stands_still_when_frozen
        tells_the_worst_first;
    services:
        finds_what_is_not_ready
        marks_several
        measures_what_is_on_screen
        says_what_is_wrong_with_a_filter
        sorts_by_what_hurts;
    service:
        a_rollout_is_followed_live
        blue_and_green_are_one
        describe_says_by_which_rule_it_stands_there
        events_open_in_full
        instances_tell_usage_and_limits
        raw_masks_secrets
        releases_tell_digests_and_revisions
        tabs_go_round;
    logs:
        are_merged_and_followed
        are_saved_to_a_file
        are_searched
        change_shape
        of_a_task_that_never_restarted_say_so;
    queues:
        stand_beside_the_ready_of_their_consumer
        a_backlog_ends
        a_filter_leaves_what_holds_its_words
        are_narrowed_to_an_environment
        are_sorted_by_what_hurts
        enter_goes_to_the_consumer
        keep_what_counts_when_it_becomes_narrow
        stand_beside_their_service_on_the_watch
        the_backlog_is_found_in_two_keys
        their_address_is_copied;
    alarms:
        have_a_page_of_their_own
        of_one_cause_are_one_line
        what_fires_comes_first;
    checks:
        are_found_by_a_word
        h_runs_those_of_a_service
        h_runs_those_of_an_environment
        the_tab_of_a_service_tells_all_its_signals
        what_fails_comes_first;
    timeline:
        keeps_its_place_while_news_come
        tells_what_changed;
    sources:
        are_disconnected_and_connected_by_a_key
        go_silent_and_come_back
        say_what_failed_in_the_words_of_ssh;
    overlays:
        a_theme_is_looked_at_before_it_is_taken
        help_finds_a_key_and_does_it
        letters_in_a_field_are_only_letters
        narrow_to_an_environment
        the_action_menu_says_why_not
        the_debug_panel_tells_of_the_console_itself
        the_palette_goes_anywhere;
    sizes:
        everything_at_80x24
        grows_and_shrinks
        names_are_never_cut;
    keys:
        copy_the_address_and_the_url
        of_k9s_work
        point_and_scroll_with_the_mouse
        quit_and_paint_anew;
    replay:
        a_gap_is_leapt_over
        a_tape_is_played_step_by_step;
}

#[test]
fn every_scenario_in_the_folder_is_played() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut forgotten = Vec::new();
    for group in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for file in std::fs::read_dir(group).unwrap().map(|entry| entry.unwrap().path()) {
            let name = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            if !PLAYED.contains(&name.as_str()) {
                forgotten.push(name);
            }
        }
    }
    assert!(forgotten.is_empty(), "not played: {forgotten:?}");
}

#[test]
fn a_scenario_with_a_sentence_that_nobody_understands_fails() {
    for script in
        ["I dance", "I press g\nI sing", "the story is at noon", "I press no-such-key", "I see nothing quoted"]
    {
        let played = std::panic::catch_unwind(|| script::play("a scenario", script));
        assert!(played.is_err(), "{script}");
    }
}
