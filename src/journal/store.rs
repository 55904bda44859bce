//! The journal's file: appended under a lock by whichever process of this user writes, synced to the disk before anybody
//! acts on it, and anchored in a second place.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::chain::Line;
use super::read::{Fault, Reading, read, read_on};
use super::record::{Actor, Entry, Record};
use crate::model::Timestamp;

/// Its name in the state folder.
const NAME: &str = "journal.jsonl";
/// Its anchor's name in the second place.
const ANCHOR: &str = "journal.anchor";
/// The largest journal that is read, bytes: some half a million Records.
const LARGEST: u64 = 512 << 20;

/// Why nothing could be written, and so nothing may be done.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{}: {cause}", path.display())]
    Io { path: PathBuf, cause: io::Error },
    /// Reading goes on; changes do not, until a person has looked.
    #[error("{fault}; nothing is changed until that is settled: `quarterdeck journal verify` tells more")]
    Untrusted { fault: Fault },
    #[error("{} {what}", path.display())]
    Unsafe { path: PathBuf, what: &'static str },
    #[error("the Record cannot be written: {0}")]
    Entry(String),
    /// What was decided on an older journal does not hold any more.
    #[error("{0}")]
    Overtaken(String),
    #[error("{} has {bytes} bytes, more than a journal may have: move it away to begin a new one", path.display())]
    Large { path: PathBuf, bytes: u64 },
}

/// A journal: its file, and the folder of its anchor.
#[derive(Debug)]
pub struct Journal {
    file: PathBuf,
    anchor: PathBuf,
    /// How far this process has read and checked it: what stands before is not read again, so that a Record is written as
    /// fast into a long journal as into a short one (PERFORMANCE T19).
    checked: Mutex<Checked>,
}

/// A place in the file up to which it is whole.
#[derive(Clone, Debug)]
struct Checked {
    /// The file itself: another under the same name is another journal.
    inode: u64,
    bytes: u64,
    end: Line,
    /// When the file was written last, as it was found then.
    written: Option<SystemTime>,
}

impl Checked {
    fn nothing(inode: u64) -> Self {
        Self { inode, bytes: 0, end: Line::genesis(), written: None }
    }
}

impl Journal {
    /// The journal in the state folder `state`, anchored in the folder `second`. Both were checked by who opened them
    /// (owner, mode, no link); nothing is made before the first Record.
    #[must_use]
    pub fn at(state: &Path, second: &Path) -> Self {
        let checked = Mutex::new(Checked::nothing(0));
        Self { file: state.join(NAME), anchor: second.join(ANCHOR), checked }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Everything that the file holds; empty where there is none yet.
    ///
    /// # Errors
    /// Where it cannot be read, is a link or belongs to somebody else. What is wrong *in* it stands in the answer.
    pub fn read(&self) -> Result<Reading, JournalError> {
        *self.checked() = Checked::nothing(0);
        self.newer()
    }

    /// The Records that came since the last call of this, [`Journal::read`] or [`Journal::append`]; cheap where there are
    /// none.
    ///
    /// # Errors
    /// As [`Journal::read`].
    pub fn newer(&self) -> Result<Reading, JournalError> {
        let mut checked = self.checked();
        let Some(mut file) = self.open(OpenOptions::new().read(true))? else {
            return Ok(read("", self.anchored()?.as_ref()));
        };
        file.lock_shared().map_err(|cause| self.io(cause))?;
        let anchor = self.anchored()?;
        self.go_on(&mut file, &mut checked, anchor.as_ref())
    }

    /// Appends `entries` as one write: all of them are on the disk when it returns, or none is.
    ///
    /// # Errors
    /// Where the journal is not whole, not ours, or the disk does not take it. Then nothing may be done.
    pub fn append(&self, at: Timestamp, actor: &Actor, entries: Vec<Entry>) -> Result<Vec<Record>, JournalError> {
        self.append_unless(at, actor, entries, |_| None)
    }

    /// The same, unless a Record that somebody else has written since this process last looked stands against it: looked
    /// at and written under one lock, so that of two at once exactly one goes on.
    ///
    /// # Errors
    /// As [`Journal::append`]; [`JournalError::Overtaken`] with the words of `against`.
    pub fn append_unless(
        &self,
        at: Timestamp,
        actor: &Actor,
        entries: Vec<Entry>,
        against: impl FnOnce(&[Record]) -> Option<String>,
    ) -> Result<Vec<Record>, JournalError> {
        let mut checked = self.checked();
        let mut file = self.open_or_make()?;
        file.lock().map_err(|cause| self.io(cause))?;
        let reading = self.go_on(&mut file, &mut checked, self.anchored()?.as_ref())?;
        if let Some(fault) = reading.fault {
            return Err(JournalError::Untrusted { fault });
        }
        if let Some(words) = against(&reading.records) {
            return Err(JournalError::Overtaken(words));
        }
        let (mut end, mut text, mut records) = (checked.end.clone(), String::new(), Vec::with_capacity(entries.len()));
        for entry in entries {
            let (line, record) = end.next(at, actor, entry).map_err(JournalError::Entry)?;
            text.push_str(&line);
            end = Line { seq: record.seq, hash: record.hash.clone() };
            records.push(record);
        }
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(|cause| self.io(cause));
        if let Err(error) = written.and_then(|()| self.anchor(&end)) {
            // Half a line on a full disk would make the journal torn, and a Record that its writer takes for unwritten
            // would lie: it is taken back while we hold the lock. That this may fail as well is found by the next reader.
            drop(file.set_len(checked.bytes).and_then(|()| file.sync_data()));
            return Err(error);
        }
        checked.bytes += text.len() as u64;
        checked.end = end;
        checked.written = file.metadata().and_then(|found| found.modified()).ok();
        Ok(records)
    }

    fn checked(&self) -> MutexGuard<'_, Checked> {
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the file, making it where it is missing; the name of a new one is on the disk before anything stands in it.
    fn open_or_make(&self) -> Result<File, JournalError> {
        let mut options = OpenOptions::new();
        options.read(true).append(true);
        if let Some(file) = self.open(&mut options)? {
            return Ok(file);
        }
        let missing = || JournalError::Unsafe { path: self.file.clone(), what: "cannot be made" };
        let file = self.open(options.create(true).mode(0o600))?.ok_or_else(missing)?;
        synced(self.file.parent()).map_err(|cause| self.io(cause))?;
        Ok(file)
    }

    /// Cuts off a last line that a crash left without its end, and keeps it beside the journal. Only for a torn end: what
    /// was changed or taken out stays as it is, for a person to see.
    ///
    /// # Errors
    /// Where the file cannot be written, or where something else than a torn end is wrong.
    pub fn mend(&self) -> Result<Option<PathBuf>, JournalError> {
        let Some(mut file) = self.open(OpenOptions::new().read(true).write(true))? else { return Ok(None) };
        file.lock().map_err(|cause| self.io(cause))?;
        let reading = self.load(&mut file)?;
        match reading.fault {
            None => Ok(None),
            Some(Fault::Torn { after }) => {
                let beside = self.file.with_extension(format!("torn-after-{after}"));
                let mut rest = Vec::new();
                file.seek(SeekFrom::Start(reading.whole)).map_err(|cause| self.io(cause))?;
                file.read_to_end(&mut rest).map_err(|cause| self.io(cause))?;
                let mut kept = OpenOptions::new();
                let kept = kept.write(true).create_new(true).mode(0o600).open(&beside);
                let kept = kept.and_then(|mut kept| kept.write_all(&rest).and_then(|()| kept.sync_all()));
                kept.map_err(|cause| JournalError::Io { path: beside.clone(), cause })?;
                file.set_len(reading.whole).and_then(|()| file.sync_all()).map_err(|cause| self.io(cause))?;
                Ok(Some(beside))
            }
            Some(fault) => Err(JournalError::Untrusted { fault }),
        }
    }

    /// Opens the file without following a link, and refuses one that is not ours alone (SAFETY attack 53).
    fn open(&self, options: &mut OpenOptions) -> Result<Option<File>, JournalError> {
        let flags = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let file = match options.custom_flags(flags).open(&self.file) {
            Ok(file) => file,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.io(cause)),
        };
        let found = file.metadata().map_err(|cause| self.io(cause))?;
        let what = if !found.is_file() {
            Some("is no plain file")
        } else if found.uid() != rustix::process::geteuid().as_raw() {
            Some("belongs to somebody else")
        } else if found.mode() & 0o022 != 0 {
            Some("can be written by others: chmod 600 it")
        } else {
            None
        };
        what.map_or(Ok(Some(file)), |what| Err(JournalError::Unsafe { path: self.file.clone(), what }))
    }

    /// The whole file, without regard to what was read before.
    fn load(&self, file: &mut File) -> Result<Reading, JournalError> {
        let mut fresh = Checked::nothing(0);
        self.go_on(file, &mut fresh, None)
    }

    /// Reads on from where it was checked last. A file that is another one, shorter than what was checked, or written
    /// without becoming longer, is read from its start.
    fn go_on(&self, file: &mut File, checked: &mut Checked, anchor: Option<&Line>) -> Result<Reading, JournalError> {
        let found = file.metadata().map_err(|cause| self.io(cause))?;
        if found.len() > LARGEST {
            return Err(JournalError::Large { path: self.file.clone(), bytes: found.len() });
        }
        let written = found.modified().ok();
        let touched = found.len() == checked.bytes && written != checked.written;
        if found.ino() != checked.inode || found.len() < checked.bytes || touched {
            *checked = Checked::nothing(found.ino());
        }
        let mut content = Vec::new();
        file.seek(SeekFrom::Start(checked.bytes)).map_err(|cause| self.io(cause))?;
        file.read_to_end(&mut content).map_err(|cause| self.io(cause))?;
        // A flipped bit may leave no UTF-8; the replaced character then differs from what was hashed, and is told.
        let reading = read_on(&String::from_utf8_lossy(&content), checked.end.clone(), anchor);
        checked.bytes += reading.whole;
        checked.end = reading.end.clone();
        checked.written = written;
        Ok(reading)
    }

    /// `SEQ HASH` as the second place has it. One that cannot be understood is no anchor: the next Record writes it anew.
    fn anchored(&self) -> Result<Option<Line>, JournalError> {
        let text = match std::fs::read_to_string(&self.anchor) {
            Ok(text) => text,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(JournalError::Io { path: self.anchor.clone(), cause }),
        };
        let parts = text.trim().split_once(' ');
        Ok(parts.and_then(|(seq, hash)| Some(Line { seq: seq.parse().ok()?, hash: hash.to_owned() })))
    }

    /// Written beside and moved into place; the journal itself is on the disk already.
    fn anchor(&self, end: &Line) -> Result<(), JournalError> {
        let beside = self.anchor.with_extension(format!("{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let written = options
            .open(&beside)
            .and_then(|mut file| {
                file.write_all(format!("{} {}\n", end.seq, end.hash).as_bytes())?;
                file.sync_data()
            })
            .and_then(|()| std::fs::rename(&beside, &self.anchor));
        written.map_err(|cause| JournalError::Io { path: self.anchor.clone(), cause })
    }

    fn io(&self, cause: io::Error) -> JournalError {
        JournalError::Io { path: self.file.clone(), cause }
    }
}

/// Makes the names in a folder last.
fn synced(folder: Option<&Path>) -> io::Result<()> {
    folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::record::Event;
    use super::*;
    use crate::model::Text;

    struct Place {
        _folder: tempfile::TempDir,
        journal: Journal,
    }

    fn place() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let (state, second) = (folder.path().join("state"), folder.path().join("second"));
        fs::create_dir(&state).unwrap();
        fs::create_dir(&second).unwrap();
        Place { journal: Journal::at(&state, &second), _folder: folder }
    }

    fn add(journal: &Journal, count: usize) -> Result<Vec<Record>, JournalError> {
        let actor = Actor { user: Text::name("ann"), host: Text::name("vm1"), ..Actor::default() };
        let at = "2026-03-01T03:00:00Z".parse().unwrap();
        journal.append(at, &actor, (0..count).map(|_| Entry::new(Event::Note)).collect())
    }

    #[test]
    fn records_are_numbered_chained_and_read_back_and_their_file_is_private() {
        let place = place();
        assert!(place.journal.read().unwrap().records.is_empty());
        add(&place.journal, 2).unwrap();
        let third = add(&place.journal, 1).unwrap();
        let reading = place.journal.read().unwrap();
        assert_eq!((reading.records.len(), reading.fault.clone(), reading.end.seq), (3, None, 3));
        assert_eq!(reading.records[2], third[0]);
        assert_eq!(reading.records[1].hash, reading.records[2].previous);
        assert_eq!(fs::metadata(place.journal.path()).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_writers_at_once_leave_one_whole_chain() {
        let place = place();
        #[expect(clippy::disallowed_methods, reason = "two writers are two threads")]
        let writers: Vec<_> = (0..4)
            .map(|_| {
                // As two processes have it: each knows the file by itself alone.
                let folder = |file: &Path| file.parent().unwrap().to_owned();
                let journal = Journal::at(&folder(&place.journal.file), &folder(&place.journal.anchor));
                std::thread::spawn(move || (0..25).for_each(|_| drop(add(&journal, 1).unwrap())))
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        let reading = place.journal.read().unwrap();
        assert_eq!((reading.records.len(), reading.fault), (100, None));
    }

    #[test]
    fn attack_56_a_torn_journal_takes_no_record_until_it_is_mended_and_loses_nothing() {
        let place = place();
        add(&place.journal, 3).unwrap();
        let text = fs::read_to_string(place.journal.path()).unwrap();
        fs::write(place.journal.path(), &text[..text.len() - 9]).unwrap();
        let refused = add(&place.journal, 1).unwrap_err();
        assert!(matches!(refused, JournalError::Untrusted { fault: Fault::Torn { after: 2 } }), "{refused}");
        assert_eq!(place.journal.read().unwrap().records.len(), 2, "reading goes on");
        let kept = place.journal.mend().unwrap().expect("the torn end is kept");
        assert!(
            text.starts_with(&(fs::read_to_string(place.journal.path()).unwrap() + &fs::read_to_string(kept).unwrap()))
        );
        // The anchor knows the third Record: that one was lost stays to be seen.
        assert!(matches!(add(&place.journal, 1), Err(JournalError::Untrusted { fault: Fault::Short { .. } })));
    }

    #[test]
    fn attack_54_a_changed_journal_takes_no_record_and_is_not_mended() {
        let place = place();
        add(&place.journal, 3).unwrap();
        let text = fs::read_to_string(place.journal.path()).unwrap();
        fs::write(place.journal.path(), text.replacen("ann", "bob", 1)).unwrap();
        assert!(matches!(
            add(&place.journal, 1),
            Err(JournalError::Untrusted { fault: Fault::Broken { line: 1, .. } })
        ));
        assert!(place.journal.mend().is_err());
    }

    #[test]
    fn attack_53_a_journal_that_is_a_link_or_open_to_others_is_refused() {
        let place = place();
        let other = place.journal.path().with_extension("other");
        fs::write(&other, "").unwrap();
        symlink(&other, place.journal.path()).unwrap();
        assert!(add(&place.journal, 1).is_err());
        assert!(place.journal.read().is_err());
        fs::remove_file(place.journal.path()).unwrap();
        fs::write(place.journal.path(), "").unwrap();
        fs::set_permissions(place.journal.path(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(add(&place.journal, 1), Err(JournalError::Unsafe { .. })));
    }

    #[test]
    fn attack_56_a_disk_that_takes_nothing_is_an_error_and_leaves_the_journal_whole() {
        let place = place();
        add(&place.journal, 1).unwrap();
        fs::remove_dir_all(place.journal.anchor.parent().unwrap()).unwrap();
        assert!(add(&place.journal, 1).is_err(), "an anchor that cannot be written stops what was to be done");
        let reading = place.journal.read().unwrap();
        assert_eq!((reading.records.len(), reading.fault), (1, None), "what was not anchored was not written either");
    }
}
