//! The language of the scenarios: one sentence a line.
//!
//! ```text
//! # what the scenario shows
//! the story is at 5m                 where it begins; else 3m
//! the screen is 80x24                else 120x40
//! the theme is light                 else dark
//! all is recorded                    on a tape
//!
//! I press p                          keys, as the keymap file writes them
//! I press j 5 times
//! I type env:prod                    letters into the field that is open
//! I paste y
//! I go to "shop/prod"                down the list until the cursor stands on it
//! I click on "staging"
//! I turn the wheel down              or up
//! the story goes on to 13m
//! this machine sleeps until 1h
//! the screen becomes 80x24
//! I play the tape
//!
//! I see "crash loop"                 waits until it is so
//! I do not see "crash loop"
//! the line of "api" says "3/4"
//! "down" is above "degraded"
//! "down" is painted as bad           a role of the theme
//! the colours are those of light     of a theme
//! the cursor is on "api"
//! the cursor has not moved           on the screen, since the story went on
//! the clipboard holds "prod/api"
//! a file is saved with "GET /"
//! the mouse is off                   or on
//! the console quits
//! the screen is painted anew
//! show me the screen                 prints it, for who writes a scenario (`--nocapture`)
//! ```

use quarterdeck::tui::app::Wish;
use quarterdeck::tui::input::Input;
use quarterdeck::tui::theme::SHIPPED;

use crate::play::{Begin, Play};

/// Plays a script to its end.
pub(crate) fn play(name: &str, script: &str) {
    let mut begin = Begin { story: 180, size: (120, 40), theme: "dark", recorded: false };
    let mut stage = None;
    for (n, sentence) in script.lines().enumerate().map(|(n, line)| (n + 1, line.trim())) {
        if sentence.is_empty() || sentence.starts_with('#') || stage.is_none() && begins(&mut begin, sentence) {
            continue;
        }
        let stage = stage.get_or_insert_with(|| Stage { play: Play::begin(begin), line_before: None });
        println!("{name}:{n}: {sentence}");
        assert!(stage.does(sentence), "{name}:{n}: I do not understand `{sentence}`");
    }
    assert!(stage.is_some(), "{name}: nothing happens");
}

/// Takes a sentence that says how it begins; false where it is none.
fn begins(begin: &mut Begin, sentence: &str) -> bool {
    if let Some(time) = sentence.strip_prefix("the story is at ") {
        begin.story = seconds(time);
    } else if let Some(wanted) = sentence.strip_prefix("the screen is ").and_then(cells) {
        begin.size = wanted;
    } else if let Some(name) = sentence.strip_prefix("the theme is ") {
        begin.theme = SHIPPED.iter().find(|(known, _)| *known == name).expect("a theme").0;
    } else if sentence == "all is recorded" {
        begin.recorded = true;
    } else {
        return false;
    }
    true
}

struct Stage {
    play: Play,
    /// The line of the screen that the cursor stood on before the story went on.
    line_before: Option<usize>,
}

impl Stage {
    /// Does what a sentence says; false where it is none.
    fn does(&mut self, sentence: &str) -> bool {
        self.presses(sentence) || self.acts(sentence) || self.looks(sentence) || self.asks_the_terminal(sentence)
    }

    fn presses(&mut self, sentence: &str) -> bool {
        let play = &mut self.play;
        if let Some(keys) = sentence.strip_prefix("I press ") {
            if let Some((key, times)) = keys.strip_suffix(" times").and_then(|keys| keys.rsplit_once(' ')) {
                (0..times.parse().unwrap()).for_each(|_: usize| play.press(key));
            } else {
                keys.split(' ').for_each(|key| play.press(key));
            }
        } else if let Some(text) = sentence.strip_prefix("I type ") {
            for c in text.chars() {
                play.press(if c == ' ' { "space".to_owned() } else { c.to_string() }.as_str());
            }
        } else if let Some(text) = sentence.strip_prefix("I paste ") {
            play.input(Input::Paste(text.to_owned()));
        } else if let Some(text) = sentence.strip_prefix("I go to ") {
            play.go_to(bare(text));
        } else if let Some(text) = sentence.strip_prefix("I click on ") {
            play.click(bare(text));
        } else if let Some(way) = sentence.strip_prefix("I turn the wheel ") {
            play.input(Input::Wheel { down: way == "down" });
        } else {
            return false;
        }
        true
    }

    fn acts(&mut self, sentence: &str) -> bool {
        let play = &mut self.play;
        if let Some(time) = sentence.strip_prefix("the story goes on to ") {
            self.line_before = play.cursor_line().map(|(y, _)| y);
            play.go_on_to(seconds(time));
        } else if let Some(time) = sentence.strip_prefix("this machine sleeps until ") {
            play.sleep_until(seconds(time));
        } else if let Some(size) = sentence.strip_prefix("the screen becomes ").and_then(cells) {
            play.resize(size);
        } else if sentence == "I play the tape" {
            play.play_the_tape();
        } else if sentence == "show me the screen" {
            println!("{}", play.text());
        } else {
            return false;
        }
        true
    }

    fn looks(&mut self, sentence: &str) -> bool {
        let play = &mut self.play;
        if let Some(text) = sentence.strip_prefix("I see ") {
            play.see(bare(text));
        } else if let Some(text) = sentence.strip_prefix("I do not see ") {
            play.see_no(bare(text));
        } else if let Some((line, text)) = sentence.strip_prefix("the line of ").and_then(|s| s.split_once(" says ")) {
            play.line_says(bare(line), bare(text));
        } else if let Some((upper, lower)) = sentence.split_once(" is above ") {
            play.above(bare(upper), bare(lower));
        } else if let Some((text, role)) = sentence.split_once(" is painted as ") {
            play.painted(bare(text), role);
        } else if let Some(name) = sentence.strip_prefix("the colours are those of ") {
            play.colours_of(name);
        } else if let Some(text) = sentence.strip_prefix("the cursor is on ") {
            play.cursor_on(bare(text));
        } else if sentence == "the cursor has not moved" {
            assert!(self.line_before.is_some(), "the story did not go on");
            assert_eq!(play.cursor_line().map(|(y, _)| y), self.line_before, "the cursor has moved");
        } else {
            return false;
        }
        true
    }

    fn asks_the_terminal(&mut self, sentence: &str) -> bool {
        let play = &mut self.play;
        if let Some(text) = sentence.strip_prefix("the clipboard holds ") {
            play.wished(sentence, |wish| matches!(wish, Wish::Copy(copied) if copied == bare(text)));
        } else if let Some(text) = sentence.strip_prefix("a file is saved with ") {
            play.wished(sentence, |wish| matches!(wish, Wish::Save { text: saved, .. } if saved.contains(bare(text))));
        } else if let Some(state) = sentence.strip_prefix("the mouse is ") {
            play.wished(sentence, |wish| *wish == Wish::Mouse(state == "on"));
        } else if sentence == "the console quits" {
            play.wished(sentence, |wish| *wish == Wish::Quit);
        } else if sentence == "the screen is painted anew" {
            play.wished(sentence, |wish| *wish == Wish::Redraw);
        } else {
            return false;
        }
        true
    }
}

fn bare(quoted: &str) -> &str {
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_else(|| panic!("no quotes: {quoted}"))
}

/// `5m`, `90s`, `1h`.
fn seconds(time: &str) -> i64 {
    let (number, unit) = time.split_at(time.len() - 1);
    let one = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => panic!("no time: {time}"),
    };
    number.parse::<i64>().unwrap() * one
}

/// `80x24`.
fn cells(size: &str) -> Option<(u16, u16)> {
    let (width, height) = size.split_once('x')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}
