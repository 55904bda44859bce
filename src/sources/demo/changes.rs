//! What people changed in the simulated world, and the file beside the story where that is kept, so that every process that
//! shows the same story sees it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::{Moved, Timestamp};

/// More changes than anybody makes in one story; further ones are refused.
const MOST: u64 = 4 << 20;

/// One change that somebody made to one Workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    /// Story time in seconds.
    pub(super) at: i64,
    /// How many seconds it is taken to have been under way already: in a story that stands still nothing would come of it.
    #[serde(default)]
    pub(super) head: i64,
    pub(super) site: String,
    pub(super) scope: String,
    pub(super) name: String,
    /// Who made it, in the words of events.
    pub(super) by: String,
    pub(super) what: What,
}

/// What a change does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Scale {
        to: u32,
    },
    Limits {
        min: u32,
        max: u32,
    },
    Restart,
    /// Another image; `version` where it is one of the part's own story.
    Image {
        tag: String,
        version: Option<i64>,
    },
    Pause,
    Resume,
    Delete {
        slot: u32,
    },
}

/// The changes of one site, kept in a file or in this process alone.
#[derive(Debug)]
pub(super) struct Ledger {
    site: String,
    file: Option<PathBuf>,
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    all: Arc<[Change]>,
    /// Length and time of the file when it was read.
    read: Option<(u64, Option<SystemTime>)>,
}

/// Why a change is not kept.
#[derive(Debug)]
pub(super) enum NotKept {
    Stale(Vec<Moved>),
    Broken(io::Error),
}

impl Ledger {
    pub(super) fn new(site: &str, file: Option<PathBuf>) -> Self {
        let known = Known { all: Arc::from([]), read: None };
        Self { site: site.to_owned(), file, known: Mutex::new(known) }
    }

    /// Whether other processes may change it too.
    pub(super) fn is_shared(&self) -> bool {
        self.file.is_some()
    }

    /// All changes so far; the same ones as before where nothing came.
    pub(super) fn current(&self) -> Arc<[Change]> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = &self.file else { return known.all.clone() };
        let now = std::fs::symlink_metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok()));
        if now != known.read {
            // A file that cannot be read just now is read at the next look: what is known stays.
            match (now, read(path)) {
                (None, _) => known.all = Arc::from([]),
                (Some(_), Ok(text)) => known.all = parse(&text, &self.site),
                (Some(_), Err(_)) => return known.all.clone(),
            }
            known.read = now;
        }
        known.all.clone()
    }

    /// Adds a change, where `still` holds of all that came before: nobody else writes between the two.
    pub(super) fn add(
        &self,
        change: &Change,
        still: impl FnOnce(Arc<[Change]>) -> Result<(), Vec<Moved>>,
    ) -> Result<(), NotKept> {
        let Some(path) = &self.file else {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            still(known.all.clone()).map_err(NotKept::Stale)?;
            known.all = known.all.iter().cloned().chain([change.clone()]).collect();
            return Ok(());
        };
        let mut file = open(path).map_err(NotKept::Broken)?;
        // Freed when the file is closed, whatever becomes of this process.
        file.lock().map_err(NotKept::Broken)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(NotKept::Broken)?;
        if text.len() as u64 > MOST {
            return Err(NotKept::Broken(io::Error::other("the story has too many changes: `demo reset` begins anew")));
        }
        still(parse(&text, &self.site)).map_err(NotKept::Stale)?;
        let mut line = serde_json::to_string(change).map_err(|error| NotKept::Broken(error.into()))?;
        if !text.is_empty() && !text.ends_with('\n') {
            line.insert(0, '\n');
        }
        line.push('\n');
        file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(NotKept::Broken)
    }

    /// The time of day as the folder of the file has it: for a process that does not watch, and so was given no clock.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let path = self.file.as_ref()?;
        let probe = path.with_extension(format!("{}.clock", std::process::id()));
        let made = open(&probe).and_then(|mut file| file.write_all(b"\n").and_then(|()| file.metadata()));
        drop(std::fs::remove_file(&probe));
        Timestamp::try_from(made.ok()?.modified().ok()?).ok()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    OpenOptions::new().read(true).append(true).create(true).mode(0o600).custom_flags(no_link).open(path)
}

fn read(path: &Path) -> io::Result<String> {
    let no_link = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let file = OpenOptions::new().read(true).custom_flags(no_link).open(path)?;
    let mut text = String::new();
    file.take(MOST + (1 << 20)).read_to_string(&mut text)?;
    Ok(text)
}

/// The changes of one site; a line that was torn or is not understood is none.
fn parse(text: &str, site: &str) -> Arc<[Change]> {
    let changes = text.lines().filter_map(|line| serde_json::from_str::<Change>(line).ok());
    changes.filter(|change| change.site == site).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn change(site: &str, to: u32) -> Change {
        Change {
            at: 5,
            head: 0,
            site: site.into(),
            scope: "biz-prod".into(),
            name: "api".into(),
            by: "run 7f3a".into(),
            what: What::Scale { to },
        }
    }

    #[test]
    fn what_one_process_changes_another_reads_and_each_site_has_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed-7.changes.jsonl");
        let ledger = |site| Ledger::new(site, Some(path.clone()));
        let (one, other, elsewhere) = (ledger("a"), ledger("a"), ledger("b"));
        assert!(other.current().is_empty());
        one.add(&change("a", 3), |before| if before.is_empty() { Ok(()) } else { Err(vec![]) }).unwrap();
        assert_eq!(&other.current()[..], [change("a", 3)]);
        assert!(elsewhere.current().is_empty());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let late = other.add(&change("a", 4), |before| if before.is_empty() { Ok(()) } else { Err(vec![]) });
        assert!(matches!(late, Err(NotKept::Stale(_))) && one.current().len() == 1);
        std::fs::remove_file(&path).unwrap();
        assert!(one.current().is_empty(), "the story begins anew");
    }

    #[test]
    fn a_torn_line_hides_no_other_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("changes");
        std::fs::write(&path, "{\"at\":5,\"si").unwrap();
        let ledger = Ledger::new("a", Some(path.clone()));
        ledger.add(&change("a", 3), |_| Ok(())).unwrap();
        assert_eq!(&ledger.current()[..], [change("a", 3)]);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let linked = Ledger::new("a", Some(link));
        assert!(matches!(linked.add(&change("a", 4), |_| Ok(())), Err(NotKept::Broken(_))));
        assert!(linked.current().is_empty());
    }

    #[test]
    fn in_memory_they_are_this_processs_own() {
        let ledger = Ledger::new("a", None);
        ledger.add(&change("a", 3), |_| Ok(())).unwrap();
        assert_eq!((ledger.current().len(), ledger.is_shared(), ledger.time()), (1, false, None));
    }
}
