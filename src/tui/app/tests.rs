//! The shell without a terminal: keys in, pictures out.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::{App, Look, Wish};
use crate::engine::clock::FixedClock;
use crate::engine::{Console, Opener};
use crate::fleet::Rules;
use crate::model::{EnvironmentAddress, Text, Timestamp};
use crate::tui::input::Input;
use crate::tui::keymap::{Action, Keymap};
use crate::tui::screen::Command;
use crate::tui::state::Ui;
use crate::tui::theme::{Depth, Glyphs, shipped};

/// A console with nothing connected never opens anything.
struct Nothing;

impl Opener for Nothing {
    fn open(
        &self,
        _spec: &crate::model::SourceSpec,
    ) -> Result<Arc<dyn crate::sources::port::Watch>, crate::sources::port::Failure> {
        unreachable!("there is no Source to open")
    }
}

struct Shell {
    app: App,
    console: Console,
    now: Timestamp,
}

impl Shell {
    fn new() -> Self {
        Self::with(Keymap::default())
    }

    fn with(keymap: Keymap) -> Self {
        let now = Timestamp::from_second(1_767_582_000).unwrap();
        let console = Console::live(Rules::default(), Vec::new(), Arc::new(Nothing), Arc::new(FixedClock(now)));
        let depth = Depth::True;
        let look = Look { theme: shipped("dark", depth).unwrap(), glyphs: Glyphs::UNICODE, depth, keymap };
        let mut ui = Ui::new(Size::new(80, 24));
        ui.themes = vec!["dark".into(), "light".into()];
        Self { app: App::new(ui, look), console, now }
    }

    fn press(&mut self, keys: &[&str]) -> &mut Self {
        for key in keys {
            self.app.input(Input::Key(key.parse().unwrap()), &mut self.console, self.now);
        }
        self
    }

    fn paste(&mut self, text: &str) -> &mut Self {
        self.app.input(Input::Paste(text.into()), &mut self.console, self.now);
        self
    }

    fn picture(&mut self, width: u16, height: u16) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        self.app.draw(&self.console.state, self.now, &mut buf);
        let lines = buf.content.chunks(usize::from(width).max(1));
        lines.map(|line| line.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
    }

    fn screen(&mut self) -> String {
        self.picture(80, 24)
    }
}

#[tokio::test]
async fn no_size_and_no_overlay_make_it_fail() {
    let overlays: [&[&str]; 7] = [&[], &["?"], &[":"], &["n"], &["f12"], &["/"], &["9"]];
    for keys in overlays {
        let mut shell = Shell::new();
        shell.press(keys);
        for width in (0..40).chain([80, 120, 300]) {
            for height in [0, 1, 2, 3, 5, 6, 7, 11, 12, 24, 100] {
                let _picture = shell.picture(width, height);
            }
        }
    }
}

#[tokio::test]
async fn every_screen_has_header_and_footer() {
    let mut shell = Shell::new();
    for key in ["1", "2", "8", "9"] {
        let screen = shell.press(&[key]).screen();
        assert!(screen.starts_with(" Quarterdeck"), "{screen}");
        assert!(screen.lines().next().unwrap().contains("03:00 UTC"), "{screen}");
        assert!(screen.trim_end().lines().last().unwrap().len() > 10, "{key} has no hints\n{screen}");
    }
}

#[tokio::test]
async fn escape_goes_back_one_step_at_a_time() {
    let mut shell = Shell::new();
    let prod = EnvironmentAddress { system: None, environment: Text::name("prod") };
    shell.app.run(vec![Command::Narrow(Some(prod))], &mut shell.console, shell.now);
    shell.press(&["?"]);
    assert!(shell.screen().contains("Keys on this screen"));
    shell.press(&["esc"]);
    assert!(!shell.screen().contains("Keys on this screen") && shell.screen().contains("only prod"));
    shell.press(&["esc"]);
    assert!(!shell.screen().contains("only prod"));
    assert_eq!(shell.app.wishes(), [], "escape never quits");
}

#[tokio::test]
async fn a_letter_in_a_field_is_no_command() {
    let mut shell = Shell::new();
    shell.press(&[":", "q", "z", "m"]);
    assert_eq!(shell.app.wishes(), []);
    assert!(shell.app.ui.mouse && shell.app.ui.frozen.is_none());
    shell.press(&["esc", "q"]);
    assert_eq!(shell.app.wishes(), [Wish::Quit]);
}

#[tokio::test]
async fn a_paste_with_no_field_open_does_nothing_but_say_so() {
    let mut shell = Shell::new();
    shell.paste("q\nq");
    assert_eq!(shell.app.wishes(), []);
    assert!(shell.screen().contains("a paste is text"));
}

#[tokio::test]
async fn a_verb_that_is_not_there_says_why() {
    let mut shell = Shell::new();
    shell.press(&["S"]);
    assert!(shell.screen().contains("scale: by command: quarterdeck scale"), "{}", shell.screen());
}

#[tokio::test]
async fn keys_follow_the_file() {
    let keymap = Keymap::read(std::path::Path::new("k.toml"), "[keys]\nquit = [\"Q\"]").unwrap();
    let mut shell = Shell::with(keymap);
    shell.press(&["q"]);
    assert_eq!(shell.app.wishes(), []);
    shell.press(&["Q"]);
    assert_eq!(shell.app.wishes(), [Wish::Quit]);
}

#[tokio::test]
async fn a_theme_is_looked_at_and_left_as_it_was() {
    let mut shell = Shell::new();
    shell.press(&[":"]);
    for letter in "theme".chars() {
        shell.press(&[&letter.to_string()]);
    }
    shell.press(&["enter", "down"]);
    let light = Wish::Theme { name: "light".into(), keep: false };
    let dark = Wish::Theme { name: "dark".into(), keep: false };
    assert_eq!(shell.app.wishes(), [light]);
    shell.press(&["esc"]);
    assert_eq!(shell.app.wishes(), [dark]);
}

#[tokio::test]
async fn a_frozen_view_stands_still_until_it_is_let_go() {
    let mut shell = Shell::new();
    shell.press(&["z"]);
    let still = shell.screen();
    assert!(still.contains("frozen"), "{still}");
    shell.now = Timestamp::from_second(1_767_589_999).unwrap();
    assert_eq!(shell.screen(), still, "the clock stands too");
    shell.press(&["z"]);
    assert!(!shell.screen().contains("frozen"));
}

#[tokio::test]
async fn who_has_nothing_connected_is_told_what_to_do() {
    let screen = Shell::new().screen();
    assert!(screen.contains("quarterdeck demo") && screen.contains("quarterdeck doctor"), "{screen}");
}

#[tokio::test]
async fn each_action_that_works_everywhere_has_an_arm() {
    for row in crate::tui::keymap::ROWS {
        let mut shell = Shell::new();
        shell.screen();
        shell.app.always(row.action, &mut shell.console, shell.now);
        let _picture = shell.screen();
        if row.action == Action::Quit {
            assert_eq!(shell.app.wishes(), [Wish::Quit]);
        }
    }
}
