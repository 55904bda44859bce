//! What `quarterdeck init` writes: a config file with everything that discovery found, commented.

use super::Settings;
use crate::model::{Connection, SourceSpec, Text};

/// The text of a config file for `settings`.
#[must_use]
pub fn text(settings: &Settings) -> String {
    let mut out = String::from(HEAD);
    if settings.sources.is_empty() {
        out.push_str("\n# Nothing was found here. Where it was looked for:\n");
    } else {
        out.push_str("\n# Found on this machine.\n");
    }
    for attempt in &settings.tried {
        let line = Text::line(&format!("{}: {}", attempt.place, attempt.outcome));
        out.push_str(&format!("#   {line}\n"));
    }
    for spec in &settings.sources {
        source(&mut out, spec);
    }
    out.push_str(TAIL);
    out
}

fn source(out: &mut String, spec: &SourceSpec) {
    let mut lines = vec![format!("[[source]]"), format!("name = {}", quoted(spec.name.0.raw()))];
    match &spec.connection {
        Connection::Docker { url, tls, .. } => {
            lines.push(format!("docker = {}", quoted(url)));
            lines.extend(tls.as_ref().map(|path| format!("cert_path = {}", quoted(&path.display().to_string()))));
        }
        Connection::Kubernetes { context, kubeconfig, .. } if !context.is_empty() => {
            lines.push(format!("kubernetes = {}", quoted(context)));
            if let [one] = kubeconfig.as_slice() {
                lines.push(format!("kubeconfig = {}", quoted(&one.display().to_string())));
            }
        }
        Connection::Aws { profile, region, config_file, .. } => {
            lines.push(format!("aws = {}", quoted(profile)));
            lines.extend(region.as_ref().map(|region| format!("region = {}", quoted(region))));
            let file = config_file.as_ref().map(|path| path.display().to_string());
            lines.extend(file.map(|path| format!("config_file = {}", quoted(&path))));
        }
        Connection::RabbitMq { endpoint, .. } => lines.push(format!("rabbitmq = {}", quoted(&endpoint.url))),
        Connection::Redis { endpoint, .. } => lines.push(format!("redis = {}", quoted(&endpoint.url))),
        Connection::Prometheus { endpoint, .. } => lines.push(format!("prometheus = {}", quoted(&endpoint.url))),
        Connection::Alertmanager { endpoint } => lines.push(format!("alertmanager = {}", quoted(&endpoint.url))),
        Connection::Kubernetes { .. } | Connection::Checks { .. } | Connection::Demo { .. } => return,
    }
    if !spec.connect {
        lines.push("connect = false".to_owned());
    }
    out.push_str(&format!("\n# found by: {}\n{}\n", Text::line(&spec.found_by), lines.join("\n")));
}

/// A TOML string.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const HEAD: &str = "\
# Quarterdeck: what to watch, and what belongs together. Every default: `config/defaults.toml` in the source;
# every key: `quarterdeck schema`. A running console reads this file again when it changes.

# With the Sources below named, nothing else needs to be looked for; without this line both are read.
# discover = false
";

const TAIL: &str = r#"
# Which Environments there are, in the order in which Releases move. Without this, names decide: a namespace or a
# Compose project `shop-prod` is the Environment `prod` of the System `shop`. `quarterdeck explain ADDRESS` says why.
# [[system]]
# name = "shop"
# path = ["dev", "staging", "prod"]
#
# [[environment]]
# system = "shop"
# name = "prod"
# tier = "production"
# match = [{ namespace = "shop-*" }, { project = "shop" }]
"#;
