//! The shapes beside every colour, in two sets: one for UTF-8 terminals, one of plain ASCII.

use crate::model::HealthState;

/// The characters that the screens draw with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub ascii: bool,
    pub bad: &'static str,
    pub warn: &'static str,
    pub ok: &'static str,
    /// Not checked, unknown: nothing is proved.
    pub hollow: &'static str,
    pub idle: &'static str,
    pub folded: &'static str,
    pub unfolded: &'static str,
    pub rule: &'static str,
    pub arrow: &'static str,
    pub cut: &'static str,
    pub yes: &'static str,
    pub no: &'static str,
    pub dot: &'static str,
    pub mark: &'static str,
    pub paused: &'static str,
    pub playing: &'static str,
    /// Eight heights of a curve, lowest first.
    pub bars: [&'static str; 8],
    /// Corners and sides of the one box: top left, top right, bottom left, bottom right, horizontal, vertical.
    pub frame: [&'static str; 6],
}

impl Glyphs {
    /// For terminals that show UTF-8.
    pub const UNICODE: Self = Self {
        ascii: false,
        bad: "▲",
        warn: "◆",
        ok: "●",
        hollow: "○",
        idle: "·",
        folded: "▸",
        unfolded: "▾",
        rule: "─",
        arrow: "→",
        cut: "…",
        yes: "✓",
        no: "✗",
        dot: "·",
        mark: "●",
        paused: "‖",
        playing: "▸",
        bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        frame: ["╭", "╮", "╰", "╯", "─", "│"],
    };

    /// For all others.
    pub const ASCII: Self = Self {
        ascii: true,
        bad: "^",
        warn: "!",
        ok: "*",
        hollow: "o",
        idle: ".",
        folded: ">",
        unfolded: "v",
        rule: "-",
        arrow: "->",
        cut: "~",
        yes: "+",
        no: "x",
        dot: "-",
        mark: "*",
        paused: "=",
        playing: ">",
        bars: ["_", "_", ".", "-", "-", "=", "=", "#"],
        frame: ["+", "+", "+", "+", "-", "|"],
    };

    /// The shape of a health state; its word stands beside it.
    #[must_use]
    pub fn health(&self, state: HealthState) -> &'static str {
        match state {
            HealthState::Down => self.bad,
            HealthState::Degraded => self.warn,
            HealthState::Healthy => self.ok,
            HealthState::Unchecked | HealthState::Unknown => self.hollow,
            HealthState::Idle => self.idle,
        }
    }
}
