//! What can be typed: commands, options and their help. The reference in `tests/cli/` follows from these words.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::values::Length;

/// The console of the officer of the watch: every environment and service that this machine can reach, in one terminal.
///
/// Without a command the screen opens: it shows the local Docker engine and every context of the kubeconfig, without any
/// configuration. The commands answer the same without a screen, as text or as JSON.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Option<Command>,
}

const EXAMPLES: &str = "\
Examples:
  quarterdeck                          the screen
  quarterdeck demo                     the screen on a simulated world; nothing real is touched
  quarterdeck status                   which environments are well, and what needs attention
  quarterdeck services -o json | jq    every service as data
  quarterdeck check prod/api           its health checks, run now
  quarterdeck why prod/api             what is wrong with a service, with the evidence
  quarterdeck logs prod/api -f         its logs, all instances merged

Exit codes:
  0 done · 1 failed · 2 usage or configuration · 3 refused or not confirmed · 4 the world moved since the plan
  5 failed and rolled back · 6 outcome unknown · 7 something asked for is degraded or down
  8 a source that was needed is not fresh";

/// Options that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Global {
    /// How answers are written
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT", hide_possible_values = true, help = "How answers are written: text, wide or json")]
    pub output: Format,
    /// Read this config file
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Only this context of the kubeconfig, connected even if it is not the current one
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,
    /// Only this source; may be given several times
    #[arg(long, global = true, value_name = "NAME")]
    pub source: Vec<String>,
    /// Only this environment: `prod` or `shop/prod`
    #[arg(long, global = true, value_name = "ENV")]
    pub environment: Option<String>,
    /// Ask the simulated world instead of real sources
    #[arg(long, global = true)]
    pub demo: bool,
    /// Which simulated world: the same number tells the same story
    #[arg(long, global = true, value_name = "N", default_value_t = 7)]
    pub seed: u64,
    /// Stop the simulated world at this time of its story, as in 10m
    #[arg(long, global = true, value_name = "TIME")]
    pub at: Option<Length>,
    /// How long to wait for the first answer of every source
    #[arg(long, global = true, value_name = "TIME", default_value = "5s")]
    pub wait: Length,
    /// Write everything that happens to this file, to be played by `replay`; secrets are masked
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Colours of the screen: a name that `themes` lists
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Say on standard error what is done
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns.
    Text,
    /// More columns.
    Wide,
    /// One JSON object.
    Json,
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Every environment with its health, and what needs attention
    #[command(
        after_help = "Examples:\n  quarterdeck status\n  quarterdeck status --exit-code || page-somebody\n  quarterdeck status --watch\n  quarterdeck status --environment prod -o json"
    )]
    Status(Status),
    /// Every service: tier, health, instances, image, reasons
    #[command(
        after_help = "Examples:\n  quarterdeck services\n  quarterdeck services --environment shop/prod -o wide\n  quarterdeck services -o json | jq '.items[] | select(.health == \"down\") | .address'"
    )]
    Services,
    /// Every queue: what waits, for how long, who takes it, and when it will be empty
    #[command(
        after_help = "Examples:\n  quarterdeck queues\n  quarterdeck queues --environment shop/prod -o wide\n  quarterdeck queues -o json | jq '.items[] | select(.state == \"stuck\") | .name'"
    )]
    Queues,
    /// Every alarm, what fires first: since when, of which service
    #[command(
        after_help = "Examples:\n  quarterdeck alarms\n  quarterdeck alarms -o wide\n  quarterdeck alarms -o json | jq '.items[] | select(.state == \"firing\") | .name'"
    )]
    Alarms,
    /// Every store: health, connections, memory, backups
    #[command(after_help = "Examples:\n  quarterdeck stores\n  quarterdeck stores --environment prod -o json")]
    Stores,
    /// Every check: what is asked, how it ended last, since when
    #[command(
        after_help = "Examples:\n  quarterdeck checks\n  quarterdeck checks --environment prod -o wide\n  quarterdeck checks -o json | jq '.items[] | select(.state == \"failing\")'"
    )]
    Checks,
    /// Run checks now: those of a service, of an environment, or all
    #[command(
        after_help = "Examples:\n  quarterdeck check\n  quarterdeck check prod/api\n  quarterdeck check prod --exit-code || page-somebody\n  quarterdeck check prod/api -o json"
    )]
    Check(Check),
    /// Every source: state, age, and what is denied
    #[command(after_help = "Examples:\n  quarterdeck sources\n  quarterdeck sources -o json")]
    Sources,
    /// Which rules put a service into its environment
    #[command(after_help = "Examples:\n  quarterdeck explain prod/api\n  quarterdeck explain shop/prod/api -o json")]
    Explain(Target),
    /// Why a service is as it is: what was found, with the evidence and what would help
    #[command(after_help = "Examples:\n  quarterdeck why prod/api\n  quarterdeck why api -o json")]
    Why(Target),
    /// The logs of a service, all instances merged
    #[command(
        after_help = "Examples:\n  quarterdeck logs prod/api\n  quarterdeck logs prod/api -f --tail 20\n  quarterdeck logs prod/worker --previous --since 1h\n  quarterdeck logs prod/api --instance api-7d4b9c-x2x5k"
    )]
    Logs(Logs),
    /// Another number of instances
    #[command(
        after_help = "Examples:\n  quarterdeck scale prod/worker 3\n  quarterdeck scale prod/worker +1 --reason INC-212\n  quarterdeck scale prod/worker --limits 2:8\n  quarterdeck scale dev/front 2 --plan -o json"
    )]
    Scale(Scale),
    /// Replace the instances one after the other
    #[command(after_help = "Examples:\n  quarterdeck restart prod/api\n  quarterdeck restart dev/api --yes")]
    Restart(Service),
    /// Bring what runs in one environment to another, by digest
    #[command(
        after_help = "Examples:\n  quarterdeck promote staging/api --to prod\n  quarterdeck promote dev/api dev/worker --to staging\n  quarterdeck promote staging/api --to prod --release 4be91c0aa2d1"
    )]
    Promote(Promote),
    /// Return to the last verified release, or to a chosen one
    #[command(
        after_help = "Examples:\n  quarterdeck rollback prod/api\n  quarterdeck rollback prod/api --to 4be91c0aa2d1"
    )]
    Rollback(RollBack),
    /// Hold a rollout
    #[command(after_help = "Examples:\n  quarterdeck pause prod/api")]
    Pause(Service),
    /// Let a rollout that is held go on
    #[command(after_help = "Examples:\n  quarterdeck resume prod/api")]
    Resume(Service),
    /// Return to what ran before the rollout that is under way
    #[command(after_help = "Examples:\n  quarterdeck undo prod/api")]
    Undo(Service),
    /// Delete one instance and let it be replaced
    #[command(after_help = "Examples:\n  quarterdeck delete prod/api/api-7d4b9c-x2x5k")]
    Delete(Delete),
    /// Carry out a plan that --plan made, once, until it expires
    #[command(after_help = "Examples:\n  quarterdeck apply 7f3a19c04be2 --yes")]
    Apply(Apply),
    /// Allow changes in an environment that is locked, for a time
    #[command(after_help = "Examples:\n  quarterdeck unlock biz/prod --for 30m --reason INC-212")]
    Unlock(Unlock),
    /// Lock an environment again before its time is over
    #[command(after_help = "Examples:\n  quarterdeck lock biz/prod")]
    Lock(Lock),
    /// What is being changed, and what was
    #[command(
        after_help = "Examples:\n  quarterdeck runs list\n  quarterdeck runs attach 7f3a\n  quarterdeck runs abort 7f3a --undo"
    )]
    Runs(Runs),
    /// The record of every change and every attempt
    #[command(
        after_help = "Examples:\n  quarterdeck journal list\n  quarterdeck journal verify\n  quarterdeck journal export > night.jsonl"
    )]
    Journal(Journal),
    /// Which release runs where, and which ran before
    #[command(after_help = "Examples:\n  quarterdeck releases\n  quarterdeck releases --environment prod -o json")]
    Releases,
    /// Carries one run out
    #[command(hide = true)]
    Keeper,
    /// What changed, as far as the platforms tell
    #[command(after_help = "Examples:\n  quarterdeck timeline\n  quarterdeck timeline --follow --environment prod")]
    Timeline(Timeline),
    /// Whether everything is in order: sources, terminal, folders, permissions
    #[command(
        after_help = "Examples:\n  quarterdeck doctor\n  quarterdeck doctor -o json\n  quarterdeck doctor --print-policy\n  quarterdeck doctor --print-policy=kubernetes-read | kubectl apply -f -"
    )]
    Doctor(Doctor),
    /// Write a commented config file with what was found on this machine
    #[command(
        after_help = "Examples:\n  quarterdeck init\n  quarterdeck init --print\n  quarterdeck init --config ./quarterdeck.toml"
    )]
    Init(Init),
    /// The screen on a simulated world of five products; nothing real is touched
    #[command(
        after_help = "Examples:\n  quarterdeck demo\n  quarterdeck demo --seed 3 --at 10m\n  quarterdeck demo reset\n  quarterdeck services --demo"
    )]
    Demo(Demo),
    /// Play what --record wrote
    #[command(
        after_help = "Examples:\n  quarterdeck --record night.tape\n  quarterdeck replay night.tape\n  quarterdeck replay night.tape --speed 10 --from 12m\n\nKeys while playing: see `quarterdeck keys`."
    )]
    Replay(Replay),
    /// The keys of the screen
    #[command(
        after_help = "Examples:\n  quarterdeck keys\n  quarterdeck keys -o json\n  quarterdeck keys --toml > ~/.config/quarterdeck/keymap.toml"
    )]
    Keys(Keys),
    /// The themes, and which one is in use
    #[command(after_help = "Examples:\n  quarterdeck themes\n  quarterdeck --theme light")]
    Themes,
    /// The JSON schema of the config file, for editors
    #[command(after_help = "Examples:\n  quarterdeck schema > quarterdeck.schema.json")]
    Schema,
    /// A completion script for a shell
    #[command(
        after_help = "Examples:\n  quarterdeck completions bash > ~/.local/share/bash-completion/completions/quarterdeck\n  quarterdeck completions zsh > ~/.zfunc/_quarterdeck\n  quarterdeck completions fish > ~/.config/fish/completions/quarterdeck.fish"
    )]
    Completions(Completions),
    /// The manual page
    #[command(after_help = "Examples:\n  quarterdeck man | man -l -")]
    Man,
}

/// `status`.
#[derive(Debug, Default, Args)]
pub struct Status {
    /// Stay, and show changes: on a terminal the table again, else one line for each
    #[arg(long)]
    pub watch: bool,
    /// Exit with 7 when a service is degraded or down
    #[arg(long)]
    pub exit_code: bool,
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A service or an environment: prod/api, api, prod; without it, all
    pub address: Option<String>,
    /// Exit with 7 when a check fails, with 6 when one could not be run or there is none
    #[arg(long)]
    pub exit_code: bool,
}

/// A Service.
#[derive(Debug, Args)]
pub struct Target {
    /// SYSTEM/ENV/SERVICE, or any end of it that is unique: prod/api, api
    pub address: String,
}

/// `logs`.
#[derive(Debug, Args)]
pub struct Logs {
    /// SYSTEM/ENV/SERVICE, or any end of it that is unique: prod/api, api
    pub address: String,
    /// Go on with new lines until interrupted
    #[arg(short, long)]
    pub follow: bool,
    /// The containers before their last restart
    #[arg(short, long, conflicts_with = "follow")]
    pub previous: bool,
    /// Only lines of this last time, as in 5m
    #[arg(long, value_name = "TIME")]
    pub since: Option<Length>,
    /// Only so many last lines of each instance
    #[arg(long, value_name = "LINES")]
    pub tail: Option<u32>,
    /// Only this instance: its name, the end of it, or its number
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
}

/// How a change is approved.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Approval")]
pub struct Approval {
    /// Print the plan and keep it for `apply`; change nothing
    #[arg(long, conflicts_with_all = ["yes", "confirm", "detach"])]
    pub plan: bool,
    /// Go ahead, where the policy asks to press
    #[arg(short, long)]
    pub yes: bool,
    /// The whole address of what is changed, where the policy asks to type it
    #[arg(long, value_name = "ADDRESS")]
    pub confirm: Option<String>,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Print the run's id and return, instead of waiting for its verdict
    #[arg(long)]
    pub detach: bool,
}

/// `scale`.
#[derive(Debug, Args)]
pub struct Scale {
    /// SYSTEM/ENV/SERVICE, or any end of it that is unique: prod/api, api
    pub address: String,
    /// How many: 3 sets it, +1 and -1 change it
    #[arg(allow_hyphen_values = true, required_unless_present = "limits")]
    pub count: Option<String>,
    /// Instead of a number, the limits of the autoscaler that owns it, as in 2:8
    #[arg(long, value_name = "MIN:MAX", conflicts_with = "count")]
    pub limits: Option<String>,
    #[command(flatten)]
    pub approval: Approval,
}

/// A change of one Service without more to say.
#[derive(Debug, Args)]
pub struct Service {
    /// SYSTEM/ENV/SERVICE, or any end of it that is unique: prod/api, api
    pub address: String,
    #[command(flatten)]
    pub approval: Approval,
}

/// `promote`.
#[derive(Debug, Args)]
pub struct Promote {
    /// Services whose release is promoted: one, or several that travel together, in this order
    #[arg(required = true)]
    pub address: Vec<String>,
    /// The environment that it is brought to: prod, shop/prod
    #[arg(long, value_name = "ENV")]
    pub to: String,
    /// Another release than the one that runs, by its id
    #[arg(long, value_name = "ID")]
    pub release: Option<String>,
    /// Who stands for a release that was not verified
    #[arg(long, value_name = "NAME")]
    pub vouch: Option<String>,
    /// An item of the checklist that is done; may be given several times
    #[arg(long, value_name = "ITEM")]
    pub tick: Vec<String>,
    #[command(flatten)]
    pub approval: Approval,
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollBack {
    /// SYSTEM/ENV/SERVICE, or any end of it that is unique: prod/api, api
    pub address: String,
    /// To this release or revision, as `releases` lists it
    #[arg(long, value_name = "RELEASE")]
    pub to: Option<String>,
    #[command(flatten)]
    pub approval: Approval,
}

/// `delete`.
#[derive(Debug, Args)]
pub struct Delete {
    /// The instance's name or id, alone or behind the address of its service
    pub instance: String,
    #[command(flatten)]
    pub approval: Approval,
}

/// `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// The plan's id
    pub id: String,
    #[command(flatten)]
    pub approval: Approval,
}

/// `unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    /// SYSTEM/ENV, or ENV where that is unique
    pub environment_address: String,
    /// For how long
    #[arg(long = "for", value_name = "TIME", default_value = "30m")]
    pub length: Length,
    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

/// `lock`.
#[derive(Debug, Args)]
pub struct Lock {
    /// SYSTEM/ENV, or ENV where that is unique
    pub environment_address: String,
}

/// `runs`.
#[derive(Debug, Args)]
pub struct Runs {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
}

/// `runs …`.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// All runs, the newest last
    List,
    /// One run with its steps
    Show(OneRun),
    /// Follow a run to its verdict
    Attach(OneRun),
    /// End a run at its next boundary
    Abort(AbortRun),
    /// Go on with a run that was cut off: look what was done, and plan the rest anew
    Resume(ResumeRun),
    /// Call a run that was cut off over, without more
    Mark(MarkRun),
}

/// One Run.
#[derive(Debug, Args)]
pub struct OneRun {
    /// The run's id, or the start of it
    pub id: String,
}

/// `runs abort`.
#[derive(Debug, Args)]
pub struct AbortRun {
    /// The run's id, or the start of it
    pub id: String,
    /// Take back what was done, in reverse order
    #[arg(long)]
    pub undo: bool,
}

/// `runs resume`.
#[derive(Debug, Args)]
pub struct ResumeRun {
    /// The run's id, or the start of it
    pub id: String,
    #[command(flatten)]
    pub approval: Approval,
}

/// `runs mark`.
#[derive(Debug, Args)]
pub struct MarkRun {
    /// The run's id, or the start of it
    pub id: String,
    /// Why it is over
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
}

/// `journal`.
#[derive(Debug, Args)]
pub struct Journal {
    #[command(subcommand)]
    pub command: Option<JournalCommand>,
}

/// `journal …`.
#[derive(Debug, Subcommand)]
pub enum JournalCommand {
    /// Every record, the oldest first
    List,
    /// Whether the journal is whole, and agrees with its anchor
    Verify,
    /// The journal as it stands, one JSON line for each record
    Export,
}

/// `timeline`.
#[derive(Debug, Args)]
pub struct Timeline {
    /// Go on with new changes until interrupted
    #[arg(short, long)]
    pub follow: bool,
}

/// `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Print what a platform has to allow, to read and to change: all, or one as in aws-read
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub print_policy: Option<String>,
}

/// `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Print it instead of writing it
    #[arg(long)]
    pub print: bool,
}

/// `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    #[command(subcommand)]
    pub command: Option<DemoCommand>,
}

/// `demo …`.
#[derive(Debug, Subcommand)]
pub enum DemoCommand {
    /// Start the story of this seed over
    Reset,
}

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// What --record wrote
    pub file: PathBuf,
    /// Times as fast as it happened
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Begin this long after its start
    #[arg(long, value_name = "TIME")]
    pub from: Option<Length>,
}

/// `keys`.
#[derive(Debug, Args)]
pub struct Keys {
    /// As a keymap file with every default, to be changed
    #[arg(long)]
    pub toml: bool,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    pub shell: clap_complete::Shell,
}
