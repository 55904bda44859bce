//! The language of the scenarios: one sentence a line.
//!
//! ```text
//! # what the scenario shows
//! the story is at 5m                 where it begins; else 3m
//! the screen is 80x24                else 120x40
//! I press p                          keys, as the keymap file writes them
//! I press j 5 times
//! I type env:prod                    letters into the field that is open
//! I paste y
//! I go to "shop/prod"                down the list until the cursor stands on it
//! I click on "staging"
//! I see "crash loop"                 waits until it is so
//! I do not see "crash loop"
//! the line of "api" says "3/4"
//! "down" is above "degraded"
//! the cursor is on "api"
//! the cursor has not moved           since the sentence before the last that moved it or the story
//! the story goes on to 13m
//! the screen becomes 80x24
//! the clipboard holds "prod/api"
//! a file is saved with "GET /"
//! the console quits
//! ```

use quarterdeck::tui::app::Wish;

use crate::play::Play;

/// Plays a script to its end.
pub(crate) fn play(name: &str, script: &str) {
    let sentences: Vec<(usize, &str)> = script
        .lines()
        .enumerate()
        .map(|(n, line)| (n + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let (mut story, mut size) = (180, (120, 40));
    let mut rest = sentences.iter().peekable();
    while let Some((_, sentence)) = rest.peek() {
        if let Some(time) = sentence.strip_prefix("the story is at ") {
            story = seconds(time);
        } else if let Some(wanted) = sentence.strip_prefix("the screen is ") {
            size = cells(wanted);
        } else {
            break;
        }
        rest.next();
    }
    let mut stage = Stage { play: Play::begin(story, size), line_before: None };
    for (n, sentence) in rest {
        assert!(stage.does(sentence), "{name}:{n}: I do not understand `{sentence}`");
    }
}

struct Stage {
    play: Play,
    /// The line of the screen that the cursor stood on before the story went on.
    line_before: Option<usize>,
}

impl Stage {
    /// Does what a sentence says; false where it is none.
    fn does(&mut self, sentence: &str) -> bool {
        self.acts(sentence) || self.looks(sentence)
    }

    fn acts(&mut self, sentence: &str) -> bool {
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
            play.paste(text);
        } else if let Some(text) = sentence.strip_prefix("I go to ") {
            play.go_to(bare(text));
        } else if let Some(text) = sentence.strip_prefix("I click on ") {
            play.click(bare(text));
        } else if let Some(time) = sentence.strip_prefix("the story goes on to ") {
            self.line_before = play.cursor_y();
            play.go_on_to(seconds(time));
        } else if let Some(size) = sentence.strip_prefix("the screen becomes ") {
            play.resize(cells(size));
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
        } else if let Some(text) = sentence.strip_prefix("the cursor is on ") {
            play.cursor_on(bare(text));
        } else if sentence == "the cursor has not moved" {
            assert_eq!(play.cursor_y(), self.line_before, "the cursor has moved");
        } else if let Some(text) = sentence.strip_prefix("the clipboard holds ") {
            play.wished(sentence, |wish| matches!(wish, Wish::Copy(copied) if copied == bare(text)));
        } else if let Some(text) = sentence.strip_prefix("a file is saved with ") {
            play.wished(sentence, |wish| matches!(wish, Wish::Save { text: saved, .. } if saved.contains(bare(text))));
        } else if sentence == "the console quits" {
            play.wished(sentence, |wish| *wish == Wish::Quit);
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
fn cells(size: &str) -> (u16, u16) {
    let (width, height) = size.split_once('x').unwrap();
    (width.parse().unwrap(), height.parse().unwrap())
}
