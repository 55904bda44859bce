//! Which pictures are taken: every screen, in the states that it can be in, at three sizes.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use quarterdeck::engine::{Msg, Stamped, State, update};
use quarterdeck::model::{Key, Kind, LogLine, SourceName, Stream, Text};
use quarterdeck::sources::port::{LogBatch, RawDocument};
use quarterdeck::tui::theme::{Glyphs, SHIPPED};

use crate::signals::Mood;
use crate::stage::{SIZES, Stage, styled, text};
use crate::world::{World, ago, now};

/// One picture: its name and how to take it.
pub(crate) struct Shot {
    pub(crate) name: String,
    take: Box<dyn Fn() -> String>,
}

impl Shot {
    pub(crate) fn new(name: String, take: impl Fn() -> String + 'static) -> Self {
        Self { name, take: Box::new(take) }
    }

    /// Name and picture.
    pub(crate) fn take(self) -> (String, String) {
        let picture = (self.take)();
        (self.name, picture)
    }
}

const WORLDS: [(&str, fn() -> World); 8] = [
    ("empty", World::empty),
    ("connecting", World::connecting),
    ("dead", World::dead),
    ("healthy", World::healthy),
    ("broken", World::broken),
    ("stale", World::stale),
    ("denied", World::denied),
    ("large", World::large),
];

/// Worlds are built once: the large one takes its time.
static BUILT: LazyLock<Mutex<HashMap<&'static str, State>>> = LazyLock::new(Mutex::default);

fn world(name: &'static str, build: fn() -> World) -> World {
    let mut built = BUILT.lock().unwrap();
    World { state: built.entry(name).or_insert_with(|| build().state).clone() }
}

pub(crate) fn at(name: &str, size: (u16, u16)) -> String {
    format!("{name}-{}x{}", size.0, size.1)
}

/// The screens on the number keys.
pub(crate) fn root_shots() -> Vec<Shot> {
    let mut shots = Vec::new();
    for (screen, key) in [("watch", "1"), ("services", "2"), ("timeline", "8"), ("sources", "9")] {
        for (state, build) in WORLDS {
            for size in SIZES {
                let take = move || text(&Stage::new(world(state, build), size).press(&[key]).draw());
                shots.push(Shot::new(at(&format!("{screen}-{state}"), size), take));
            }
        }
    }
    for size in SIZES {
        let filtered = move || {
            let stage = Stage::new(World::broken(), size).press(&["2", "/"]).types("health:bad").press(&["enter"]);
            text(&stage.press(&["s", "space"]).draw())
        };
        shots.push(Shot::new(at("services-filtered", size), filtered));
        let down = move || text(&Stage::new(world("large", World::large), size).press(&["G"]).draw());
        shots.push(Shot::new(at("watch-large-end", size), down));
        let narrowed = move || {
            let mut stage = Stage::new(World::broken(), size);
            let staging = crate::world::address("staging", "api").environment;
            stage.app.ui.narrowed = Some(staging);
            text(&stage.draw())
        };
        shots.push(Shot::new(at("watch-narrowed", size), narrowed));
    }
    shots
}

/// The page of production's `api`, reached as a person would.
pub(crate) fn api(stage: Stage) -> Stage {
    stage.press(&["2", "/"]).types("env:prod name:api").press(&["enter", "enter"])
}

/// The tabs of the Service page.
pub(crate) fn page_shots() -> Vec<Shot> {
    let mut shots = Vec::new();
    let states = [WORLDS[3], WORLDS[4], WORLDS[5]];
    for (tab, name) in ["instances", "logs", "events", "releases", "describe", "raw"].into_iter().enumerate() {
        for (state, build) in states {
            for size in SIZES {
                let take = move || {
                    let keys: Vec<&str> = std::iter::repeat_n("]", tab).collect();
                    text(&told(api(Stage::new(world(state, build), size)).press(&keys), state).draw())
                };
                shots.push(Shot::new(at(&format!("service-{name}-{state}"), size), take));
            }
        }
    }
    for size in SIZES {
        let searched = move || {
            let stage = told(api(Stage::new(World::broken(), size)).press(&["l"]), "broken");
            text(&stage.press(&["/"]).types("timeout").press(&["enter", "&", "b"]).draw())
        };
        shots.push(Shot::new(at("service-logs-searched", size), searched));
        let gone = move || {
            let mut stage = api(Stage::new(World::broken(), size));
            stage.console.state = World::connecting().state;
            text(&stage.draw())
        };
        shots.push(Shot::new(at("service-gone", size), gone));
    }
    shots
}

/// Answers what the page asked for, as a Source would: log lines, a raw description.
fn told(mut stage: Stage, state: &str) -> Stage {
    let panes: Vec<_> = stage.console.state.panes.keys().copied().collect();
    for pane in panes {
        let lines = (0..90).map(line).collect();
        let dropped = if state == "broken" { 12 } else { 0 };
        send(&mut stage, Msg::Logs { pane, batch: LogBatch { lines, dropped } });
    }
    if let Some(key) = stage.console.state.raw.as_ref().map(|raw| raw.key.clone()) {
        let result =
            if state == "stale" { Err(Text::line("connection to 10.0.0.1:6443 refused")) } else { Ok(document()) };
        send(&mut stage, Msg::Raw { key, result });
    }
    stage
}

fn send(stage: &mut Stage, msg: Msg) {
    drop(update(&mut stage.console.state, Stamped { at: now(), msg }));
}

fn line(n: i64) -> LogLine {
    let instance = Key::new(&SourceName::new("kubernetes:eks-prod"), Kind::Instance, &format!("api-{}", n % 4));
    let text = match n % 9 {
        0 => format!(r#"{{"level":"error","msg":"upstream timeout after 5000 ms","path":"/v1/search","id":{n}}}"#),
        4 => format!(r#"{{"level":"warn","msg":"slow query","ms":{},"table":"pages"}}"#, 800 + n),
        7 => format!(
            "connecting to postgres://shop:hunter2@db:5432/shop, attempt {n} of many, and this line goes on and on until nobody can read it in one piece on any terminal"
        ),
        _ => format!(r#"{{"level":"info","msg":"GET /v1/pages 200","ms":{}}}"#, 3 + n),
    };
    LogLine { instance, at: Some(ago(95 - n)), stream: Stream::Out, container: None, text: Text::line(&text) }
}

fn document() -> RawDocument {
    let lines = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: api\n  namespace: shop-prod\nspec:\n  replicas: 4\n  \
                 template:\n    spec:\n      containers:\n      - name: api\n        image: registry.example/shop/api:1.8.2\n        \
                 env:\n        - name: DB_PASSWORD\n          value: ••••••";
    RawDocument { format: Text::name("yaml"), lines: lines.lines().map(Text::line).collect() }
}

/// A Source's page in the states that differ there.
pub(crate) fn source_shots() -> Vec<Shot> {
    let mut shots = Vec::new();
    let pages: [(&str, fn() -> World, &[&str]); 4] = [
        ("fresh", World::healthy, &["9", "enter"]),
        ("stale", World::stale, &["9", "j", "enter"]),
        ("denied", World::denied, &["9", "G", "enter"]),
        ("unreachable", World::dead, &["9", "enter"]),
    ];
    for (name, build, keys) in pages {
        for size in SIZES {
            let take = move || text(&Stage::new(build(), size).press(keys).draw());
            shots.push(Shot::new(at(&format!("source-{name}"), size), take));
        }
    }
    shots
}

/// Fleets with signals, in every mood.
const MOODS: [(&str, fn() -> World); 6] = [
    ("many", || World::signals(Mood::Many)),
    ("nothing", || World::signals(Mood::Nothing)),
    ("stale", || World::signals(Mood::Stale)),
    ("denied", || World::signals(Mood::Denied)),
    ("broken", || World::signals(Mood::Broken)),
    ("missing", World::healthy),
];

static SIGNALLED: LazyLock<Mutex<HashMap<&'static str, State>>> = LazyLock::new(Mutex::default);

fn mood(name: &'static str, build: fn() -> World) -> World {
    let mut built = SIGNALLED.lock().unwrap();
    World { state: built.entry(name).or_insert_with(|| build().state).clone() }
}

/// Queues, Alarms and Checks, with what of them stands on Watch and on the page of a Service; at the middle size with
/// their styles.
pub(crate) fn signal_shots() -> Vec<Shot> {
    let mut shots = Vec::new();
    for (screen, key) in [("queues", "3"), ("alarms", "4"), ("checks", "5"), ("watch-signals", "1")] {
        for (state, build) in MOODS {
            if screen == "watch-signals" && state == "missing" {
                continue;
            }
            for size in SIZES {
                let take = move || text(&Stage::new(mood(state, build), size).press(&[key]).draw());
                shots.push(Shot::new(at(&format!("{screen}-{state}"), size), take));
            }
        }
        let take = move || styled(&Stage::new(mood("many", MOODS[0].1), (120, 40)).press(&[key]).draw());
        shots.push(Shot::new(format!("{screen}-many-styled"), take));
        let take = move || {
            styled(&Stage::in_theme(mood("many", MOODS[0].1), (80, 24), "mono", &Glyphs::ASCII).press(&[key]).draw())
        };
        shots.push(Shot::new(format!("{screen}-many-mono"), take));
    }
    for (state, build) in MOODS {
        for (name, service) in [("api", "env:prod name:api"), ("worker", "env:prod name:worker")] {
            for size in SIZES {
                let take = move || {
                    let stage = Stage::new(mood(state, build), size).press(&["2", "/"]).types(service);
                    text(&stage.press(&["enter", "enter", "]", "]", "]"]).draw())
                };
                shots.push(Shot::new(at(&format!("service-signals-{name}-{state}"), size), take));
            }
        }
    }
    for size in SIZES {
        let filtered = move || {
            let stage = Stage::new(mood("broken", MOODS[4].1), size).press(&["3", "/"]).types("prod stuck");
            text(&stage.press(&["enter", "s"]).draw())
        };
        shots.push(Shot::new(at("queues-filtered", size), filtered));
    }
    shots
}

/// Watch with its colours, in every theme, and in plain characters.
pub(crate) fn theme_shots() -> Vec<Shot> {
    let themes = SHIPPED.iter().map(|(theme, _)| {
        let take = || {
            let mut stage = Stage::in_theme(World::stale(), (120, 40), theme, &Glyphs::UNICODE);
            styled(&stage.draw())
        };
        Shot::new(format!("theme-{theme}"), take)
    });
    let ascii = || styled(&Stage::in_theme(World::broken(), (80, 24), "mono", &Glyphs::ASCII).draw());
    themes.chain([Shot::new("theme-ascii".to_owned(), ascii)]).collect()
}
