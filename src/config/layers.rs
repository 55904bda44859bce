//! The layers, merged once: embedded defaults, the file, the environment, the flags.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::file::{File, Policies, Policy, Ui as UiFile};
use super::settings::{Settings, Ui};
use super::{Machine, Paths, Problem, Problems, discover, resolve};
use crate::model::{Connection, SourceSpec};

/// Every default, commented; it is a config file itself.
pub const DEFAULTS: &str = include_str!("../../config/defaults.toml");
/// Largest config file that is read.
const LARGEST: u64 = 1 << 20;

/// What the command line says about configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    pub config: Option<PathBuf>,
    pub theme: Option<String>,
}

/// Reads everything and resolves it.
///
/// # Errors
/// All that is wrong with the file, or that it cannot be read.
pub fn load(machine: &Machine, flags: &Flags) -> Result<Settings, Problems> {
    let paths = Paths::of(machine);
    let defaults = builtin()?;
    let Some((path, named)) = chosen(machine, flags, paths.as_ref()) else {
        return Ok(finish(machine, flags, paths, resolve::nothing(&defaults), defaults, None));
    };
    let shown = path.display().to_string();
    match read(&path) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound && !named => {
            Ok(finish(machine, flags, paths, resolve::nothing(&defaults), defaults, None))
        }
        Err(error) => {
            let help = "name another with --config or QUARTERDECK_CONFIG, or write one with `quarterdeck init`";
            Err(Problems(vec![Problem::whole(&shown, format!("the config file cannot be read: {error}"), help)]))
        }
        Ok(text) => {
            let (file, resolved) = resolve::parse(&shown, &text, path.parent())?;
            let merged = file.over(defaults);
            Ok(finish(machine, flags, paths, resolved, merged, Some(path)))
        }
    }
}

/// The embedded defaults.
fn builtin() -> Result<File, Problems> {
    resolve::parse("defaults.toml", DEFAULTS, None).map(|(file, _)| file)
}

/// Which file is read, and whether somebody named it. A relative name on the command line is one from the current
/// directory, as every tool takes it; in the environment a relative name is ignored (SAFETY attack 38).
fn chosen(machine: &Machine, flags: &Flags, paths: Option<&Paths>) -> Option<(PathBuf, bool)> {
    if let Some(path) = &flags.config {
        return Some((path.clone(), true));
    }
    if let Some(path) = machine.folder("QUARTERDECK_CONFIG") {
        return Some((path, true));
    }
    Some((paths?.config_file(), false))
}

fn read(path: &Path) -> io::Result<String> {
    let length = fs::metadata(path)?.len();
    if length > LARGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has {length} bytes, more than {LARGEST}")));
    }
    fs::read_to_string(path)
}

fn finish(
    machine: &Machine,
    flags: &Flags,
    paths: Option<Paths>,
    resolved: resolve::Resolved,
    file: File,
    path: Option<PathBuf>,
) -> Settings {
    let resolve::Resolved { mut sources, checks, mut rules, mut warnings } = resolved;
    let mut tried = Vec::new();
    if machine.variable("QUARTERDECK_CONFIG").is_some() && machine.folder("QUARTERDECK_CONFIG").is_none() {
        tried.push(super::Attempt::miss("QUARTERDECK_CONFIG", "ignored: it is a relative path"));
    }
    complete(&mut sources, machine, &mut tried);
    if file.discover.unwrap_or(true) {
        let allow_exec = file.kubernetes.allow_exec.clone().unwrap_or_default();
        let found = discover::discover(machine, &allow_exec);
        tried.extend(found.tried);
        warnings.extend(found.warnings);
        for spec in found.sources {
            if !sources.iter().any(|known| discover::same(known, &spec)) {
                sources.push(spec);
            }
        }
    }
    rules.checks = super::checks::rules(&file, &sources);
    if !checks.is_empty() {
        sources.push(SourceSpec::checks(checks));
    }
    let theme = flags.theme.clone().or_else(|| machine.variable("QUARTERDECK_THEME").map(str::to_owned));
    let ui = Ui {
        theme: theme.or(file.ui.theme.clone()).unwrap_or_else(|| "auto".to_owned()),
        mouse: file.ui.mouse.unwrap_or(true),
        reduced_motion: file.ui.reduced_motion.unwrap_or(false),
        ascii: file.ui.ascii,
    };
    let rulebook = super::changes::rulebook(&file);
    Settings { sources, rules, rulebook, ui, tried, warnings, file: path, paths }
}

/// A declared context without a kubeconfig of its own is looked for where every tool looks.
fn complete(sources: &mut [SourceSpec], machine: &Machine, tried: &mut Vec<super::Attempt>) {
    for spec in sources {
        if let Connection::Kubernetes { kubeconfig, .. } = &mut spec.connection
            && kubeconfig.is_empty()
        {
            *kubeconfig = discover::kubeconfigs(machine, tried);
        }
    }
}

impl File {
    /// This file's values, and those of `below` where it says nothing. Lists are not mixed: the file's stand alone.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            discover: self.discover.or(below.discover),
            ui: self.ui.over(below.ui),
            policy: Policies {
                production: self.policy.production.over(below.policy.production),
                staging: self.policy.staging.over(below.policy.staging),
                dev: self.policy.dev.over(below.policy.dev),
            },
            kubernetes: super::file::Kubernetes {
                allow_exec: self.kubernetes.allow_exec.or(below.kubernetes.allow_exec),
            },
            checks: super::file::Checks {
                discover: self.checks.discover.or(below.checks.discover),
                hosts: self.checks.hosts.or(below.checks.hosts),
            },
            ..self
        }
    }
}

impl UiFile {
    fn over(self, below: Self) -> Self {
        Self {
            theme: self.theme.or(below.theme),
            mouse: self.mouse.or(below.mouse),
            reduced_motion: self.reduced_motion.or(below.reduced_motion),
            ascii: self.ascii.or(below.ascii),
        }
    }
}

impl Policy {
    fn over(self, below: Self) -> Self {
        Self {
            confirm: self.confirm.or(below.confirm),
            reason: self.reason.or(below.reason),
            unlock: self.unlock.or(below.unlock),
            bake: self.bake.or(below.bake),
            soak: self.soak.or(below.soak),
            floor: self.floor.or(below.floor),
            max_step: self.max_step.or(below.max_step),
            require_verified: self.require_verified.or(below.require_verified),
        }
    }
}
