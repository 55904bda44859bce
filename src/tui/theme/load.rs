//! Theme files: TOML with one entry per role. The shipped ones are inside the program; a file of the same form overrides.

use std::collections::BTreeMap;
use std::path::Path;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use super::{Depth, Role, Theme};

/// The themes inside the program, the default first.
pub const SHIPPED: &[(&str, &str)] = &[
    ("dark", include_str!("../../../themes/dark.toml")),
    ("light", include_str!("../../../themes/light.toml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.toml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.toml")),
    ("mono", include_str!("../../../themes/mono.toml")),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    role: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    bold: bool,
    #[serde(default)]
    dim: bool,
    #[serde(default)]
    underline: bool,
    #[serde(default)]
    reverse: bool,
}

impl Theme {
    /// A theme from its text, made fit for a terminal of this depth.
    ///
    /// # Errors
    /// What is wrong: not TOML, a missing or unknown role, a colour that is none.
    pub fn parse(name: &str, text: &str, depth: Depth) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|e| format!("theme {name}: {e}"))?;
        if let Some(unknown) = file.role.keys().find(|key| !Role::ALL.iter().any(|(_, name)| name == key)) {
            return Err(format!("theme {name}: there is no role `{unknown}`"));
        }
        let mut styles = Vec::with_capacity(Role::ALL.len());
        for (_, role) in Role::ALL {
            let entry = file.role.get(*role).ok_or_else(|| format!("theme {name}: the role `{role}` is missing"))?;
            let style = entry.style().map_err(|e| format!("theme {name}, role {role}: {e}"))?;
            styles.push(depth.fit(style));
        }
        Ok(Self { name: name.to_owned(), styles })
    }

    /// A theme from a file; its name is the file's.
    ///
    /// # Errors
    /// As [`Theme::parse`], and where the file cannot be read.
    pub fn read(path: &Path, depth: Depth) -> Result<Self, String> {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let text = std::fs::read_to_string(path).map_err(|e| format!("theme {}: {e}", path.display()))?;
        Self::parse(&name, &text, depth)
    }
}

/// The shipped theme of that name; where the terminal has too few colours, `mono` whatever was asked for.
#[must_use]
pub fn shipped(name: &str, depth: Depth) -> Option<Theme> {
    let name = if depth == Depth::Mono { "mono" } else { name };
    let (name, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
    Theme::parse(name, text, depth).ok()
}

impl Entry {
    fn style(&self) -> Result<Style, String> {
        let colour_of = |name: &Option<String>| name.as_deref().map(colour).transpose();
        let mut style = Style { fg: colour_of(&self.fg)?, bg: colour_of(&self.bg)?, ..Style::default() };
        for (on, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if on {
                style = style.add_modifier(modifier);
            }
        }
        Ok(style)
    }
}

/// `#rrggbb`.
fn colour(written: &str) -> Result<Color, String> {
    let wrong = || format!("`{written}` is no colour: write #rrggbb");
    let hex = written.strip_prefix('#').filter(|hex| hex.len() == 6 && hex.is_ascii()).ok_or_else(wrong)?;
    let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).map_err(|_| wrong());
    Ok(Color::Rgb(part(0)?, part(2)?, part(4)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::depth::palette;

    fn luminance(colour: Color) -> f64 {
        let (r, g, b) = match colour {
            Color::Rgb(r, g, b) => (r, g, b),
            Color::Indexed(i) => palette(i),
            other => panic!("{other:?} has no fixed colour"),
        };
        // WCAG 2.2, relative luminance.
        let channel = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
    }

    fn contrast(a: Color, b: Color) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_shipped_theme_names_every_role() {
        for (name, text) in SHIPPED {
            Theme::parse(name, text, Depth::True).unwrap();
        }
    }

    #[test]
    fn what_is_read_has_a_contrast_of_four_and_a_half_on_every_ground() {
        let mut short = Vec::new();
        for (name, text) in SHIPPED.iter().filter(|(name, _)| *name != "mono") {
            for depth in [Depth::True, Depth::Indexed] {
                let theme = Theme::parse(name, text, depth).unwrap();
                for (role, role_name) in Role::ALL {
                    if Role::GROUNDS.contains(role) || matches!(role, Role::Rule | Role::Dim) {
                        continue;
                    }
                    for ground in Role::GROUNDS {
                        let fg = theme.style(*role).fg.unwrap();
                        let bg = theme.style(*role).bg.or(theme.style(ground).bg).unwrap();
                        let found = contrast(fg, bg);
                        if found < 4.5 {
                            short.push(format!("{name} {depth:?}: {role_name} on {ground:?} {found:.2}"));
                        }
                    }
                }
            }
        }
        assert!(short.is_empty(), "{}", short.join("\n"));
    }

    #[test]
    fn a_missing_role_and_a_wrong_colour_are_said_in_words() {
        assert!(Theme::parse("t", "[role]\n", Depth::True).unwrap_err().contains("is missing"));
        let text = SHIPPED[0].1.replacen("\"#", "\"#z", 1);
        assert!(Theme::parse("t", &text, Depth::True).unwrap_err().contains("is no colour"));
        assert!(Theme::parse("t", "[role]\nblink = {}\n", Depth::True).unwrap_err().contains("no role `blink`"));
    }

    #[test]
    fn few_colours_mean_mono_whatever_was_asked_for() {
        assert_eq!(shipped("light", Depth::Mono).unwrap().name, "mono");
        assert_eq!(shipped("light", Depth::True).unwrap().name, "light");
        assert!(shipped("nonsense", Depth::True).is_none());
    }
}
