//! Everything known about a Service, in words, with exact times: what the other tabs leave out for want of room.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::model::{Address, JobState, Rollout, Service, Workload};
use crate::tui::screen::{View, cells, figure};
use crate::tui::theme::Role;
use crate::tui::widget::{ages, words};

use super::header;

/// Cells of the names on the left.
const NAMES: usize = 14;

/// The lines of the tab.
#[must_use]
pub fn lines(view: &View<'_>, address: &Address, width: u16) -> Vec<Line<'static>> {
    let fleet = &view.state.fleet;
    let Some(service) = fleet.service(address) else { return Vec::new() };
    let mut page = Page { view, width: usize::from(width.saturating_sub(2)), lines: Vec::new() };
    page.service(service);
    for workload in service.workloads.iter().filter_map(|key| fleet.workload(key)) {
        page.workload(workload);
    }
    for scaler in fleet.autoscalers(address) {
        page.field("scaled by", &header::autoscaler(scaler));
        if let Some(at) = scaler.last_scaled_at {
            page.field("last scaled", &exact(view, at));
        }
    }
    page.head("WHY IT STANDS HERE");
    for explanation in fleet.explain(address) {
        for line in &explanation.lines {
            page.field("", line.shown());
        }
    }
    page.lines
}

struct Page<'a> {
    view: &'a View<'a>,
    width: usize,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn head(&mut self, words: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.lines.push(Line::styled(words.to_owned(), self.view.style(Role::Strong)));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.styled(name, value, self.view.style(Role::Text));
    }

    fn styled(&mut self, name: &str, value: &str, style: Style) {
        let room = self.width.saturating_sub(NAMES).max(16);
        for (n, piece) in words::wrap(value, room).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            let name = Span::styled(format!("{name:<NAMES$}"), self.view.style(Role::Quiet));
            self.lines.push(Line::from(vec![name, Span::styled(piece, style)]));
        }
    }

    fn service(&mut self, service: &Service) {
        self.head(&service.address.to_string());
        self.field("tier", service.tier.word());
        let state = service.health.state;
        self.styled("health", state.shown(), self.view.style(Role::health(state)));
        for reason in &service.health.reasons {
            self.field("", reason.text.shown());
        }
        for (name, at) in
            [("since", service.health_since), ("changed", service.last_change_at), ("stale since", service.stale_since)]
        {
            if let Some(at) = at {
                self.field(name, &exact(self.view, at));
            }
        }
        self.field("ready", &figure::ready(service.ready, service.desired).unwrap_or_else(|| "not told".to_owned()));
        self.field("restarts", &figure::count(u64::from(service.restarts)));
        for image in &service.images {
            self.field("image", image.reference.shown());
        }
    }

    fn workload(&mut self, workload: &Workload) {
        self.head(&format!("{} {}/{}", workload.kind, workload.scope, workload.name).to_uppercase());
        self.field("platform", workload.platform.word());
        self.field("source", workload.key.source.0.shown());
        self.field("uid", &workload.key.uid);
        let number = |n: Option<u32>| n.map_or_else(|| "?".to_owned(), |n| n.to_string());
        let counts = format!(
            "{} wanted, {} ready, {} of the newest template, {} available",
            number(workload.desired),
            number(workload.ready),
            number(workload.updated),
            number(workload.available),
        );
        self.field("Instances", &counts);
        self.field("rollout", &rollout(workload));
        if let Some(job) = &workload.job {
            self.field("job", &job_state(self.view, job));
        }
        let probed = match workload.probed {
            Some(true) => "a probe or health check proves that it serves",
            Some(false) => "nothing proves that it serves",
            None => "not known yet",
        };
        self.field("checked", probed);
        for owner in &workload.owners {
            self.field("owned by", &format!("{} {}", owner.kind, owner.name));
        }
        for drift in &workload.drift {
            let words = format!("{}: declared {}, running {}", drift.what, drift.declared, drift.running);
            self.styled("drift", &words, self.view.style(Role::Warn));
        }
        for (name, at) in [("created", workload.created_at), ("changed", workload.changed_at)] {
            if let Some(at) = at {
                self.field(name, &exact(self.view, at));
            }
        }
        for (key, value) in workload.labels.iter() {
            self.field("label", &format!("{key}={value}"));
        }
    }
}

fn exact(view: &View<'_>, at: crate::model::Timestamp) -> String {
    format!("{} ({})", ages::exact(at), cells::when(view).age(at))
}

fn rollout(workload: &Workload) -> String {
    let seen = if workload.observed { "" } else { ", its controller has not seen the newest declaration yet" };
    let state = match &workload.rollout {
        Rollout::Steady => "steady".to_owned(),
        Rollout::Progressing => "under way".to_owned(),
        Rollout::Paused => "paused".to_owned(),
        Rollout::Stuck { message, .. } => format!("stuck: {message}"),
    };
    format!("{state}{seen}")
}

fn job_state(view: &View<'_>, job: &JobState) -> String {
    let at = |at: &Option<crate::model::Timestamp>| at.map(|at| format!(" at {}", exact(view, at))).unwrap_or_default();
    match job {
        JobState::Waiting => "waits for its next run".to_owned(),
        JobState::Running => "runs".to_owned(),
        JobState::Succeeded { at: when } => format!("succeeded{}", at(when)),
        JobState::Failed { message, at: when } => format!("failed{}: {message}", at(when)),
        JobState::Suspended => "suspended".to_owned(),
    }
}
