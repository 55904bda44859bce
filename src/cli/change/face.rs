//! A Plan as text and as JSON: the same value that the dialog shows.

use serde::Serialize;

use crate::action::plan::{Confirm, Outcome};
use crate::action::{Guard, Plan, Step};
use crate::cli::args::Format;
use crate::cli::output::json::Raw;
use crate::cli::session::Session;
use crate::cli::{Failure, output};
use crate::model::Timestamp;

/// A Plan in JSON.
#[derive(Serialize)]
pub struct PlanItem<'a> {
    id: Raw<'a>,
    verb: &'static str,
    target: String,
    tier: &'static str,
    before: Raw<'a>,
    after: Raw<'a>,
    steps: Vec<StepItem<'a>>,
    guards: &'a [Guard],
    approval: Confirm,
    reason_required: bool,
    expires_at: Timestamp,
    reversal: Raw<'a>,
    warnings: Vec<Raw<'a>>,
    bake_seconds: u32,
}

#[derive(Serialize)]
struct StepItem<'a> {
    title: Raw<'a>,
    source: String,
    platform: &'static str,
    kind: &'static str,
    scope: Raw<'a>,
    name: Raw<'a>,
    uid: Option<Raw<'a>>,
    version: Option<Raw<'a>>,
    instances: Vec<Raw<'a>>,
    means: Option<Raw<'a>>,
    runs_as: Raw<'a>,
}

impl<'a> PlanItem<'a> {
    /// The Plan's form in JSON.
    #[must_use]
    pub fn of(plan: &'a Plan) -> Self {
        Self {
            id: Raw(&plan.id),
            verb: plan.intent.wish.verb(),
            target: plan.intent.target.whole(),
            tier: plan.tier.word(),
            before: Raw(&plan.before),
            after: Raw(&plan.after),
            steps: plan.steps.iter().map(StepItem::of).collect(),
            guards: &plan.guards,
            approval: plan.approval.confirm,
            reason_required: plan.approval.reason,
            expires_at: plan.expires_at,
            reversal: Raw(&plan.reversal),
            warnings: plan.warnings.iter().map(Raw).collect(),
            bake_seconds: plan.bake_seconds,
        }
    }
}

impl<'a> StepItem<'a> {
    fn of(step: &'a Step) -> Self {
        let target = &step.target;
        Self {
            title: Raw(&step.title),
            source: target.key.source.to_string(),
            platform: target.platform.word(),
            kind: target.kind.word(),
            scope: Raw(&target.scope),
            name: Raw(&target.name),
            uid: target.uid.as_ref().map(Raw),
            version: target.version.as_ref().map(Raw),
            instances: target.instances.iter().map(Raw).collect(),
            means: target.means.as_ref().map(Raw),
            runs_as: Raw(&step.runs_as),
        }
    }
}

/// Prints it.
pub(super) fn print(session: &Session, plan: &Plan, format: Format) -> Result<(), Failure> {
    if format == Format::Json {
        return output::json("Plan", &session.console.state, [PlanItem::of(plan)]);
    }
    output::text(&plan_text(plan))
}

/// A Plan as a person reads it.
#[must_use]
pub fn plan_text(plan: &Plan) -> String {
    let verb = plan.intent.wish.verb().to_uppercase();
    let mut text = format!("{verb} {}  {} → {}\n", plan.intent.target, plan.before, plan.after);
    let mut line = |name: &str, words: &str| text.push_str(&format!("  {name:<10} {words}\n"));
    line("plan", &format!("{}, good for {}s, once", plan.id, crate::action::plan::EXPIRES_SECONDS));
    for step in &plan.steps {
        let target = &step.target;
        line(
            "target",
            &format!("{} / {} / {} {}{}", target.key.source, target.scope, target.kind, target.name, pins(step)),
        );
        line("changes", &step.title.to_string());
        line("runs as", &step.runs_as.to_string());
        if let Some(means) = &target.means {
            line("by", &means.to_string());
        }
    }
    for warning in &plan.warnings {
        line("know", &warning.to_string());
    }
    for guard in &plan.guards {
        let mark = match guard.outcome {
            Outcome::Passed => "ok",
            Outcome::Warned => "warns",
            Outcome::Refused => "REFUSES",
        };
        line("guard", &format!("{} {mark}: {}", guard.name, guard.detail));
    }
    line("undo", &plan.reversal.to_string());
    line("verdict", &format!("kept when it holds for {}s", plan.bake_seconds));
    let reason = if plan.approval.reason { ", and a reason (--reason)" } else { "" };
    line("asks", &format!("{}{reason}", asked(plan)));
    text
}

fn pins(step: &Step) -> String {
    let target = &step.target;
    let short = |text: &crate::model::Text| text.shown().chars().take(13).collect::<String>();
    match (&target.uid, &target.version) {
        (Some(uid), Some(version)) => format!("  uid {} rv {version}", short(uid)),
        (Some(uid), None) => format!("  uid {}", short(uid)),
        _ => {
            let ids = target.instances.iter().map(|id| id.shown().chars().take(12).collect::<String>());
            format!("  {}", ids.collect::<Vec<_>>().join(" "))
        }
    }
}

fn asked(plan: &Plan) -> String {
    match plan.approval.confirm {
        Confirm::None => "nothing".to_owned(),
        Confirm::Press => "go ahead (--yes)".to_owned(),
        Confirm::Type => format!("the address (--confirm {})", plan.intent.target.whole()),
    }
}
