//! Which rows Watch has, and in which order: identities only, so that a selection stays with its thing and a fleet of
//! ten thousand costs nothing but this list until a row is on screen.

use std::collections::HashMap;

use crate::fleet::{Attention, Fleet};
use crate::model::{Address, EnvironmentAddress, Key, Service, SourceName, Text};

/// What a line of *needs attention* speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum About {
    Service(Address),
    Source(SourceName),
    /// A queue or an alarm that belongs to no Service.
    Signal(Key),
    /// Nothing that can be opened; told apart by its words.
    Words(Text),
}

impl About {
    /// The subject of an attention line.
    #[must_use]
    pub fn of(attention: &Attention) -> Self {
        match (&attention.service, &attention.source) {
            (Some(service), _) => Self::Service(service.clone()),
            (None, Some(source)) => Self::Source(source.clone()),
            (None, None) => match &attention.signal {
                Some(signal) => Self::Signal(signal.key.clone()),
                None => Self::Words(attention.text.clone()),
            },
        }
    }
}

/// The identity of a row: what a selection is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    Attention(About),
    Environment(EnvironmentAddress),
    Service(Address),
}

impl RowId {
    /// The Service that the row speaks of.
    #[must_use]
    pub fn service(&self) -> Option<&Address> {
        match self {
            Self::Service(address) | Self::Attention(About::Service(address)) => Some(address),
            _ => None,
        }
    }

    /// The Environment that the row lies in.
    #[must_use]
    pub fn environment(&self) -> Option<&EnvironmentAddress> {
        match self {
            Self::Environment(environment) => Some(environment),
            other => other.service().map(|address| &address.environment),
        }
    }
}

/// Which Environments are folded: by default all of a System but the one nearest to production, so that what matters
/// most lies open and a stranger still sees every Environment on the first screen.
#[derive(Clone, Debug, Default)]
pub struct Folds {
    chosen: HashMap<EnvironmentAddress, bool>,
}

impl Folds {
    /// Opens or folds an Environment for good.
    pub fn set(&mut self, environment: &EnvironmentAddress, open: bool) {
        self.chosen.insert(environment.clone(), open);
    }

    /// Keeps an Environment as it is now, whatever the default would become: the cursor stands in it.
    pub fn keep(&mut self, environment: &EnvironmentAddress, open: bool) {
        self.chosen.entry(environment.clone()).or_insert(open);
    }

    fn is_open(&self, environment: &EnvironmentAddress, first_of_system: bool) -> bool {
        self.chosen.get(environment).copied().unwrap_or(first_of_system)
    }
}

/// What the tree is to show.
pub struct Wanted<'a> {
    pub folds: &'a Folds,
    /// Only this Environment.
    pub narrow: Option<&'a EnvironmentAddress>,
    /// A filter: Services that it keeps are shown whatever is folded, Environments without any are left out.
    pub filter: Option<&'a dyn Fn(&Service) -> bool>,
}

/// One row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeRow {
    Environment { address: EnvironmentAddress, open: bool },
    Service(Address),
}

impl TreeRow {
    /// Its identity.
    #[must_use]
    pub fn id(&self) -> RowId {
        match self {
            Self::Environment { address, .. } => RowId::Environment(address.clone()),
            Self::Service(address) => RowId::Service(address.clone()),
        }
    }
}

/// The tree in the Fleet's order: Systems by name, in each its Environments from production downwards, in each of these
/// its Services by name.
#[must_use]
pub fn tree(fleet: &Fleet, wanted: &Wanted<'_>) -> Vec<TreeRow> {
    let mut rows = Vec::new();
    let mut system: Option<&Option<Text>> = None;
    for environment in fleet.environments() {
        let first = system != Some(&environment.address.system);
        system = Some(&environment.address.system);
        if wanted.narrow.is_some_and(|only| *only != environment.address) {
            continue;
        }
        let open =
            wanted.narrow.is_some() || wanted.filter.is_some() || wanted.folds.is_open(&environment.address, first);
        let at = rows.len();
        rows.push(TreeRow::Environment { address: environment.address.clone(), open });
        if open {
            let kept = environment.services.iter().filter(|address| keeps(fleet, wanted, address));
            rows.extend(kept.cloned().map(TreeRow::Service));
        }
        if wanted.filter.is_some() && rows.len() == at + 1 {
            rows.pop();
        }
    }
    rows
}

fn keeps(fleet: &Fleet, wanted: &Wanted<'_>, address: &Address) -> bool {
    wanted.filter.is_none_or(|filter| fleet.service(address).is_some_and(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(system: Option<&str>, environment: &str) -> EnvironmentAddress {
        EnvironmentAddress { system: system.map(Text::name), environment: Text::name(environment) }
    }

    #[test]
    fn a_fold_that_somebody_chose_outlives_the_default() {
        let (mut folds, prod, dev) = (Folds::default(), address(None, "prod"), address(None, "dev"));
        assert!(folds.is_open(&prod, true) && !folds.is_open(&dev, false));
        folds.keep(&dev, true);
        folds.set(&prod, false);
        assert!(!folds.is_open(&prod, true) && folds.is_open(&dev, false));
        folds.keep(&prod, true);
        assert!(!folds.is_open(&prod, true), "keeping does not undo a choice");
    }

    #[test]
    fn an_attention_row_and_a_service_row_of_one_service_are_two_rows_about_one_thing() {
        let api = Address { environment: address(Some("biz"), "prod"), service: Text::name("api") };
        let (line, row) = (RowId::Attention(About::Service(api.clone())), RowId::Service(api.clone()));
        assert_ne!(line, row);
        assert_eq!((line.service(), row.service()), (Some(&api), Some(&api)));
        assert_eq!(line.environment(), Some(&api.environment));
    }
}
