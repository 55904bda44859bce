//! Lists of queues, one request at a time: by pages; of a large broker by cheap totals with a page of details between them; of a
//! broker without statistics by totals alone.

use std::collections::HashSet;

use super::RabbitMq;
use super::ask;
use super::book::{Book, Name, table};
use super::watch::Line;
use super::wire::{Page, QueueRow};
use super::words;
use crate::model::{Denial, Fact, Lapse, Text, Update};
use crate::sources::last_read::LastRead;
use crate::sources::port::{Failure, FailureKind};

/// A broker with more queues than this is asked for totals.
const LARGE: u64 = 2_000;
/// So many requests later a virtual host that was denied is tried again.
const DENIED_TURNS: u32 = 60;
/// So often in a row a list that changed while it was read is not trusted to say what is gone.
const MOVING: u32 = 2;

/// How the queues are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Pages,
    TotalsAndPages,
    Totals,
}

impl Way {
    /// By what the broker says of itself.
    pub(super) fn of(statistics: bool, queues: Option<u64>) -> Self {
        match (statistics, queues) {
            (false, _) => Self::Totals,
            (true, Some(count)) if count > LARGE => Self::TotalsAndPages,
            (true, _) => Self::Pages,
        }
    }
}

/// What one list covers.
struct Scope {
    vhost: Option<String>,
    /// Why it is not read: in words, and how many turns it is left alone yet.
    refused: Option<(String, u32)>,
}

/// Where a walk over all scopes and their pages is.
#[derive(Clone, Copy)]
struct Place {
    scope: usize,
    page: u32,
}

const START: Place = Place { scope: 0, page: 1 };

/// The lists of one connection.
pub(super) struct Lists {
    way: Way,
    scopes: Vec<Scope>,
    /// The next page, and the next totals.
    pages: Place,
    totals: Place,
    /// It is the turn of a page, not of totals.
    detail: bool,
    seen: HashSet<Name>,
    moved: u32,
}

impl Lists {
    pub(super) fn new(source: &RabbitMq, way: Way) -> Self {
        let mut scopes: Vec<Scope> =
            source.vhosts.iter().map(|vhost| Scope { vhost: Some(vhost.clone()), refused: None }).collect();
        if scopes.is_empty() {
            scopes.push(Scope { vhost: None, refused: None });
        }
        Self { way, scopes, pages: START, totals: START, detail: false, seen: HashSet::new(), moved: 0 }
    }

    /// Reads every queue once, at once; what they are is written into the book.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub(super) async fn first(&mut self, line: &Line<'_>, book: &mut Book) -> Result<Vec<Update>, Failure> {
        let mut seen: Vec<HashSet<Name>> = Vec::new();
        for scope in 0..self.scopes.len() {
            let vhost = self.scopes[scope].vhost.clone();
            let read = match self.way {
                Way::Pages => all_pages(line, book, vhost.as_deref()).await,
                Way::TotalsAndPages | Way::Totals => all_totals(line, book, vhost.as_deref()).await,
            };
            match read {
                Ok(names) => seen.push(names.into_iter().collect()),
                Err(failure) => {
                    self.refuse(scope, failure, line)?;
                    seen.push(HashSet::new());
                }
            }
        }
        for (scope, seen) in self.scopes.iter().zip(&seen).filter(|(scope, _)| scope.refused.is_none()) {
            book.keep(scope.vhost.as_deref(), seen);
        }
        line.exchanges(book).await?;
        let mut updates = Vec::new();
        for (scope, seen) in self.scopes.iter().zip(seen).filter(|(scope, _)| scope.refused.is_none()) {
            let table = table(scope.vhost.as_deref());
            line.source.read.read(table.clone(), line.desk.now());
            updates.push(Update::Begin(table.clone()));
            updates.extend(line.puts(book, &table, &seen.into_iter().collect::<Vec<_>>()));
            updates.push(Update::Commit(table));
        }
        Ok(updates)
    }

    /// One more request, and what it tells.
    ///
    /// # Errors
    /// Why the queues cannot be read any more.
    pub(super) async fn next(&mut self, line: &Line<'_>, book: &mut Book) -> Result<Vec<Update>, Failure> {
        for (_, turns) in self.scopes.iter_mut().filter_map(|scope| scope.refused.as_mut()) {
            *turns = turns.saturating_sub(1);
        }
        self.detail = !self.detail;
        match self.way {
            Way::Pages => self.page(line, book, true).await,
            Way::TotalsAndPages if self.detail => self.page(line, book, false).await,
            Way::TotalsAndPages | Way::Totals => self.total(line, book).await,
        }
    }

    /// One page; with `relist` the pages of a scope are together its list.
    async fn page(&mut self, line: &Line<'_>, book: &mut Book, relist: bool) -> Result<Vec<Update>, Failure> {
        let at = self.ready(self.pages);
        let vhost = self.scopes[at.scope].vhost.clone();
        let table = table(vhost.as_deref());
        let mut updates = Vec::new();
        if relist && at.page == 1 {
            self.seen.clear();
            updates.push(Update::Begin(table.clone()));
        }
        let page = match line.get::<Page>(&ask::page(vhost.as_deref(), at.page)).await {
            Ok(page) => page,
            // The last page went while those before it were read.
            Err(failure) if at.page > 1 && is_past_the_end(&failure) => Page::default(),
            Err(failure) => {
                self.refuse(at.scope, failure, line)?;
                self.pages = self.after(at.scope);
                return Ok(Vec::new());
            }
        };
        let total = page.filtered_count;
        let is_last = page.page_count.unwrap_or(1) <= at.page;
        let names = book.take(page.items);
        self.scopes[at.scope].refused = None;
        line.source.read.read(table.clone(), line.desk.now());
        self.pages = if is_last { self.after(at.scope) } else { Place { page: at.page + 1, ..at } };
        if self.way == Way::Pages && total.is_some_and(|total| total > LARGE) {
            self.way = Way::TotalsAndPages;
        }
        if relist {
            self.seen.extend(names.iter().cloned());
        }
        let is_list = relist && is_last && self.is_whole(total);
        if is_list {
            book.keep(vhost.as_deref(), &self.seen);
        }
        updates.extend(line.puts(book, &table, &names));
        if is_list {
            updates.push(Update::Commit(table));
        }
        Ok(updates)
    }

    /// Whether the pages up to this last one are the whole list. Where queues came and went between two pages it may lack some:
    /// then the next walk decides, but not for ever.
    fn is_whole(&mut self, total: Option<u64>) -> bool {
        let is_whole = total.is_some_and(|total| self.seen.len() as u64 >= total) || self.moved >= MOVING;
        self.moved = if is_whole { 0 } else { self.moved + 1 };
        is_whole
    }

    /// The totals of one scope: they are its list.
    async fn total(&mut self, line: &Line<'_>, book: &mut Book) -> Result<Vec<Update>, Failure> {
        let at = self.ready(self.totals);
        let vhost = self.scopes[at.scope].vhost.clone();
        self.totals = self.after(at.scope);
        let names = match all_totals(line, book, vhost.as_deref()).await {
            Ok(names) => names,
            Err(failure) => return self.refuse(at.scope, failure, line).map(|()| Vec::new()),
        };
        self.scopes[at.scope].refused = None;
        let table = table(vhost.as_deref());
        book.keep(vhost.as_deref(), &names.iter().cloned().collect());
        let mut updates = vec![Update::Begin(table.clone())];
        updates.extend(line.puts(book, &table, &names));
        updates.push(Update::Commit(table));
        Ok(updates)
    }

    fn after(&self, scope: usize) -> Place {
        Place { scope: (scope + 1) % self.scopes.len(), page: 1 }
    }

    /// That place, or the next one whose scope may be tried.
    fn ready(&self, at: Place) -> Place {
        let left_alone = |scope: usize| self.scopes[scope].refused.as_ref().is_some_and(|(_, turns)| *turns > 0);
        if !left_alone(at.scope) {
            return at;
        }
        let others = (1..self.scopes.len()).map(|n| (at.scope + n) % self.scopes.len());
        others.into_iter().find(|scope| !left_alone(*scope)).map_or(at, |scope| Place { scope, page: 1 })
    }

    /// A virtual host that may not be read is left out; if none may be read, or anything else is wrong, that is the failure.
    fn refuse(&mut self, scope: usize, failure: Failure, line: &Line<'_>) -> Result<(), Failure> {
        let Some(vhost) = self.scopes[scope].vhost.clone() else { return Err(failure) };
        let is_login = failure.message.raw().contains("Login failed");
        if is_login || !matches!(failure.kind, FailureKind::Denied | FailureKind::Absent) {
            return Err(failure);
        }
        self.scopes[scope].refused = Some((words::of_vhost(&vhost, &failure, line.source.endpoint()), DENIED_TURNS));
        if self.scopes.iter().all(|scope| scope.refused.is_some()) {
            let all: Vec<&str> = self.refusals().collect();
            return Err(Failure::new(failure.kind, format!("nothing may be read: {}", all.join("; ")))
                .hint("see `vhosts` of this Source"));
        }
        Ok(())
    }

    /// What is not read, in words.
    pub(super) fn refusals(&self) -> impl Iterator<Item = &str> {
        self.scopes.iter().filter_map(|scope| Some(scope.refused.as_ref()?.0.as_str()))
    }

    /// What was read before and is refused now.
    pub(super) fn lapses(&self, read: &LastRead) -> impl Iterator<Item = Lapse> {
        self.scopes.iter().filter_map(|scope| {
            let (why, _) = scope.refused.as_ref()?;
            read.lapse(&table(scope.vhost.as_deref()), "queues", why)
        })
    }

    /// The grants that are missing.
    pub(super) fn denials(&self) -> impl Iterator<Item = Denial> {
        self.scopes.iter().filter(|scope| scope.refused.is_some()).map(|scope| Denial {
            verb: Text::name("list"),
            resource: Text::name("queues"),
            scope: scope.vhost.as_deref().map(Text::name),
        })
    }
}

/// Whether there is no such page any more, because queues went while others were read.
fn is_past_the_end(failure: &Failure) -> bool {
    let said = failure.message.raw();
    said.contains("Page out of range") || said.contains("page_out_of_range")
}

/// Every page of a scope, one right after the other.
async fn all_pages(line: &Line<'_>, book: &mut Book, vhost: Option<&str>) -> Result<Vec<Name>, Failure> {
    let mut names = Vec::new();
    for number in 1.. {
        let page: Page = match line.get(&ask::page(vhost, number)).await {
            Err(failure) if number > 1 && is_past_the_end(&failure) => break,
            other => other?,
        };
        names.extend(book.take(page.items));
        if page.page_count.unwrap_or(1) <= number {
            break;
        }
    }
    Ok(names)
}

async fn all_totals(line: &Line<'_>, book: &mut Book, vhost: Option<&str>) -> Result<Vec<Name>, Failure> {
    let rows: Vec<QueueRow> = line.get(&ask::totals(vhost)).await?;
    Ok(book.count(rows))
}

/// The facts of queues, as news of their table.
impl Line<'_> {
    fn puts(&self, book: &Book, table: &crate::model::Table, names: &[Name]) -> Vec<Update> {
        let names: Vec<Name> = names.iter().filter(|(_, name)| self.source.wants(name)).cloned().collect();
        let facts = book.queues(&names, &self.source.name, self.desk.now());
        facts.into_iter().map(|queue| Update::Put(table.clone(), Fact::Queue(Box::new(queue)))).collect()
    }
}
