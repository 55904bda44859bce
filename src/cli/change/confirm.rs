//! The yes: given by options, or asked for on a terminal. Without either nothing is changed, and the Plan is printed.

use std::io::{BufRead, IsTerminal, Write};

use super::{errand, face};
use crate::action::plan::Confirm;
use crate::action::{Given, Plan, approve};
use crate::cli::args::{Approval, Format};
use crate::cli::session::Session;
use crate::cli::{Exit, Failure};
use crate::engine::clock::{Clock, SystemClock};
use crate::engine::keeper::Errand;

/// What goes to the keeper, where a person confirmed the Plan as it asks.
pub(super) fn confirm(session: &Session, plan: &Plan, approval: &Approval, format: Format) -> Result<Errand, Failure> {
    if let Some(guard) = plan.refusals().next() {
        show(session, plan, format)?;
        return Err(Failure::new(Exit::Refused, format!("refused by {}: {}", guard.name, guard.detail)));
    }
    let (mut pressed, mut typed) = (approval.yes, approval.confirm.clone());
    let enough = match plan.approval.confirm {
        Confirm::None => true,
        Confirm::Press => pressed || typed.is_some(),
        Confirm::Type => typed.is_some(),
    };
    if !enough {
        show(session, plan, format)?;
        if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
            let answer = ask(plan)?;
            match plan.approval.confirm {
                Confirm::Type => typed = Some(answer),
                _ => pressed = matches!(answer.to_lowercase().as_str(), "y" | "yes"),
            }
        }
    }
    let given = Given { plan: plan.id.clone(), pressed, typed: typed.clone() };
    // The keeper approves for itself; this only tells at once what is missing.
    match approve(plan.clone(), &given, SystemClock.now()) {
        Ok(_) => Ok(errand(plan, pressed, typed)),
        Err(why @ crate::action::NotApproved::Expired(_)) => Err(Failure::new(Exit::Stale, why.to_string())),
        Err(why) => Err(Failure::new(Exit::Refused, why.to_string()).hint("nothing was changed")),
    }
}

fn show(session: &Session, plan: &Plan, format: Format) -> Result<(), Failure> {
    face::print(session, plan, format)
}

fn ask(plan: &Plan) -> Result<String, Failure> {
    let mut out = std::io::stderr().lock();
    let question = match plan.approval.confirm {
        Confirm::Type => format!("type {} to go ahead: ", plan.intent.target),
        _ => "go ahead? [y/N] ".to_owned(),
    };
    write!(out, "{question}")?;
    out.flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
