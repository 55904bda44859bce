//! `[[source]]` entries: exactly one kind each, with only the keys that the kind takes, resolved to what the registry opens.

use std::path::{Path, PathBuf};

use super::diagnostics::Document;
use super::file::{File, Source};
use super::values::Secret;
use crate::model::{Connection, Endpoint, SecretPlace, SourceName, SourceSpec};

/// The kinds, and what each takes beside `name`, `connect`, `ca_file` and `timeout`.
const KINDS: [(&str, &[&str]); 7] = [
    ("docker", &["cert_path"]),
    ("kubernetes", &["namespaces", "kubeconfig"]),
    ("aws", &["region", "clusters", "config_file"]),
    ("rabbitmq", &["user", "password", "vhosts"]),
    ("redis", &["user", "password"]),
    ("prometheus", &["user", "password", "queries"]),
    ("alertmanager", &["user", "password"]),
];

/// The specs of those Sources that this build can open; the others are named in a warning.
pub fn resolve(file: &File, folder: Option<&Path>, document: &mut Document<'_>) -> Vec<SourceSpec> {
    let mut specs = Vec::new();
    for (index, source) in file.source.iter().enumerate() {
        let at = index.to_string();
        name(file, index, document);
        let Some(kind) = kind(source, &at, document) else { continue };
        foreign_keys(source, kind, &at, document);
        secret(source.password.as_ref(), &["source", &at, "password"], document);
        if let Some(timeout) = source.timeout.filter(|t| t.0.is_zero() || t.0.as_secs() > 600) {
            let message = format!("a timeout of {} s cannot be meant", timeout.0.as_secs());
            document.refuse(&["source", &at, "timeout"], message, "between 1s and 10m; 10s is usual");
        }
        if let Some(connection) = connection(source, kind, &at, folder, file, document) {
            specs.push(SourceSpec {
                name: SourceName::new(&source.name),
                connection,
                connect: source.connect.unwrap_or(true),
                found_by: "config".to_owned(),
                timeout_seconds: source.timeout.and_then(|t| u32::try_from(t.0.as_secs().max(1)).ok()),
            });
        }
    }
    specs
}

fn name(file: &File, index: usize, document: &mut Document<'_>) {
    let (name, at) = (&file.source[index].name, index.to_string());
    if name.trim().is_empty() || name.chars().any(char::is_whitespace) {
        document.refuse(&["source", &at, "name"], "a Source's name is one word", "as in name = \"vm1\"");
    }
    if name == SourceSpec::CHECKS {
        let message = format!("`{name}` is the Source of the Checks");
        document.refuse(&["source", &at, "name"], message, "choose another name, as in name = \"vm1\"");
    }
    if file.source[..index].iter().any(|earlier| earlier.name == *name) {
        let message = format!("two Sources are called `{name}`");
        document.refuse(&["source", &at, "name"], message, "give each Source a name of its own");
    }
}

/// Which keys of a Source are there, besides those that every kind takes.
fn given(source: &Source) -> Vec<&'static str> {
    let keys = [
        ("docker", source.docker.is_some()),
        ("kubernetes", source.kubernetes.is_some()),
        ("aws", source.aws.is_some()),
        ("rabbitmq", source.rabbitmq.is_some()),
        ("redis", source.redis.is_some()),
        ("prometheus", source.prometheus.is_some()),
        ("alertmanager", source.alertmanager.is_some()),
        ("cert_path", source.cert_path.is_some()),
        ("namespaces", source.namespaces.is_some()),
        ("kubeconfig", source.kubeconfig.is_some()),
        ("region", source.region.is_some()),
        ("clusters", source.clusters.is_some()),
        ("config_file", source.config_file.is_some()),
        ("user", source.user.is_some()),
        ("password", source.password.is_some()),
        ("vhosts", source.vhosts.is_some()),
        ("queries", source.queries.is_some()),
    ];
    keys.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect()
}

fn kind(source: &Source, at: &str, document: &mut Document<'_>) -> Option<&'static str> {
    let given = given(source);
    let kinds: Vec<&'static str> = KINDS.iter().map(|(kind, _)| *kind).filter(|kind| given.contains(kind)).collect();
    let all = KINDS.map(|(kind, _)| kind).join(", ");
    match kinds[..] {
        [kind] => Some(kind),
        [] => {
            document.refuse(&["source", at], "this Source has no kind", format!("give it one of {all}"));
            None
        }
        _ => {
            let message = format!("this Source is of {} kinds at once: {}", kinds.len(), kinds.join(", "));
            document.refuse(&["source", at, kinds[1]], message, "write a [[source]] for each");
            None
        }
    }
}

fn foreign_keys(source: &Source, kind: &'static str, at: &str, document: &mut Document<'_>) {
    let own = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| *keys);
    for key in given(source).into_iter().filter(|key| *key != kind && !own.contains(key)) {
        let owners: Vec<&str> = KINDS.iter().filter(|(_, keys)| keys.contains(&key)).map(|(name, _)| *name).collect();
        let message = format!("`{key}` means nothing to a Source of kind {kind}");
        document.refuse(&["source", at, key], message, format!("it belongs to {}", owners.join(", ")));
    }
}

/// Exactly one place, or a warning where the secret itself stands in the file.
pub(super) fn secret(secret: Option<&Secret>, path: &[&str], document: &mut Document<'_>) {
    match secret {
        Some(Secret::Clear) => {
            let help = "better: { env = \"NAME\" }, { file = \"…\" } or { command = [\"pass\", \"show\", \"…\"] }";
            document.warn(path, "a secret stands in the config file in clear", help);
        }
        Some(Secret::From(from)) if from.places() != 1 => {
            let message = "a secret comes from exactly one place";
            document.refuse(path, message, "keep one of env, file, command");
        }
        Some(Secret::From(from)) if from.command.as_ref().is_some_and(Vec::is_empty) => {
            let help = "name the program and its arguments: command = [\"pass\", \"show\", \"redis\"]";
            document.refuse(path, "the command is empty", help);
        }
        _ => {}
    }
}

fn connection(
    source: &Source,
    kind: &'static str,
    at: &str,
    folder: Option<&Path>,
    file: &File,
    document: &mut Document<'_>,
) -> Option<Connection> {
    match (kind, &source.docker, &source.kubernetes) {
        ("docker", Some(url), _) => {
            docker_url(url, source, at, document);
            let (tls, ca_file) = (beside(folder, source.cert_path.as_ref()), beside(folder, source.ca_file.as_ref()));
            Some(Connection::Docker { url: url.clone(), tls, ca_file })
        }
        ("kubernetes", _, Some(context)) => {
            if context.is_empty() {
                let help = "name a context, as `kubectl config get-contexts` lists them";
                document.refuse(&["source", at, "kubernetes"], "no context is named", help);
            }
            Some(Connection::Kubernetes {
                context: context.clone(),
                kubeconfig: beside(folder, source.kubeconfig.as_ref()).into_iter().collect(),
                namespaces: source.namespaces.clone().unwrap_or_default(),
                allow_exec: file.kubernetes.allow_exec.clone().unwrap_or_default(),
                ca_file: beside(folder, source.ca_file.as_ref()),
            })
        }
        ("aws", ..) => Some(Connection::Aws {
            profile: source.aws.clone()?,
            region: source.region.clone(),
            clusters: source.clusters.clone().unwrap_or_default(),
            queues: queues(file, &source.name, |queue| &queue.sqs),
            config_file: beside(folder, source.config_file.as_ref()),
            ca_file: beside(folder, source.ca_file.as_ref()),
        }),
        ("rabbitmq", ..) => Some(Connection::RabbitMq {
            endpoint: endpoint(source, source.rabbitmq.as_ref()?, (kind, at), folder, document)?,
            vhosts: source.vhosts.clone().unwrap_or_default(),
            queues: queues(file, &source.name, |queue| &queue.rabbitmq),
        }),
        ("redis", ..) => Some(Connection::Redis {
            endpoint: endpoint(source, source.redis.as_ref()?, (kind, at), folder, document)?,
            bullmq: queues(file, &source.name, |queue| &queue.bullmq),
            celery: queues(file, &source.name, |queue| &queue.celery),
        }),
        ("prometheus", ..) => {
            let endpoint = endpoint(source, source.prometheus.as_ref()?, (kind, at), folder, document)?;
            Some(Connection::Prometheus { endpoint, queries: source.queries.clone().unwrap_or_default() })
        }
        ("alertmanager", ..) => {
            let endpoint = endpoint(source, source.alertmanager.as_ref()?, (kind, at), folder, document)?;
            Some(Connection::Alertmanager { endpoint })
        }
        _ => None,
    }
}

/// The queues that `[[queue]]` entries name of a Source, in their order.
fn queues(file: &File, source: &str, names: fn(&super::file::Queue) -> &Option<Vec<String>>) -> Vec<String> {
    let own = file.queue.iter().filter(|queue| queue.source == source);
    own.filter_map(|queue| names(queue).as_ref()).flatten().cloned().collect()
}

/// A server's URL, with its user and where its password lies; neither of them in the URL itself.
fn endpoint(
    source: &Source,
    url: &str,
    (kind, at): (&'static str, &str),
    folder: Option<&Path>,
    document: &mut Document<'_>,
) -> Option<Endpoint> {
    let path = ["source", at, kind];
    let (schemes, help): (&[&str], _) = match kind {
        "redis" => (&["redis", "rediss", "unix"], "redis://host:6379/0, rediss://host:6379/0 or unix:///path"),
        _ => (&["http", "https"], "http://host:port or https://host"),
    };
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| schemes.contains(scheme)) else {
        document.refuse(&path, format!("`{}` is no URL of a {kind}", url.split('@').next_back().unwrap_or(url)), help);
        return None;
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    if host.contains('@') {
        let help = "write user = \"…\" and password = { env = \"…\" } beside it";
        document.refuse(&path, "credentials do not stand in a URL: it is shown on the Sources screen", help);
        return None;
    }
    if host.is_empty() && scheme != "unix" {
        document.refuse(&path, "the host is missing", help);
        return None;
    }
    if matches!(scheme, "http" | "redis") && source.password.is_some() && !is_loopback(host) {
        let message = "the password travels in clear: the connection has no TLS";
        document.warn(&path, message, if kind == "redis" { "use rediss://" } else { "use https://" });
    }
    Some(Endpoint {
        url: url.trim_end_matches('/').to_owned(),
        user: source.user.clone(),
        password: source.password.as_ref().map(|secret| place(secret, &format!("source.{at}.password"), document)),
        ca_file: beside(folder, source.ca_file.as_ref()),
    })
}

/// Where a secret lies; one in clear is read from the file again when it is needed.
pub(super) fn place(secret: &Secret, path: &str, document: &Document<'_>) -> SecretPlace {
    let config = || SecretPlace::Config { file: PathBuf::from(document.name()), path: path.to_owned() };
    let Secret::From(from) = secret else { return config() };
    match (&from.env, &from.file, &from.command) {
        (Some(name), ..) => SecretPlace::Env(name.clone()),
        (_, Some(file), _) => SecretPlace::File(file.clone()),
        (_, _, Some(argv)) => SecretPlace::Command(argv.clone()),
        (None, None, None) => config(),
    }
}

/// What a Docker Source can be reached by.
fn docker_url(url: &str, source: &Source, at: &str, document: &mut Document<'_>) {
    let path = ["source", at, "docker"];
    let help = "unix:///var/run/docker.sock, tcp://host:2376 or ssh://user@host";
    let Some((scheme, rest)) = url.split_once("://") else {
        return document.refuse(&path, format!("`{url}` is no URL of a Docker engine"), help);
    };
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    match scheme {
        "unix" if !rest.starts_with('/') => document.refuse(&path, "a socket is named by its whole path", help),
        "unix" => {}
        "ssh" | "tcp" | "http" | "https" if host.is_empty() => document.refuse(&path, "the host is missing", help),
        "ssh" | "tcp" | "http" | "https" if host.rsplit('@').next().is_some_and(|h| h.starts_with('-')) => {
            document.refuse(&path, "a host's name cannot begin with `-`", help);
        }
        "ssh" if host.split_once('@').is_some_and(|(user, _)| user.contains(':')) => {
            let help = "log in by key or agent: ssh://user@host";
            document.refuse(&path, "a password in an ssh URL is neither used nor kept", help);
        }
        "ssh" | "https" => {}
        "tcp" | "http" if source.cert_path.is_none() && !is_loopback(host) => {
            let message = "whoever can reach this port is root on that host: it has no TLS";
            document.warn(&path, message, "use ssh://, or TLS with cert_path = \"…\"");
        }
        "tcp" | "http" => {}
        other => document.refuse(&path, format!("a Docker engine is not reached by `{other}`"), help),
    }
}

/// Whether a host of a URL is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.rsplit('@').next().unwrap_or(host);
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A path of the file: a relative one begins beside the file.
pub(super) fn beside(folder: Option<&Path>, path: Option<&PathBuf>) -> Option<PathBuf> {
    let path = path?;
    Some(folder.map_or_else(|| path.clone(), |folder| folder.join(path)))
}
