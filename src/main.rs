//! The thin binary: wire the Sources to the faces, parse, dispatch, exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use quarterdeck::cli::{self, Cli, Exit, Failure, Wiring};
use quarterdeck::sources::registry::Registry;

fn main() -> ExitCode {
    // The one cryptography of all clients, before any of them is made; only a second call could fail.
    drop(rustls::crypto::ring::default_provider().install_default());
    let arguments = match Cli::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version end well, wrong usage with 2; where the words cannot be written nobody waits for them.
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.code()));
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let failure = Failure::new(Exit::Failed, "no threads can be started").cause(error);
            return ExitCode::from(cli::dispatch::report(&failure).code());
        }
    };
    let wiring = Wiring {
        opener: Arc::new(Registry),
        demo: quarterdeck::sources::demo::specs,
        policies: quarterdeck::sources::policies::all,
    };
    let code = runtime.block_on(cli::run(arguments, &wiring));
    // Whatever a Source still waits for, nobody waits for it: but it is dropped, so that its child processes end with us.
    runtime.shutdown_timeout(Duration::from_millis(50));
    ExitCode::from(code)
}
