//! `doctor`: whether everything is in order, without a screen: configuration, Sources, terminal, locale, folders.

use std::io::IsTerminal;

use serde::Serialize;

use super::args::{Format, Global};
use super::session::Session;
use super::{Exit, Failure, Wiring, dispatch, output};
use crate::config::{Machine, Settings, StateFolder};
use crate::fleet::SourceView;
use crate::model::{Denial, Freshness, SourceKind};

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    area: &'static str,
    name: String,
    /// `ok`, `note` or `bad`.
    state: &'static str,
    detail: String,
    hint: Option<String>,
}

impl Finding {
    fn new(area: &'static str, name: impl Into<String>, state: &'static str, detail: impl Into<String>) -> Self {
        Self { area, name: name.into(), state, detail: detail.into(), hint: None }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Prints it; a Source that does not answer makes exit 8, anything else that is bad exit 1.
///
/// # Errors
/// A bad configuration, or an answer that cannot be written.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<Exit, Failure> {
    let machine = Machine::here();
    let settings = dispatch::settings(global, &machine)?;
    let mut findings = configuration(&settings);
    let mut session = Session::open(global, wiring)?;
    if session.settings.sources.is_empty() {
        let nothing = Finding::new("source", "none", "bad", "nothing to watch was found");
        findings
            .push(nothing.hint("start a Docker engine or set KUBECONFIG; `quarterdeck demo` shows a simulated world"));
    } else {
        session.gather(global.wait.0).await;
    }
    findings.extend(sources(&session));
    findings.extend(terminal(&machine));
    findings.extend(folders(&settings));
    let state = &session.console.state;
    if global.output == Format::Json {
        output::json("Finding", state, &findings)?;
    } else {
        output::text(&text(&findings))?;
    }
    let bad = |area: &str| findings.iter().any(|f| f.state == "bad" && (f.area == "source") == (area == "source"));
    Ok(match (bad("other"), bad("source")) {
        (true, _) => Exit::Failed,
        (false, true) => Exit::NotFresh,
        (false, false) => Exit::Done,
    })
}

fn text(findings: &[Finding]) -> String {
    let mut out = String::new();
    let mut area = "";
    for finding in findings {
        if finding.area != area {
            area = finding.area;
            out.push_str(&format!("{}{}\n", if out.is_empty() { "" } else { "\n" }, area.to_uppercase()));
        }
        let name = crate::model::Text::line(&finding.name);
        let detail = crate::model::Text::line(&finding.detail);
        out.push_str(&format!("  {:<5} {name}: {detail}\n", finding.state));
        if let Some(hint) = &finding.hint {
            out.push_str(&format!("        hint: {}\n", crate::model::Text::line(hint)));
        }
    }
    out
}

fn configuration(settings: &Settings) -> Vec<Finding> {
    let area = "configuration";
    let mut findings = vec![match &settings.file {
        Some(path) => Finding::new(area, "file", "ok", path.display().to_string()),
        None => Finding::new(area, "file", "ok", "none: built-in defaults and discovery")
            .hint("`quarterdeck init` writes one"),
    }];
    for warning in &settings.warnings {
        let place = format!("{}:{}", warning.file, warning.line);
        findings.push(Finding::new(area, place, "note", warning.message.clone()).hint(warning.help.clone()));
    }
    for attempt in &settings.tried {
        let state = if attempt.found { "ok" } else { "note" };
        findings.push(Finding::new("discovery", attempt.place.clone(), state, attempt.outcome.clone()));
    }
    findings
}

fn sources(session: &Session) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in session.console.state.fleet.sources() {
        let detail = source.status.detail.as_ref().map(|d| format!(", {d}")).unwrap_or_default();
        let version = source.status.version.as_ref().map(|v| format!(", version {v}")).unwrap_or_default();
        let state = match source.state {
            Freshness::Fresh => "ok",
            Freshness::Partial | Freshness::Idle => "note",
            _ => "bad",
        };
        let words = format!("{}{version}{detail}", source.state.word());
        let mut finding = Finding::new("source", source.name.to_string(), state, words);
        if source.state == Freshness::Idle {
            finding =
                finding.hint("not the current one: `--context NAME`, or its key on the Sources screen, connects it");
        } else if source.kind == SourceKind::Docker && source.state.is_live() {
            finding = finding.hint("whoever may use a Docker socket is root on its host");
        } else if let Some(hint) = missing(source) {
            finding = finding.hint(hint);
        }
        findings.push(finding);
    }
    findings
}

/// Denials that one line names; there can be one for each namespace.
const NAMED: usize = 8;

/// Which permissions a Source lacks, in its platform's words, and what writes a policy that has them.
fn missing(source: &SourceView) -> Option<String> {
    let denials = &source.status.denials;
    let (what, policy) = match source.kind {
        SourceKind::Kubernetes => ("RBAC", "kubernetes-read"),
        SourceKind::Aws => ("IAM action", "aws-read"),
        SourceKind::RabbitMq => ("RabbitMQ tag `monitoring` or permission", "rabbitmq-read"),
        SourceKind::Redis => ("Redis ACL", "redis-read"),
        _ => ("grant", ""),
    };
    let written = match policy {
        "" => String::new(),
        policy => format!("; `quarterdeck doctor --print-policy={policy}` prints all that is needed"),
    };
    if denials.is_empty() {
        let refused = source.state == Freshness::Denied && !policy.is_empty();
        return refused.then(|| written.trim_start_matches("; ").to_owned());
    }
    let one = |denial: &Denial| match (source.kind, &denial.scope) {
        (SourceKind::Aws, _) => denial.verb.to_string(),
        (SourceKind::Redis, _) => format!("{} ({})", denial.verb, denial.resource),
        (SourceKind::Kubernetes, Some(scope)) => format!("{} {} in namespace {scope}", denial.verb, denial.resource),
        (SourceKind::Kubernetes, None) => format!("{} {} in the whole cluster", denial.verb, denial.resource),
        (_, Some(scope)) => format!("{} {} of {scope}", denial.verb, denial.resource),
        (_, None) => format!("{} {}", denial.verb, denial.resource),
    };
    let mut named: Vec<String> = denials.iter().take(NAMED).map(one).collect();
    if denials.len() > NAMED {
        named.push(format!("{} more", denials.len() - NAMED));
    }
    Some(format!("missing {what}: {}{written}", named.join(", ")))
}

fn terminal(machine: &Machine) -> Vec<Finding> {
    let area = "terminal";
    let mut findings = Vec::new();
    let both = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    findings.push(match both {
        true => Finding::new(area, "terminal", "ok", "standard input and output are one"),
        false => Finding::new(area, "terminal", "note", "none here: the screen needs one, the commands do not"),
    });
    let term = machine.variable("TERM").unwrap_or("not set");
    let plain = matches!(term, "not set" | "dumb");
    findings.push(match plain && both {
        true => Finding::new(area, "TERM", "bad", term).hint("set it to what your terminal is, as in xterm-256color"),
        false => Finding::new(area, "TERM", if plain { "note" } else { "ok" }, term),
    });
    let colours = match (machine.variable("NO_COLOR"), machine.variable("COLORTERM")) {
        (Some(_), _) => "none, since NO_COLOR is set",
        (None, Some("truecolor" | "24bit")) => "all of them",
        _ if term.contains("256color") => "256",
        _ => "16",
    };
    findings.push(Finding::new(area, "colours", "ok", colours));
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| machine.variable(name)).unwrap_or("not set");
    let utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
    findings.push(match utf8 {
        true => Finding::new(area, "locale", "ok", locale),
        false => Finding::new(area, "locale", "note", format!("{locale}: plain ASCII signs are drawn"))
            .hint("LANG=C.UTF-8 gives all signs"),
    });
    findings
}

fn folders(settings: &Settings) -> Vec<Finding> {
    let area = "folders";
    let Some(paths) = &settings.paths else {
        return vec![Finding::new(area, "home", "bad", "there is none, and no XDG folders").hint("set HOME")];
    };
    let config = paths.config.display().to_string();
    let mut findings = vec![match paths.config.is_dir() {
        true => Finding::new(area, "configuration", "ok", config),
        false => Finding::new(area, "configuration", "note", format!("{config} is not there: nothing needs it yet")),
    }];
    findings.push(match StateFolder::open(&paths.state) {
        Ok(_) => Finding::new(area, "state", "ok", paths.state.display().to_string()),
        Err(error) => Finding::new(area, "state", "bad", error.to_string()).hint("put it right, or set XDG_STATE_HOME"),
    });
    findings
}
