//! What keys do: one table from which dispatch, footer, help, palette, `quarterdeck keys` and the reference page come.

pub mod chord;
pub mod load;
mod table;

pub use chord::{Chord, Code};
pub use load::{Problem, reference};
pub use table::{Action, Context, ROWS, Row};

/// The keys in force: the defaults with what the person's file changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    /// In the order of [`ROWS`].
    keys: Vec<Vec<Chord>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let parse = |row: &Row| row.keys.iter().filter_map(|key| key.parse().ok()).collect();
        Self { keys: ROWS.iter().map(parse).collect() }
    }
}

impl Keymap {
    /// What `chord` does where these contexts are in force, the first that knows it winning.
    #[must_use]
    pub fn action(&self, chord: Chord, contexts: &[Context]) -> Option<Action> {
        contexts.iter().find_map(|context| {
            let rows = ROWS.iter().zip(&self.keys);
            rows.filter(|(row, _)| row.context == *context)
                .find(|(_, keys)| keys.contains(&chord))
                .map(|(row, _)| row.action)
        })
    }

    /// The keys of an action, the first being the one to show.
    #[must_use]
    pub fn keys(&self, action: Action) -> &[Chord] {
        let at = ROWS.iter().position(|row| row.action == action);
        at.and_then(|at| self.keys.get(at)).map_or(&[], Vec::as_slice)
    }

    /// The key to show for an action; empty where a file took all of them away.
    #[must_use]
    pub fn shown(&self, action: Action, ascii: bool) -> String {
        self.keys(action).first().map(|chord| chord.shown(ascii)).unwrap_or_default()
    }
}
