//! What is kept of changes between two starts: the journal, the Plans that wait for a yes, and for each Run who carries it
//! out now. Every process of this user reads and writes the same books.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::action::{Plan, Run};
use crate::config::paths::{Paths, StateError};
use crate::config::{Machine, StateFolder};
use crate::journal::runs::Abort;
use crate::journal::store::JournalError;
use crate::journal::{Actor, Entry, Event, Journal, Ledger, Record, Runs};
use crate::model::{Text, Timestamp};

/// The journal and what lies beside it.
#[derive(Debug)]
pub struct Books {
    journal: Journal,
    plans: StateFolder,
    runs: StateFolder,
    actor: Actor,
    known: Mutex<Known>,
}

/// What was read of the journal so far, and the Runs that it tells of: folded as it comes, never anew.
#[derive(Debug, Default)]
struct Known {
    records: Vec<Record>,
    runs: Runs,
}

impl Known {
    fn take(&mut self, records: Vec<Record>) {
        for record in &records {
            self.runs.take(record);
        }
        self.records.extend(records);
    }
}

/// Why the books cannot be opened: nothing is changed then.
#[derive(Debug, thiserror::Error)]
pub enum BooksError {
    #[error("there is no folder to keep the journal in: set HOME or XDG_STATE_HOME")]
    NoFolder,
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("the Plan {0} is not kept here")]
    NoPlan(Text),
    #[error("the Plan {0} cannot be read: {1}")]
    BadPlan(Text, String),
}

impl Books {
    /// Opens the books of this user; `story` names those of a simulated world.
    ///
    /// # Errors
    /// No folder, or one that is not ours alone.
    pub fn open(paths: Option<&Paths>, machine: &Machine, story: Option<&str>) -> Result<Self, BooksError> {
        let paths = paths.ok_or(BooksError::NoFolder)?;
        let (mut state, mut second) = (StateFolder::open(&paths.state)?, StateFolder::open(&paths.data)?);
        if let Some(story) = story {
            state = state.folder("demo")?.folder(story)?;
            second = second.folder("demo")?.folder(story)?;
        }
        Ok(Self {
            journal: Journal::at(state.path(), second.path()),
            plans: state.folder("plans")?,
            runs: state.folder("runs")?,
            actor: actor(machine),
            known: Mutex::new(Known::default()),
        })
    }

    /// The journal itself.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Who we are.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Every Record so far, in its order. The first call reads all of them, later ones what came since.
    ///
    /// # Errors
    /// The journal cannot be read, or is not whole.
    pub fn records(&self) -> Result<Vec<Record>, BooksError> {
        Ok(self.fresh()?.records.clone())
    }

    /// What is known, with what others have written since.
    fn fresh(&self) -> Result<MutexGuard<'_, Known>, BooksError> {
        let mut known = self.known();
        let reading = if known.records.is_empty() { self.journal.read()? } else { self.journal.newer()? };
        // A journal that was moved away begins anew.
        if reading.records.first().is_some_and(|first| first.seq == 1) {
            *known = Known::default();
        }
        known.take(reading.records);
        match reading.fault {
            Some(fault) => Err(JournalError::Untrusted { fault }.into()),
            None => Ok(known),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes Records of ours.
    ///
    /// # Errors
    /// Where they are not on the disk: then nothing may be done.
    pub fn write(&self, at: Timestamp, entries: Vec<Entry>) -> Result<(), BooksError> {
        self.write_unless(at, entries, |_| None)
    }

    /// The same, unless what stands in the journal by then speaks against it.
    ///
    /// # Errors
    /// As [`Books::write`], and [`JournalError::Overtaken`].
    pub fn write_unless(
        &self,
        at: Timestamp,
        entries: Vec<Entry>,
        against: impl FnOnce(&Runs) -> Option<String>,
    ) -> Result<(), BooksError> {
        let mut known = self.fresh()?;
        let written = self.journal.append_unless(at, &self.actor, entries, |newer| {
            known.take(newer.to_vec());
            against(&known.runs)
        })?;
        known.take(written);
        Ok(())
    }

    /// Notes that somebody was refused something. That this cannot be written changes nothing: nothing was done.
    ///
    /// # Errors
    /// Where it is not on the disk.
    pub fn refuse(&self, at: Timestamp, target: &str, reason: Option<&Text>, why: &str) -> Result<(), BooksError> {
        let detail = serde_json::json!({ "refused": Text::line(why) });
        self.write(at, vec![Entry::new(Event::Refused).target(target).reason(reason).detail(&detail)])
    }

    /// The Runs of the journal.
    ///
    /// # Errors
    /// As [`Books::records`].
    pub fn runs(&self) -> Result<Runs, BooksError> {
        Ok(self.fresh()?.runs.clone())
    }

    /// Whether and how a person wants a Run to end; looked at often, so it copies nothing.
    ///
    /// # Errors
    /// As [`Books::records`].
    pub fn abort(&self, run: &Text) -> Result<Option<Abort>, BooksError> {
        Ok(self.fresh()?.runs.abort(run))
    }

    /// The ledger of the journal.
    ///
    /// # Errors
    /// As [`Books::records`].
    pub fn ledger(&self) -> Result<Ledger, BooksError> {
        Ok(Ledger::of(&self.fresh()?.records))
    }

    /// Keeps a Plan until it is approved or expires; those that expired long ago go.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, plan: &Plan) -> Result<(), BooksError> {
        let text = serde_json::to_string(plan).map_err(|e| BooksError::BadPlan(plan.id.clone(), e.to_string()))?;
        Ok(self.plans.write(&file(&plan.id), &text)?)
    }

    /// A Plan that was kept.
    ///
    /// # Errors
    /// There is none with that id, or it is no Plan.
    pub fn plan(&self, id: &Text) -> Result<Plan, BooksError> {
        // An id is twelve hex digits: what else was typed names no file.
        let is_id = id.raw().len() == 12 && id.raw().bytes().all(|b| b.is_ascii_hexdigit());
        let text = if is_id { self.plans.read(&file(id))? } else { None };
        let text = text.ok_or_else(|| BooksError::NoPlan(id.clone()))?;
        serde_json::from_str(&text).map_err(|error| BooksError::BadPlan(id.clone(), error.to_string()))
    }

    /// Takes a kept Plan away.
    ///
    /// # Errors
    /// Where it cannot be removed.
    pub fn forget(&self, plan: &Text) -> Result<(), BooksError> {
        Ok(self.plans.remove(&file(plan))?)
    }

    /// Takes hold of a Run for as long as the answer lives: by that everybody sees that it is being carried out.
    /// `None`: another process has it.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn hold(&self, run: &Text) -> Result<Option<Hold>, BooksError> {
        let path = self.runs.path().join(format!("{run}.lock"));
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|cause| StateError::Io { path, cause })?;
        Ok(file.try_lock().is_ok().then_some(Hold(file)))
    }

    /// Whether a process carries the Run out now. One without an end that nobody holds was cut off.
    #[must_use]
    pub fn is_held(&self, run: &Run) -> bool {
        let path = self.runs.path().join(format!("{}.lock", run.id));
        File::open(path).is_ok_and(|file| file.try_lock_shared().is_err())
    }

    /// Shows what a Run waits for now. It is no Record: that it is lost changes nothing.
    pub fn show(&self, run: &Text, evidence: &Text) {
        drop(self.runs.write(&format!("{run}.live"), &evidence.to_string()));
    }

    /// What a Run waits for now.
    #[must_use]
    pub fn shown(&self, run: &Text) -> Option<Text> {
        self.runs.read(&format!("{run}.live")).ok().flatten().map(|text| Text::line(&text))
    }
}

/// A Run that is held by this process.
#[derive(Debug)]
pub struct Hold(#[expect(dead_code, reason = "the lock lives as long as the file is open")] File);

fn file(plan: &Text) -> String {
    format!("{plan}.json")
}

/// Who we are, as far as the machine tells.
fn actor(machine: &Machine) -> Actor {
    let word = |name: &str| machine.variable(name).map(Text::name);
    let id = rustix::process::geteuid().as_raw();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let first = |text: &str| Text::name(text.split_whitespace().next().unwrap_or_default());
    Actor {
        user: word("USER").or_else(|| word("LOGNAME")).unwrap_or_else(|| Text::name(&format!("user {id}"))),
        sudo_user: word("SUDO_USER"),
        ssh_client: machine.variable("SSH_CONNECTION").map(first),
        host: host.map_or_else(|_| Text::name("unknown"), |name| Text::name(name.trim())),
    }
}
