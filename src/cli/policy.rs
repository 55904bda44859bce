//! `doctor --print-policy`: what each platform has to allow for reading, and for changing, in the platform's own language.

use serde::Serialize;

use super::args::{Format, Global};
use super::{Exit, Failure, Wiring, output};
use crate::config::wording::nearest;
use crate::engine::clock::{Clock, SystemClock};
use crate::model::{Policy, Purpose};

#[derive(Serialize)]
struct Item {
    name: String,
    source: &'static str,
    purpose: &'static str,
    format: &'static str,
    apply: &'static str,
    document: String,
}

/// Prints all policies with how each is put into force; of a single one the document alone, to be piped on.
///
/// # Errors
/// A name that no policy has.
pub fn run(global: &Global, which: &str, wiring: &Wiring) -> Result<Exit, Failure> {
    let all = (wiring.policies)();
    let chosen: Vec<&Policy> =
        all.iter().filter(|policy| which.is_empty() || policy.name() == which || policy.source == which).collect();
    if chosen.is_empty() {
        let names: Vec<String> = all.iter().map(Policy::name).collect();
        let near = nearest(which, names.iter().map(String::as_str));
        let hint = near.map_or_else(|| format!("known: {}", names.join(", ")), |near| format!("did you mean {near}?"));
        return Err(Failure::new(Exit::Usage, format!("no policy is called {which}")).hint(hint));
    }
    if global.output == Format::Json {
        let item = |policy: &&Policy| Item {
            name: policy.name(),
            source: policy.source,
            purpose: policy.purpose.word(),
            format: policy.format,
            apply: policy.apply,
            document: policy.document.clone(),
        };
        let items: Vec<Item> = chosen.iter().map(item).collect();
        output::plain_json("Policy", SystemClock.now(), items)?;
    } else if let [one] = chosen[..] {
        output::text(&one.document)?;
    } else {
        output::text(&chosen.iter().map(|policy| told(policy)).collect::<Vec<_>>().join("\n"))?;
    }
    Ok(Exit::Done)
}

fn told(policy: &Policy) -> String {
    let what = match policy.purpose {
        Purpose::Read => "to read",
        Purpose::Change => "to change, beside reading",
    };
    let (name, apply) = (policy.name(), policy.apply);
    format!("# {name}: {what}; {apply}\n{}", policy.document)
}
