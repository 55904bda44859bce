//! Roles instead of colours: what a screen asks for, and the themes that answer.

pub mod depth;
pub mod glyphs;
pub mod load;

use ratatui::style::Style;

pub use depth::Depth;
pub use glyphs::Glyphs;
pub use load::{SHIPPED, shipped};

use crate::model::HealthState;

macro_rules! roles {
    ($($role:ident $name:literal $about:literal;)*) => {
        /// What a piece of the screen is, for the theme to colour.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Role { $(#[doc = $about] $role),* }

        impl Role {
            /// All roles with their names in theme files.
            pub const ALL: &[(Self, &'static str)] = &[$((Self::$role, $name)),*];
        }
    };
}

roles! {
    Background "background" "what everything stands on";
    Text "text" "what is read";
    Strong "strong" "names, and the number that matters";
    Quiet "quiet" "what must be readable but is no news: digests, platforms, headings";
    Dim "dim" "what may be missed";
    Rule "rule" "thin lines";
    Accent "accent" "what can be pressed, and curves";
    Ok "ok" "healthy";
    Warn "warn" "somebody should look";
    Bad "bad" "broken";
    Growth "growth" "a number that runs away";
    Selection "selection" "background of the line under the cursor";
    Production "production" "background of a production Environment";
    Dialog "dialog" "background of the one box";
    Match "match" "what a search found";
    Series1 "series-1" "one Instance among several, in logs";
    Series2 "series-2" "one Instance among several, in logs";
    Series3 "series-3" "one Instance among several, in logs";
    Series4 "series-4" "one Instance among several, in logs";
    Series5 "series-5" "one Instance among several, in logs";
    Series6 "series-6" "one Instance among several, in logs";
}

impl Role {
    /// Roles that only give a background.
    pub const GROUNDS: [Self; 4] = [Self::Background, Self::Selection, Self::Production, Self::Dialog];

    /// The role of the n-th of several equal things.
    #[must_use]
    pub fn series(n: usize) -> Self {
        const ROLES: [Role; 6] =
            [Role::Series1, Role::Series2, Role::Series3, Role::Series4, Role::Series5, Role::Series6];
        ROLES[n % ROLES.len()]
    }

    /// The role of a health state.
    #[must_use]
    pub fn health(state: HealthState) -> Self {
        match state {
            HealthState::Down => Self::Bad,
            HealthState::Degraded => Self::Warn,
            HealthState::Healthy => Self::Ok,
            HealthState::Unchecked | HealthState::Unknown => Self::Quiet,
            HealthState::Idle => Self::Dim,
        }
    }
}

/// A theme made fit for the terminal that it is drawn on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    pub name: String,
    styles: Vec<Style>,
}

impl Theme {
    /// The style of a role.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}
