//! The screen: opened on live Sources, on the simulated world, or on a tape.

use std::io::IsTerminal;

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::args::{Global, Replay};
use super::session::{Session, choose};
use super::{Exit, Failure, Wiring, dispatch};
use crate::config::{Machine, Problem, Reloads, Settings, StateFolder};
use crate::engine::Console;
use crate::engine::tape::Player;
use crate::tui::{self, Options, Reload};

/// Opens it; the exit code is 0, or that of the signal that ended it.
///
/// # Errors
/// No terminal, a bad configuration, theme or keymap.
pub async fn run(global: &Global, wiring: &Wiring) -> Result<u8, Failure> {
    terminal()?;
    let Session { console, settings, .. } = Session::open(global, wiring)?;
    let reloads = (!global.demo).then(|| reloads(global, &settings));
    let options = Options { reloads, ..options(settings) };
    tui::run(console, options).await.map_err(closed)
}

/// Plays a tape.
///
/// # Errors
/// No terminal, no tape, or a bad configuration.
pub async fn replay(global: &Global, args: &Replay) -> Result<u8, Failure> {
    if !(args.speed.is_finite() && (0.0..=1000.0).contains(&args.speed)) {
        return Err(Failure::new(Exit::Usage, format!("{} is no speed", args.speed))
            .hint("1 plays as fast as it happened, 10 ten times as fast, 0 stands still"));
    }
    let mut player = Player::open(&args.file).map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::Usage } else { Exit::Failed };
        Failure::new(exit, format!("{} cannot be played", args.file.display()))
            .cause(error)
            .hint("`quarterdeck --record FILE` writes a tape")
    })?;
    terminal()?;
    player.speed = args.speed;
    let (start, _) = player.span();
    let mut console = Console::replay(player);
    if let Some(to) = args.from.and_then(|from| start.checked_add(from.0).ok()) {
        console.jump(to);
    }
    let settings = dispatch::settings(global, &Machine::here())?;
    tui::run(console, Options { tried: Vec::new(), ..options(settings) }).await.map_err(closed)
}

/// What the configuration decides about the screen. Without a usable state folder there is no log, which is said.
fn options(settings: Settings) -> Options {
    let folder = settings.folder();
    let mut tried: Vec<String> = settings.tried.iter().map(|a| format!("{}: {}", a.place, a.outcome)).collect();
    tried.extend(settings.warnings.iter().map(Problem::line));
    let state = settings.paths.as_ref().map(|paths| StateFolder::open(&paths.state));
    let log = match state {
        Some(Ok(state)) => tui::log::start(state.path()).map_err(|error| format!("no log: {error}")).map(Some),
        Some(Err(error)) => Err(format!("no log: {error}")),
        None => Ok(None),
    };
    let log = log.unwrap_or_else(|why| {
        tried.push(why);
        None
    });
    Options {
        theme: settings.ui.theme,
        folder,
        mouse: settings.ui.mouse,
        reduced_motion: settings.ui.reduced_motion,
        ascii: settings.ui.ascii,
        tried,
        log,
        reloads: None,
    }
}

/// The configuration as it is read again, narrowed by the same arguments.
fn reloads(global: &Global, settings: &Settings) -> BoxStream<'static, Reload> {
    let reloads = Reloads::watch(Machine::here(), dispatch::flags(global), settings.clone());
    let narrow = global.clone();
    stream::unfold((reloads, narrow), |(mut reloads, narrow)| async {
        let reload = match reloads.next().await {
            Err(problems) => Reload::Refused(problems.0.first().map(Problem::line).unwrap_or_default()),
            Ok(mut settings) => match choose(&narrow, &mut settings) {
                Err(failure) => Reload::Refused(failure.message),
                Ok(()) => Reload::Taken { rules: settings.rules, sources: settings.sources },
            },
        };
        Some((reload, (reloads, narrow)))
    })
    .boxed()
}

fn closed(error: tui::Error) -> Failure {
    let exit = match &error {
        tui::Error::Watch(_) => Exit::Failed,
        tui::Error::Terminal(_) | tui::Error::Keymap(_) | tui::Error::Theme(_) => Exit::Usage,
    };
    Failure::new(exit, "the screen cannot be opened").cause(error)
}

/// The screen needs a terminal on both sides.
fn terminal() -> Result<(), Failure> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "the screen needs a terminal, and there is none here")
        .hint("`quarterdeck status` answers without one; over ssh, `ssh -t HOST quarterdeck` gives one"))
}
