//! From kubeconfig files to a client of one context, with what is wrong in them told in words.

use std::net::IpAddr;
use std::time::Duration;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::super::port::{Failure, FailureKind};
use super::Options;
use super::exec::{self, Credentials};
use super::link::Link;
use super::trouble::root_cause;
use crate::model::Timestamp;

/// Longest that reading files may take: they may lie on a network.
const READ_DEADLINE: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client, and until when its credentials hold.
pub(crate) struct Login {
    pub(crate) client: Client,
    pub(crate) server: String,
    pub(crate) marks: Vec<&'static str>,
    /// What a login plugin gave, for the next time.
    pub(crate) credentials: Option<Credentials>,
    /// Whether the plugin ran just now.
    pub(crate) fresh: bool,
}

impl Login {
    /// The link over it.
    #[must_use]
    pub(crate) fn link(&self, options: &Options) -> Link {
        Link::new(self.client.clone(), self.server.clone(), options.patience, self.marks.clone())
    }
}

/// Reads the files and makes a client; a login plugin runs unless `earlier` credentials still hold.
///
/// # Errors
/// Where a file is broken, the context is not there, or the plugin does not give credentials.
pub(crate) async fn login(
    options: &Options,
    earlier: Option<Credentials>,
    now: Timestamp,
    runs: &(dyn Fn(Option<&str>) + Sync),
) -> Result<Login, Failure> {
    let files = options.clone();
    let mut config = blocking(move || read(&files)).await?;
    let exec = config.auth_info.exec.take();
    let mut fresh = false;
    let mut credentials = earlier.filter(|c| exec.is_some() && holds(c, now));
    if let (Some(exec), None) = (exec, &credentials) {
        fresh = true;
        runs(exec.command.as_deref());
        credentials = Some(exec::run(&exec, &options.allow_exec, options.plugin_deadline).await?);
    }
    if let Some(credentials) = &credentials {
        use_credentials(&mut config, credentials);
    }
    let (server, marks) = (config.cluster_url.to_string(), marks(&config));
    let client = blocking(move || Client::try_from(config).map_err(|error| unusable(&error))).await?;
    Ok(Login { client, server, marks, credentials, fresh })
}

/// Credentials are renewed a little before they end.
fn holds(credentials: &Credentials, now: Timestamp) -> bool {
    credentials.expiration_timestamp.is_none_or(|end| end.as_second() - now.as_second() > 60)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Result<T, Failure> {
    match tokio::time::timeout(READ_DEADLINE, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(Failure::new(FailureKind::Garbled, format!("the kubeconfig cannot be read: {error}"))),
        Err(_) => Err(Failure::new(FailureKind::Unreachable, "the kubeconfig could not be read within 10 s")
            .hint("does it lie on a network folder that does not answer?")),
    }
}

fn read(options: &Options) -> Result<Config, Failure> {
    let mut merged = Kubeconfig::default();
    let mut missing = Vec::new();
    for path in &options.kubeconfig {
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                missing.push(path.display().to_string());
                continue;
            }
            Ok(meta) if !meta.is_file() => return Err(broken(path, "it is not a file")),
            _ => {}
        }
        let next = Kubeconfig::read_from(path).map_err(|error| broken(path, &words(&error)))?;
        merged = merged.merge(next).map_err(|error| broken(path, &words(&error)))?;
    }
    if missing.len() == options.kubeconfig.len() {
        let text = format!("there is no kubeconfig at {}", missing.join(", "));
        return Err(
            Failure::new(FailureKind::Absent, text).hint("set KUBECONFIG, or copy one from the cluster's admin")
        );
    }
    let known = merged.contexts.iter().map(|c| c.name.clone()).collect::<Vec<_>>().join(", ");
    let asked = KubeConfigOptions { context: Some(options.context.clone()), ..KubeConfigOptions::default() };
    let loaded = tokio::runtime::Handle::current().block_on(Config::from_custom_kubeconfig(merged, &asked));
    let mut config = loaded.map_err(|error| match error {
        KubeconfigError::LoadContext(name) => {
            Failure::new(FailureKind::Absent, format!("the kubeconfig has no context {name}"))
                .hint(format!("it has {known}"))
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            let text =
                format!("the context {} points to the cluster {name}, which the kubeconfig lacks", options.context);
            Failure::new(FailureKind::Absent, text).hint("add it with `kubectl config set-cluster`")
        }
        other => Failure::new(FailureKind::Garbled, format!("the kubeconfig cannot be used: {}", words(&other))),
    })?;
    settle(&mut config, options)?;
    Ok(config)
}

fn broken(path: &std::path::Path, why: &str) -> Failure {
    Failure::new(FailureKind::Garbled, format!("the kubeconfig {} cannot be read: {why}", path.display()))
        .hint(format!("`kubectl --kubeconfig {} config view` shows the same", path.display()))
}

fn words(error: &KubeconfigError) -> String {
    let text = match error {
        KubeconfigError::Parse(inner) => inner.to_string(),
        KubeconfigError::ReadConfig(inner, _) => inner.to_string(),
        other => root_cause(other),
    };
    text.lines().next().unwrap_or_default().to_owned()
}

/// Our own limits instead of the library's.
fn settle(config: &mut Config, options: &Options) -> Result<(), Failure> {
    if config.auth_info.auth_provider.as_ref().is_some_and(|p| p.config.contains_key("cmd-path")) {
        let text = "the kubeconfig logs in by a legacy auth-provider command, which is not run";
        return Err(
            Failure::new(FailureKind::Unsupported, text).hint("use its exec plugin, such as gke-gcloud-auth-plugin")
        );
    }
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    if let Some(file) = &options.ca_file {
        config.root_cert_file = Some(file.clone());
    }
    let host = config.cluster_url.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let here = is_loopback(&host);
    // Compressing costs a server on this machine four times what sending does.
    config.disable_compression |= here;
    let exempt = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy")).unwrap_or_default();
    if here || is_exempt(&host, &exempt) {
        config.proxy_url = None;
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether `NO_PROXY` exempts the host: by name, by domain, by address range, or all.
fn is_exempt(host: &str, no_proxy: &str) -> bool {
    no_proxy.split(',').map(str::trim).filter(|rule| !rule.is_empty()).any(|rule| {
        let domain = rule.trim_start_matches('.');
        rule == "*" || host == domain || host.ends_with(&format!(".{domain}")) || in_range(host, rule)
    })
}

fn in_range(host: &str, range: &str) -> bool {
    let Some((base, bits)) = range.split_once('/') else { return false };
    match (host.parse(), base.parse(), bits.parse::<u32>()) {
        (Ok(IpAddr::V4(host)), Ok(IpAddr::V4(base)), Ok(bits @ 0..=32)) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            host.to_bits() & mask == base.to_bits() & mask
        }
        _ => false,
    }
}

fn use_credentials(config: &mut Config, credentials: &Credentials) {
    use secrecy::ExposeSecret;
    config.auth_info.token.clone_from(&credentials.token);
    if let (Some(certificate), Some(key)) = (&credentials.client_certificate_data, &credentials.client_key_data) {
        config.auth_info.client_certificate_data = Some(base64(certificate.as_bytes()));
        config.auth_info.client_key_data = Some(base64(key.expose_secret().as_bytes()).into());
    }
}

/// A kubeconfig holds PEM in base64 (RFC 4648 section 4), a plugin gives it bare.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |sum, b| sum << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * i) & 63) as usize];
            out.push(if i > chunk.len() { '=' } else { char::from(digit) });
        }
    }
    out
}

fn marks(config: &Config) -> Vec<&'static str> {
    let mut marks = Vec::new();
    if config.cluster_url.scheme_str() == Some("http") {
        marks.push("the connection is not encrypted (http)");
    } else if config.accept_invalid_certs {
        marks.push("the server's certificate is not checked (insecure-skip-tls-verify)");
    }
    marks
}

fn unusable(error: &kube::Error) -> Failure {
    let text = format!("the user of this context cannot be used: {}", root_cause(error));
    Failure::new(FailureKind::Garbled, text).hint("check its certificate, key and token in the kubeconfig")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        for (bytes, want) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), want);
        }
    }

    #[test]
    fn no_proxy_exempts_by_name_domain_and_range() {
        for rule in ["*", "api.example", ".example", "example", "10.0.0.0/8,api.example"] {
            assert!(is_exempt("api.example", rule), "{rule}");
        }
        assert!(is_exempt("10.2.3.4", "10.0.0.0/8") && is_exempt("1.2.3.4", "0.0.0.0/0"));
        assert!(!is_exempt("11.2.3.4", "10.0.0.0/8") && !is_exempt("badexample", "example"));
        assert!(is_loopback("127.0.0.1") && is_loopback("::1") && !is_loopback("10.0.0.1"));
    }
}
