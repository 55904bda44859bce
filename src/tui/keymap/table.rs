//! The table of actions. A new action is a line here and an arm where it is done.

/// Where a key is looked up. A screen names its own contexts; [`Context::Everywhere`] comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    Everywhere,
    /// Any list with a cursor.
    List,
    /// Something with tabs.
    Tabs,
    Sources,
    Logs,
    /// While a tape is played; its keys come before all others.
    Replay,
}

impl Context {
    /// The heading in help and in the reference.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::List => "in a list",
            Self::Tabs => "on a page with tabs",
            Self::Sources => "on Sources",
            Self::Logs => "in logs",
            Self::Replay => "while a tape is played",
        }
    }

    /// All of them, in the order of the reference.
    pub const ALL: [Self; 6] = [Self::Everywhere, Self::List, Self::Tabs, Self::Sources, Self::Logs, Self::Replay];
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub action: Action,
    /// The name in the keymap file and in the palette.
    pub id: &'static str,
    pub keys: &'static [&'static str],
    pub context: Context,
    /// One or two words for the footer.
    pub hint: &'static str,
    pub does: &'static str,
}

macro_rules! actions {
    ($($action:ident $id:literal [$($key:literal),*] $context:ident $hint:literal $does:literal;)*) => {
        /// Everything that a key can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $(#[doc = $does] $action),* }

        /// The table.
        pub const ROWS: &[Row] = &[$(Row {
            action: Action::$action, id: $id, keys: &[$($key),*], context: Context::$context, hint: $hint, does: $does,
        }),*];
    };
}

actions! {
    Help "help" ["?"] Everywhere "help" "help for this screen, searchable";
    Palette "palette" [":"] Everywhere "palette" "every command, object and screen, by a few letters";
    Back "back" ["esc"] Everywhere "back" "back, or clear the filter";
    Watch "watch" ["1"] Everywhere "watch" "the Watch: every Environment and what needs attention";
    Services "services" ["2"] Everywhere "services" "every Service in one table";
    Queues "queues" ["3"] Everywhere "queues" "every queue: what waits, who takes it, when it will be empty";
    Alarms "alarms" ["4"] Everywhere "alarms" "every alarm, what fires first";
    Checks "checks" ["5"] Everywhere "checks" "every Check, failing first";
    Timeline "timeline" ["8"] Everywhere "timeline" "what changed, on one line of time";
    Sources "sources" ["9"] Everywhere "sources" "every Source, its state and what would help";
    Narrow "narrow" ["n"] Everywhere "narrow" "narrow everything to one Environment";
    Freeze "freeze" ["z"] Everywhere "freeze" "freeze the view, or let it go on";
    Mouse "mouse" ["m"] Everywhere "mouse" "mouse on or off (off: the terminal selects text)";
    Refresh "refresh" ["ctrl-r"] Everywhere "refresh" "ask every Source again now";
    Redraw "redraw" ["ctrl-l"] Everywhere "redraw" "paint the whole screen anew";
    Debug "debug" ["f12"] Everywhere "debug" "what the console itself is doing";
    Suspend "suspend" ["ctrl-z"] Everywhere "suspend" "back to the shell; `fg` returns";
    Quit "quit" ["q", "ctrl-c"] Everywhere "quit" "quit";

    Down "down" ["j", "down"] List "down" "one line down";
    Up "up" ["k", "up"] List "up" "one line up";
    PageDown "page-down" ["ctrl-f", "pagedown"] List "page down" "one page down";
    PageUp "page-up" ["ctrl-u", "pageup"] List "page up" "one page up";
    Top "top" ["g", "home"] List "top" "to the first line";
    Bottom "bottom" ["G", "end"] List "bottom" "to the last line";
    Unfold "unfold" ["right"] List "unfold" "unfold what is under the cursor";
    Fold "fold" ["left"] List "fold" "fold it, or go to what it belongs to";
    Open "open" ["enter"] List "open" "into what is under the cursor";
    Filter "filter" ["/"] List "filter" "filter, or search in text";
    Sort "sort" ["s"] List "sort" "sort by the next column; at the last, the first again";
    Mark "mark" ["space"] List "mark" "mark or unmark";
    Why "why" ["w"] List "why" "why it is like this, with the evidence";
    CheckNow "check-now" ["h"] List "check" "run its Checks now; of an Environment all of its Services'; else every Check";
    Runbook "runbook" ["r"] List "runbook" "show where its runbook lies and copy it";
    Actions "actions" ["x"] List "actions" "every verb for it, and why one is not available";
    Logs "logs" ["l"] List "logs" "its logs";
    LogsPrevious "logs-previous" ["p"] List "previous logs" "its logs from before the last restart";
    Describe "describe" ["d"] List "describe" "everything known about it";
    Raw "raw" ["y"] List "raw" "the platform's own description, secrets masked";
    Events "events" ["e"] List "events" "its events and its line of time";
    Copy "copy" ["c"] List "copy" "copy its address to the clipboard of this terminal";
    Url "url" ["o"] List "URL" "show its URL and copy it";

    NextTab "next-tab" ["]", "tab"] Tabs "next tab" "the next tab";
    PreviousTab "previous-tab" ["[", "shift-tab"] Tabs "previous tab" "the tab before";

    Connect "connect" ["a"] Sources "connect" "connect this Source, or disconnect it";

    Follow "follow" ["f"] Logs "follow" "follow new lines, or stand still";
    Since "since" ["t"] Logs "since" "since 1m, 5m, 15m, 1h, or all";
    Wrap "wrap" ["b"] Logs "wrap" "break long lines, or cut them";
    Fields "fields" ["i"] Logs "fields" "JSON lines as fields, or as they are";
    NextMatch "next-match" ["ctrl-n"] Logs "next match" "the next line that the search finds";
    PreviousMatch "previous-match" ["ctrl-p"] Logs "match before" "the line before that the search finds";
    Only "only" ["&"] Logs "only" "only lines that the search finds, or all";
    Save "save" ["ctrl-s"] Logs "save" "save the lines held here to a file";

    Pause "pause" ["space"] Replay "pause" "stop the tape, or let it run";
    Step "step" ["."] Replay "step" "one message further";
    Forward "forward" [">"] Replay "forward" "half a minute forward";
    Rewind "rewind" ["<"] Replay "rewind" "half a minute back";
    Faster "faster" ["+"] Replay "faster" "twice the speed";
    Slower "slower" ["-"] Replay "slower" "half the speed";
}

impl Action {
    /// Its line of the table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        // The table is written by the same macro as the enum, so the discriminant is the index.
        &ROWS[self as usize]
    }

    /// The action of that name in a keymap file.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        ROWS.iter().find(|row| row.id == id).map(|row| row.action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_finds_its_own_line_and_name() {
        for row in ROWS {
            assert_eq!(row.action.row().id, row.id);
            assert_eq!(Action::named(row.id), Some(row.action));
        }
    }

    #[test]
    fn the_keys_that_shells_and_multiplexers_want_are_never_taken() {
        for row in ROWS {
            for key in row.keys {
                assert!(
                    !["ctrl-d", "ctrl-k", "ctrl-a", "ctrl-b", "ctrl-space"].contains(key),
                    "{} takes {key}",
                    row.id
                );
            }
        }
    }
}
