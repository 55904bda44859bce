//! How many colours the terminal has, and whether it shows UTF-8: read from the environment, never asked of the terminal.

use ratatui::style::{Color, Style};

/// Colours that the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Sixteen million.
    True,
    /// The palette of 256.
    Indexed,
    /// Too few to carry meaning, or none wanted: the `mono` theme.
    Mono,
}

impl Depth {
    /// From `NO_COLOR`, `COLORTERM` and `TERM`, as `get` gives them.
    #[must_use]
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        if get("NO_COLOR").is_some_and(|v| !v.is_empty()) {
            return Self::Mono;
        }
        let term = get("TERM").unwrap_or_default();
        if ["dumb", "linux", "vt100", "vt220", ""].contains(&term.as_str()) {
            return Self::Mono;
        }
        let truecolor = get("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit");
        if truecolor || term.contains("direct") {
            Self::True
        } else if term.contains("256color")
            || ["alacritty", "xterm-kitty", "xterm-ghostty", "foot", "wezterm"].contains(&term.as_str())
        {
            Self::Indexed
        } else {
            Self::Mono
        }
    }

    /// A style as this terminal can show it.
    #[must_use]
    pub fn fit(self, style: Style) -> Style {
        let fit = |colour: Option<Color>| match (self, colour) {
            (Self::Indexed, Some(Color::Rgb(r, g, b))) => Some(Color::Indexed(nearest(r, g, b))),
            (Self::Mono, Some(_)) => None,
            (_, colour) => colour,
        };
        Style { fg: fit(style.fg), bg: fit(style.bg), ..style }
    }
}

/// Whether the locale says UTF-8: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
#[must_use]
pub fn speaks_utf8(get: impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| get(name).filter(|v| !v.is_empty()));
    locale.is_some_and(|v| {
        let v = v.to_ascii_lowercase();
        v.contains("utf-8") || v.contains("utf8")
    })
}

const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The colour of the 256 that lies nearest: from the cube of 6×6×6 or from the 24 greys.
fn nearest(r: u8, g: u8, b: u8) -> u8 {
    let mut best = (u32::MAX, 16u8);
    for index in 16..=255 {
        let (pr, pg, pb) = palette(index);
        let far = [(r, pr), (g, pg), (b, pb)].iter().map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum();
        if far < best.0 {
            best = (far, index);
        }
    }
    best.1
}

/// The colour at an index of the palette from 16 on (xterm's).
#[must_use]
pub fn palette(index: u8) -> (u8, u8, u8) {
    if index >= 232 {
        let grey = 8 + 10 * (index - 232);
        return (grey, grey, grey);
    }
    let cube = usize::from(index.saturating_sub(16));
    (STEPS[cube / 36 % 6], STEPS[cube / 6 % 6], STEPS[cube % 6])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(vars: &[(&str, &str)]) -> Depth {
        Depth::of(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn the_environment_says_how_many_colours_there_are() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "xterm")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "linux"), ("COLORTERM", "truecolor")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]), Depth::Mono);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::Indexed);
        assert_eq!(depth(&[]), Depth::Mono);
    }

    #[test]
    fn a_locale_is_utf8_only_where_it_says_so() {
        let with = |vars: &[(&str, &str)]| {
            speaks_utf8(|name| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LANG", "C"), ("LC_ALL", "C.utf8")]));
        assert!(!with(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]));
        assert!(!with(&[]));
    }

    #[test]
    fn a_colour_of_the_palette_is_found_again() {
        for index in [16, 21, 46, 196, 231, 240, 255] {
            let (r, g, b) = palette(index);
            let (nr, ng, nb) = palette(nearest(r, g, b));
            assert_eq!((r, g, b), (nr, ng, nb));
        }
    }
}
