//! The config file as it is written: every key of the grammar, nothing resolved yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::values::{Length, Secret, Share};
use crate::model::{Queries, Redirects, Severity, Tier};

/// `config.toml`. Every key is optional; lists are written as `[[source]]` and so on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Whether Sources are looked for beside the ones named here.
    pub discover: Option<bool>,
    #[serde(default)]
    pub ui: Ui,
    /// Connections to read.
    #[serde(default)]
    pub source: Vec<Source>,
    /// Products and the order in which their Environments promote into each other.
    #[serde(default)]
    pub system: Vec<System>,
    /// What belongs to an Environment, and how careful one must be there.
    #[serde(default)]
    pub environment: Vec<Environment>,
    /// Times in which nothing is changed.
    #[serde(default)]
    pub freeze: Vec<Freeze>,
    #[serde(default)]
    pub queue: Vec<Queue>,
    #[serde(default)]
    pub check: Vec<Check>,
    /// Which checks are run that nobody wrote down.
    #[serde(default)]
    pub checks: Checks,
    /// Our own alarms, beside the default ones.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// What must be done before a Release is promoted.
    #[serde(default)]
    pub checklist: Vec<ChecklistItem>,
    #[serde(default)]
    pub policy: Policies,
    #[serde(default)]
    pub kubernetes: Kubernetes,
}

/// How the screen looks and behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ui {
    /// A theme's name, or `auto`.
    pub theme: Option<String>,
    /// Whether clicks and the wheel are taken; `m` changes it while running.
    pub mouse: Option<bool>,
    /// No animation.
    pub reduced_motion: Option<bool>,
    /// Plain ASCII signs; without it, by the locale.
    pub ascii: Option<bool>,
}

/// One connection: a name, exactly one of the kinds, and what that kind takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub name: String,
    /// `unix:///…`, `tcp://host:port` or `ssh://user@host`.
    pub docker: Option<String>,
    /// A context of the kubeconfig.
    pub kubernetes: Option<String>,
    /// An AWS profile.
    pub aws: Option<String>,
    /// URL of the management API.
    pub rabbitmq: Option<String>,
    /// `redis://…` or `rediss://…`.
    pub redis: Option<String>,
    pub prometheus: Option<String>,
    pub alertmanager: Option<String>,
    /// Whether it is connected at the start (the default).
    pub connect: Option<bool>,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long one request may take.
    pub timeout: Option<Length>,
    /// docker over TLS: a folder with `ca.pem`, `cert.pem` and `key.pem`.
    pub cert_path: Option<PathBuf>,
    /// kubernetes: only these namespaces; `*` at the end stands for anything.
    pub namespaces: Option<Vec<String>>,
    /// kubernetes: this file instead of the usual ones.
    pub kubeconfig: Option<PathBuf>,
    /// aws
    pub region: Option<String>,
    /// aws: only these clusters.
    pub clusters: Option<Vec<String>>,
    /// aws: this file of profiles instead of the usual ones.
    pub config_file: Option<PathBuf>,
    /// rabbitmq, redis, prometheus, alertmanager
    pub user: Option<String>,
    /// rabbitmq, redis; prometheus, alertmanager, which without a user get it as a bearer token
    pub password: Option<Secret>,
    /// rabbitmq: only these.
    pub vhosts: Option<Vec<String>>,
    /// prometheus: PromQL instead of the built-in queries; an empty one turns a number off.
    pub queries: Option<Queries>,
}

/// A product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub name: String,
    /// Its Environments, first to last.
    pub path: Vec<String>,
}

/// One Environment.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    pub system: Option<String>,
    pub name: String,
    pub tier: Option<Tier>,
    /// Where people use it.
    pub url: Option<String>,
    /// The branch that it is deployed from.
    pub branch: Option<String>,
    /// What belongs to it; any of them suffices.
    #[serde(default, rename = "match")]
    pub matches: Vec<Match>,
    /// Per Service.
    #[serde(default)]
    pub limits: BTreeMap<String, Limit>,
}

/// What a thing must be to belong: every key that is given must fit, `*` stands for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Match {
    pub source: Option<String>,
    /// Of Kubernetes.
    pub namespace: Option<String>,
    /// Of Compose.
    pub project: Option<String>,
    /// Of ECS.
    pub cluster: Option<String>,
    /// Of the Workload.
    pub name: Option<String>,
    /// `key=value`.
    pub label: Option<String>,
}

/// How far a Service may be scaled, and when it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// A condition such as `queue crawl-jobs > 500` or `cpu > 70%`.
    pub scale_out: Option<String>,
}

/// A time in which nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// `SYSTEM/ENV`, `*` stands for anything.
    pub environments: Vec<String>,
    /// `Fri 16:00` for every week, or an RFC 3339 time.
    pub from: String,
    pub until: String,
    /// A time zone's name; for weekly times.
    pub zone: Option<String>,
    pub reason: Option<String>,
}

/// Queues of a broker, and who takes from them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    pub source: String,
    pub rabbitmq: Option<Vec<String>>,
    pub bullmq: Option<Vec<String>>,
    pub celery: Option<Vec<String>>,
    pub sqs: Option<Vec<String>>,
    /// A Service.
    pub consumer: Option<String>,
    /// More than this many waiting is a backlog.
    pub limit: Option<u64>,
}

/// Front doors that Sources tell of: published ports, Traefik rules, Ingresses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// Whether they are checked, as far as they are at this machine or at the host of a Source.
    pub discover: Option<bool>,
    /// Other hosts that may be asked too; `*` stands for anything.
    pub hosts: Option<Vec<String>>,
}

/// A health check of our own; exactly one of the kinds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub service: String,
    pub http: Option<String>,
    /// `host:port`
    pub tcp: Option<String>,
    /// `host:port`
    pub tls: Option<String>,
    /// A name that must lead to an address.
    pub dns: Option<String>,
    /// `postgres://user@host:5432/database`; `?sslmode=disable`, `prefer` or `require`.
    pub postgres: Option<String>,
    /// `redis://host:6379` or `rediss://host:6379`.
    pub redis: Option<String>,
    #[serde(default)]
    pub expect: Expect,
    /// How often it is run.
    pub every: Option<Length>,
    /// How long one run may take.
    pub timeout: Option<Length>,
    /// Certificates that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// http, redis; postgres has it in its URL too. http without a user sends the password as a bearer token.
    pub user: Option<String>,
    /// http, postgres, redis
    pub password: Option<Secret>,
}

/// What makes a check pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    pub status: Option<u16>,
    pub within_ms: Option<u32>,
    /// Words that the answer must hold.
    pub body: Option<String>,
    /// A certificate must be good for at least this long.
    pub valid_for: Option<Length>,
    /// http: where it goes when it is sent on.
    pub redirects: Option<Redirects>,
}

/// An alarm of our own: where its condition holds of a Service for long enough, it fires. One with the name of a default
/// rule changes that one in what it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub name: String,
    /// A condition in the filter language, asked of every Service: `env:prod ready<desired`.
    pub when: Option<String>,
    /// How long it must hold.
    #[serde(rename = "for")]
    pub holds: Option<Length>,
    /// A warning without this.
    pub severity: Option<Severity>,
    /// What to say of it.
    pub summary: Option<String>,
    /// Where its runbook lies: a URL or the name of a runbook.
    pub runbook: Option<String>,
    /// `false` takes a default rule away.
    pub enabled: Option<bool>,
}

/// One item to tick, or to prove by a check, before a promotion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChecklistItem {
    pub environments: Vec<String>,
    pub item: String,
    /// A check of this Service proves it.
    pub check: Option<String>,
    /// A person says so.
    pub tick: Option<bool>,
}

/// The rules of change by tier; an unknown tier is treated as production.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    #[serde(default)]
    pub production: Policy,
    #[serde(default)]
    pub staging: Policy,
    #[serde(default)]
    pub dev: Policy,
}

/// What a change needs before it runs, and how much it may take away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub confirm: Option<Confirm>,
    /// Whether a reason must be given.
    pub reason: Option<bool>,
    /// Whether the Environment must be unlocked first.
    pub unlock: Option<bool>,
    /// How long a change must hold until it counts as kept.
    pub bake: Option<Length>,
    /// How long a Release must be healthy until it counts as verified.
    pub soak: Option<Length>,
    /// Healthy Instances that must remain.
    pub floor: Option<u32>,
    /// Most Instances taken away in one step.
    pub max_step: Option<Share>,
    /// Whether only Releases that were verified in the Environment before may be promoted.
    pub require_verified: Option<bool>,
}

/// How a change is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    None,
    Press,
    /// The target's address is typed.
    Type,
}

/// What holds for every Kubernetes Source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kubernetes {
    /// Login plugins that may run beside the built-in list; by name, found in absolute PATH folders only.
    pub allow_exec: Option<Vec<String>>,
}
