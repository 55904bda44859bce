//! What the file says about changes: policies by tier, freeze windows, checklists.

use jiff::tz::TimeZone;

use super::file::{self, File};
use super::values::{Length, Moment, Share};
use crate::action::freeze::{Freeze, Window};
use crate::action::plan::Confirm;
use crate::action::policy::{self, ChecklistRule, Policy, Rulebook};
use crate::model::{Text, Tier};

/// The rules of change; a file that came this far has no wrong shapes in it.
#[must_use]
pub fn rulebook(file: &File) -> Rulebook {
    Rulebook {
        production: of_tier(&file.policy.production, Tier::Production),
        staging: of_tier(&file.policy.staging, Tier::Staging),
        dev: of_tier(&file.policy.dev, Tier::Dev),
        freezes: file.freeze.iter().filter_map(freeze).collect(),
        checklist: file.checklist.iter().map(item).collect(),
    }
}

fn of_tier(written: &file::Policy, tier: Tier) -> Policy {
    let default = Policy::of(tier);
    let seconds = |length: Option<Length>, other: u32| {
        length.map_or(other, |length| u32::try_from(length.0.as_secs()).unwrap_or(u32::MAX))
    };
    let share = |share: Share| match share {
        Share::Count(count) => policy::Share::Count(count),
        Share::Percent(percent) => policy::Share::Percent(percent),
    };
    Policy {
        confirm: written.confirm.map_or(default.confirm, |confirm| match confirm {
            file::Confirm::None => Confirm::None,
            file::Confirm::Press => Confirm::Press,
            file::Confirm::Type => Confirm::Type,
        }),
        reason: written.reason.unwrap_or(default.reason),
        unlock: written.unlock.unwrap_or(default.unlock),
        floor: written.floor.unwrap_or(default.floor),
        max_step: written.max_step.map_or(default.max_step, share),
        bake_seconds: seconds(written.bake, default.bake_seconds),
        soak_seconds: seconds(written.soak, default.soak_seconds),
        require_verified: written.require_verified.unwrap_or(default.require_verified),
    }
}

fn freeze(written: &file::Freeze) -> Option<Freeze> {
    let zone = written.zone.as_deref().map_or(Some(TimeZone::system()), |zone| TimeZone::get(zone).ok())?;
    let window = match (written.from.parse().ok()?, written.until.parse().ok()?) {
        (Moment::Weekly(from), Moment::Weekly(until)) => Window::Weekly { from, until, zone },
        (Moment::At(from), Moment::At(until)) => Window::Once { from, until },
        _ => return None,
    };
    let reason = Text::line(written.reason.as_deref().unwrap_or("no reason given"));
    Some(Freeze { environments: written.environments.clone(), window, reason })
}

fn item(written: &file::ChecklistItem) -> ChecklistRule {
    ChecklistRule {
        environments: written.environments.clone(),
        item: Text::line(&written.item),
        check: written.check.clone(),
    }
}
