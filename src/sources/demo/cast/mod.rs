//! The five fleets, one file each: who plays, in which numbers, and what happens to whom in every cycle of the story.
//!
//! Numbers are those of the users' systems; times are seconds in a cycle, from 15 minutes before its zero on.

mod big;
mod biz;
mod community;
mod competitoriq;
mod infra;
mod te_explico;

use super::part::Site;

/// Every site, in the order in which it is listed.
pub(crate) fn sites() -> Vec<Site> {
    [biz::sites(), community::sites(), competitoriq::sites(), infra::sites(), te_explico::sites()].concat()
}

/// The site of a name: one of [`sites`], or `big:PODS`.
pub(crate) fn site(name: &str) -> Option<Site> {
    match name.strip_prefix("big:") {
        Some(pods) => Some(big::site(pods.parse().ok()?)),
        None => sites().into_iter().find(|site| &*site.name == name),
    }
}
