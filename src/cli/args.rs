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
  0 done · 1 failed · 2 usage or configuration · 3 refused · 6 outcome unknown
  7 something asked for is degraded or down · 8 a source that was needed is not fresh";

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
