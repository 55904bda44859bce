//! `[[check]]` entries resolved to what the Source of the Checks runs, and `[checks]` to what it may find by itself.

use std::collections::BTreeMap;
use std::path::Path;

use super::diagnostics::Document;
use super::file::{Check, Expect, File};
use super::sources::{beside, is_loopback, place, secret};
use super::values::Length;
use crate::fleet::rules::CheckRules;
use crate::model::{CheckKind, CheckSpec, Connection, Expectation, SourceSpec, Text};

/// Every kind with its key.
const KINDS: [CheckKind; 6] =
    [CheckKind::Http, CheckKind::Tcp, CheckKind::Tls, CheckKind::Dns, CheckKind::Postgres, CheckKind::Redis];

/// The Checks of a file; what is wrong with them is said.
pub(super) fn resolve(file: &File, folder: Option<&Path>, document: &mut Document<'_>) -> Vec<CheckSpec> {
    let mut specs: Vec<CheckSpec> = Vec::new();
    for (index, check) in file.check.iter().enumerate() {
        let at = index.to_string();
        if check.service.trim().is_empty() {
            let help = "as in service = \"prod/api\"";
            document.refuse(&["check", &at, "service"], "of which Service this check speaks is not said", help);
        }
        let Some((kind, target)) = kind(check, &at, document) else { continue };
        shape(kind, target, check, &at, document);
        expectation(kind, &check.expect, &at, document);
        times(check, &at, document);
        login(kind, target, check, &at, document);
        let spec = spec(kind, target, (check, &at), folder, document);
        if specs.iter().any(|known| known.kind == kind && known.target == spec.target && known.service == spec.service)
        {
            let message = format!("`{target}` is checked twice for {}", check.service);
            document.refuse(&["check", &at, kind.word()], message, "keep one of them");
        }
        specs.push(spec);
    }
    specs
}

fn kind<'a>(check: &'a Check, at: &str, document: &mut Document<'_>) -> Option<(CheckKind, &'a str)> {
    let target = |kind| match kind {
        CheckKind::Http => &check.http,
        CheckKind::Tcp => &check.tcp,
        CheckKind::Tls => &check.tls,
        CheckKind::Dns => &check.dns,
        CheckKind::Postgres => &check.postgres,
        CheckKind::Redis => &check.redis,
        // What a platform runs itself is not written down.
        CheckKind::Health => &None,
    };
    let given: Vec<_> = KINDS.into_iter().filter_map(|kind| Some((kind, target(kind).as_deref()?))).collect();
    if let [one] = given[..] {
        return Some(one);
    }
    let help = "give exactly one of http, tcp, tls, dns, postgres, redis";
    document.refuse(&["check", at], "what is to be checked is not clear", help);
    None
}

/// What a target of each kind looks like.
fn shape(kind: CheckKind, target: &str, check: &Check, at: &str, document: &mut Document<'_>) {
    let path = ["check", at, kind.word()];
    let schemes: &[&str] = match kind {
        CheckKind::Http => &["http", "https"],
        CheckKind::Postgres => &["postgres", "postgresql"],
        CheckKind::Redis => &["redis", "rediss"],
        CheckKind::Health => &[],
        CheckKind::Tcp | CheckKind::Tls => {
            if target.rsplit_once(':').is_none_or(|(host, port)| host.is_empty() || port.parse::<u16>().is_err()) {
                let message = format!("`{target}` has no port");
                document.refuse(&path, message, format!("as in {kind} = \"db.internal:5432\""));
            }
            return;
        }
        CheckKind::Dns => {
            if target.is_empty() || target.contains(|c: char| c.is_whitespace() || matches!(c, '/' | ':' | '@')) {
                let message = format!("`{target}` is no name of a host");
                document.refuse(&path, message, "as in dns = \"api.example.com\"");
            }
            return;
        }
    };
    let help = match kind {
        CheckKind::Http => "as in http = \"https://api.example.com/health\"",
        CheckKind::Postgres => "as in postgres = \"postgres://watch@db.internal/shop\"",
        _ => "as in redis = \"redis://cache.internal:6379\"",
    };
    let Some((_, rest)) = target.split_once("://").filter(|(scheme, _)| schemes.contains(scheme)) else {
        let shown = target.rsplit('@').next().unwrap_or(target);
        let what = if kind == CheckKind::Http { "no HTTP URL" } else { "no URL of such a server" };
        return document.refuse(&path, format!("`{shown}` is {what}"), help);
    };
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, host) = place.rsplit_once('@').map_or((None, place), |(user, host)| (Some(user), host));
    if host.is_empty() {
        document.refuse(&path, "the host is missing", help);
    }
    if user.is_some_and(|user| kind != CheckKind::Postgres || user.contains(':')) {
        let help = "write user = \"…\" and password = { env = \"…\" } beside it";
        document.refuse(&path, "credentials do not stand in a URL: it is shown on the Checks screen", help);
    }
    let clear = target.starts_with("http://") || target.starts_with("redis://") || target.contains("sslmode=disable");
    if clear && check.password.is_some() && !is_loopback(host) {
        let message = "the password travels in clear: the connection has no TLS";
        document.warn(&path, message, "use https://, rediss:// or sslmode=require");
    }
}

fn expectation(kind: CheckKind, expect: &Expect, at: &str, document: &mut Document<'_>) {
    if let Some(status) = expect.status.filter(|status| !(100..=599).contains(status)) {
        let message = format!("{status} is no HTTP status");
        document.refuse(&["check", at, "expect", "status"], message, "a number from 100 to 599");
    }
    let http = [("status", expect.status.is_some()), ("body", expect.body.is_some())];
    let only = http.into_iter().chain([("redirects", expect.redirects.is_some())]);
    for (key, _) in only.filter(|(_, there)| *there && kind != CheckKind::Http) {
        let message = format!("`{key}` means nothing to a check of kind {kind}");
        document.refuse(&["check", at, "expect", key], message, "it belongs to http");
    }
}

fn times(check: &Check, at: &str, document: &mut Document<'_>) {
    let seconds = |length: Option<Length>| length.map(|length| length.0.as_secs());
    if let Some(every) = seconds(check.every).filter(|every| !(1..=86_400).contains(every)) {
        let message = format!("every {every} s cannot be meant");
        document.refuse(&["check", at, "every"], message, "between 1s and 1d; 30s is usual");
    }
    if let Some(timeout) = seconds(check.timeout).filter(|timeout| !(1..=120).contains(timeout)) {
        let message = format!("a timeout of {timeout} s cannot be meant");
        document.refuse(&["check", at, "timeout"], message, "between 1s and 2m; 5s is usual");
    }
}

fn login(kind: CheckKind, target: &str, check: &Check, at: &str, document: &mut Document<'_>) {
    secret(check.password.as_ref(), &["check", at, "password"], document);
    let takes = matches!(kind, CheckKind::Http | CheckKind::Postgres | CheckKind::Redis);
    for (key, _) in [("user", check.user.is_some()), ("password", check.password.is_some())]
        .into_iter()
        .filter(|(_, there)| *there && !takes)
    {
        let message = format!("`{key}` means nothing to a check of kind {kind}");
        document.refuse(&["check", at, key], message, "it belongs to http, postgres, redis");
    }
    let named = check.user.is_some() || target.contains('@');
    if kind == CheckKind::Postgres && !named {
        let help = "as in postgres = \"postgres://watch@db.internal/shop\"";
        document.refuse(&["check", at, "postgres"], "as whom to log in is not said", help);
    }
}

fn spec(
    kind: CheckKind,
    target: &str,
    (check, at): (&Check, &str),
    folder: Option<&Path>,
    document: &Document<'_>,
) -> CheckSpec {
    let seconds = |length: Option<Length>, usual| {
        length.map_or(usual, |length| u32::try_from(length.0.as_secs()).unwrap_or(usual))
    };
    let expect = Expectation {
        status: check.expect.status,
        within_ms: check.expect.within_ms,
        body: check.expect.body.as_deref().map(Text::line),
        valid_for_seconds: check.expect.valid_for.map(|length| length.0.as_secs()),
        redirects: check.expect.redirects.unwrap_or_default(),
    };
    let path = format!("check.{at}.password");
    CheckSpec {
        expect,
        every_seconds: seconds(check.every, CheckSpec::EVERY_SECONDS),
        timeout_seconds: seconds(check.timeout, CheckSpec::TIMEOUT_SECONDS),
        user: check.user.as_deref().map(Text::name),
        password: check.password.as_ref().map(|secret| place(secret, &path, document)),
        ca_file: beside(folder, check.ca_file.as_ref()),
        ..CheckSpec::configured(kind, Text::line(target), Text::line(&check.service))
    }
}

/// What may be checked without being written down, with the hosts that are read anyway.
pub(super) fn rules(file: &File, sources: &[SourceSpec]) -> CheckRules {
    let reach = sources.iter().filter_map(|spec| Some((spec.name.0.raw().to_owned(), host(&spec.connection)?)));
    CheckRules {
        discover: file.checks.discover.unwrap_or(true),
        hosts: file.checks.hosts.clone().unwrap_or_default(),
        reach: reach.collect::<BTreeMap<String, String>>(),
    }
}

/// The host at which a Source is reached from here, where its connection names one.
fn host(connection: &Connection) -> Option<String> {
    let url = match connection {
        Connection::Docker { url, .. } if url.starts_with("unix://") => return Some("127.0.0.1".to_owned()),
        Connection::Docker { url, .. } => url,
        Connection::RabbitMq { endpoint, .. }
        | Connection::Redis { endpoint, .. }
        | Connection::Prometheus { endpoint, .. }
        | Connection::Alertmanager { endpoint } => &endpoint.url,
        _ => return None,
    };
    let place = url.split_once("://")?.1.split(['/', '?']).next()?;
    let place = place.rsplit('@').next()?;
    let host = match place.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => place.split(':').next()?,
    };
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_reached_at_the_host_of_its_connection() {
        let docker = |url: &str| Connection::Docker { url: url.to_owned(), tls: None, ca_file: None };
        for (url, expected) in [
            ("unix:///var/run/docker.sock", Some("127.0.0.1")),
            ("ssh://deploy@vm1:22", Some("vm1")),
            ("tcp://[::1]:2375", Some("::1")),
            ("npipe", None),
        ] {
            assert_eq!(host(&docker(url)).as_deref(), expected, "{url}");
        }
    }
}
