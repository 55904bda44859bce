//! The rows of Watch as identities, made anew only when facts, folds, filter or narrowing changed.

use crate::fleet::Attention;
use crate::model::{EnvironmentAddress, Service};
use crate::tui::screen::View;
use crate::tui::screen::filter::Filter;
use crate::tui::screen::row;

use super::beside::Besides;
use super::rows::{self, About, Folds, RowId, TreeRow, Wanted};

/// What there is to show, and in which order.
#[derive(Default)]
pub struct Index {
    /// What it was made of: how often the facts moved, and the narrowing.
    pub(super) made_of: Option<(u64, Option<EnvironmentAddress>)>,
    pub(super) attention: Vec<Attention>,
    pub(super) tree: Vec<TreeRow>,
    pub(super) besides: Besides,
    pub(super) several_systems: bool,
    /// A filter hides some of it.
    pub(super) filtered: bool,
    /// All Services that are in reach of the narrowing and the filter.
    pub(super) services: usize,
    /// Of these, how many have an attention line, and how many nothing checks.
    pub(super) troubled: usize,
    pub(super) unchecked: usize,
    /// Attention lines first, then the tree: what the cursor walks through.
    pub(super) ids: Vec<RowId>,
}

impl Index {
    /// The next draw makes it anew.
    pub fn forget(&mut self) {
        self.made_of = None;
    }

    /// Makes it anew where it must be; true if so.
    pub fn refresh(&mut self, view: &View<'_>, folds: &Folds, filter: &Filter) -> bool {
        let made_of = (view.state.moved, view.ui.narrowed.clone());
        if self.made_of.as_ref() == Some(&made_of) {
            return false;
        }
        let fleet = &view.state.fleet;
        let keeps = |service: &Service| filter.keeps(fleet, service, view.now);
        let narrow = view.ui.narrowed.as_ref();
        let all = narrow.is_none() && !filter.is_on();
        self.attention = fleet.attention();
        self.attention.retain(|line| match &line.service {
            Some(address) => view.ui.shows(&address.environment) && (all || fleet.service(address).is_some_and(&keeps)),
            None => match &line.signal {
                Some(signal) => view.ui.shows(&signal.environment) && !filter.is_on(),
                None => all,
            },
        });
        let wanted = Wanted { folds, narrow, filter: if filter.is_on() { Some(&keeps) } else { None } };
        self.tree = rows::tree(fleet, &wanted);
        self.filtered = filter.is_on();
        self.besides = Besides::of(fleet);
        let environments = fleet.environments();
        self.several_systems = row::several_systems(&environments);
        let shown = environments.iter().filter(|environment| view.ui.shows(&environment.address));
        (self.services, self.unchecked) = shown.fold((0, 0), |(services, unchecked), environment| {
            (services + environment.services.len(), unchecked + environment.unchecked as usize)
        });
        self.troubled = self.attention.iter().filter(|line| line.service.is_some()).count();
        self.ids.clear();
        self.ids.extend(self.attention.iter().map(|line| RowId::Attention(About::of(line))));
        self.ids.extend(self.tree.iter().map(TreeRow::id));
        self.made_of = Some(made_of);
        true
    }

    /// Whether an Environment lies open.
    pub fn is_open(&self, wanted: &EnvironmentAddress) -> bool {
        self.tree.iter().any(|row| matches!(row, TreeRow::Environment { address, open: true } if address == wanted))
    }
}
