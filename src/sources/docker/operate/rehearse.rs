//! Rehearsals: Compose's own dry run where it has one and where what is rehearsed needs nothing that is not there yet;
//! the Engine API has none.

use std::time::Duration;

use super::Docker;
use super::row::rows;
use super::way::{Up, Way, settings};
use crate::model::{Operation, Rehearsal, Target, Text};
use crate::sources::docker::connect::Lost;
use crate::sources::port::Failure;

/// How long a dry run may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Asks whether it would be taken.
///
/// # Errors
/// Where nobody answers.
pub(super) async fn rehearse(docker: &Docker, target: &Target, operation: &Operation) -> Result<Rehearsal, Failure> {
    let not_possible = |why: &str| Ok(Rehearsal::NotPossible { why: Text::line(why) });
    let Operation::Scale { to } = operation else {
        return not_possible(match operation {
            Operation::Images { .. } => "Compose tries out only images that are on the engine and pinned already",
            _ => "the Docker engine has no dry run",
        });
    };
    let client = docker.client().await?;
    let rows = rows(&client, target.kind, target.scope.raw(), target.name.raw()).await?;
    if u32::try_from(rows.len()).is_ok_and(|there| *to <= there) {
        return not_possible("containers are stopped and removed by the Docker engine, which has no dry run");
    }
    let host = docker.host(&client);
    let way = docker.way(&client, &host, target, &rows).await?;
    let Way::Tool(by) = &way else { return not_possible("copies are made by the Docker engine, which has no dry run") };
    let up = Up::Keep { total: *to };
    let scale = up.scale(target.name.raw());
    let pin = by.declared.pin.as_ref().map(|found| found.path.as_str());
    let mut argv = by.up(pin, target.name.raw(), &scale, up);
    argv.push("--dry-run");
    let settings = settings(&docker.address, &host);
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let output = match host.run_within(&settings, &argv, LIMIT).await {
        Ok(output) => output,
        Err(Lost::Unsent(failure) | Lost::Unanswered(failure)) => return Err(failure),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    Ok(judge(output.status.success(), &said))
}

/// What a dry run's words mean: with everything kept as it is, nothing may be taken away.
fn judge(went_well: bool, said: &str) -> Rehearsal {
    let lines = || said.lines().map(str::trim).filter(|line| !line.is_empty());
    if !went_well {
        if said.contains("unknown flag: --dry-run") {
            return Rehearsal::NotPossible { why: Text::line("this Compose has no dry run") };
        }
        let last = lines().next_back().unwrap_or("it ended without a word");
        return Rehearsal::Refused { message: Text::line(last) };
    }
    let takes_away = |line: &&str| {
        let words = ["Recreate", "Recreated", "Stopping", "Stopped", "Removing", "Removed", "Killing"];
        line.split_whitespace().next_back().is_some_and(|state| words.contains(&state))
    };
    match lines().find(takes_away) {
        Some(line) => Rehearsal::Refused {
            message: Text::line(&format!("Compose would take something away that is to stay: {line}")),
        },
        None => Rehearsal::Accepted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g23_a_dry_run_that_would_take_something_away_is_a_no() {
        let good = " Container p-web-1 Running \n Container p-web-2 Creating \n Container p-web-2 Created \n";
        assert_eq!(judge(true, good), Rehearsal::Accepted);
        let bad = format!("{good} Network p_default Removing \n");
        assert!(
            matches!(judge(true, &bad), Rehearsal::Refused { message } if message.raw().contains("p_default Removing"))
        );
        assert!(matches!(judge(false, "unknown flag: --dry-run"), Rehearsal::NotPossible { .. }));
        assert!(
            matches!(judge(false, "a\nno such image: x\n"), Rehearsal::Refused { message } if message.raw() == "no such image: x")
        );
    }
}
