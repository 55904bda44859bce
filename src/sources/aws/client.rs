//! The way to AWS: one place that makes the configuration of all clients, with our own TLS, time limits, trust and proxy,
//! the credentials of one profile, and a region that must be said.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::meta::region::ProvideRegion;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::pool::{Client, ConnectionPool};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::super::budget::{self, Budget};
use super::super::port::{Clock, Failure, FailureKind};
use super::{Options, failure};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(3);
/// How long the first look for credentials may take: some ask STS, the SSO portal, or a program.
const LOGIN: Duration = Duration::from_secs(10);

/// The clients of one account and region.
pub(super) struct Clients {
    pub(super) ecs: aws_sdk_ecs::Client,
    pub(super) sqs: aws_sdk_sqs::Client,
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) balancing: aws_sdk_elasticloadbalancingv2::Client,
    pub(super) scaling: aws_sdk_applicationautoscaling::Client,
    pub(super) rds: aws_sdk_rds::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    /// Shared by all Sources of this account and region: AWS counts their requests together.
    pub(super) budget: Arc<Budget>,
    pub(super) profile: String,
    pub(super) region: String,
    /// What one request may take, for the words of a timeout.
    pub(super) patience: Duration,
}

/// Makes clients whose credentials have been found: what they lack is said now, not by the first request.
///
/// # Errors
/// Where there is no region, no credentials, or no way to make a client.
pub(super) async fn connect(options: &Options, clock: &Arc<dyn Clock>) -> Result<Clients, Failure> {
    let http = http(options).await?;
    let basis = ProviderConfig::default().with_http_client(http.clone());
    let region = region(options, &basis).await?;
    let basis = basis.with_region(Some(Region::new(region.clone())));
    let credentials = credentials(options, &basis);
    let account = match tokio::time::timeout(LOGIN.max(options.patience), credentials.provide_credentials()).await {
        Err(_) => {
            let words = format!("the credentials of profile `{}` did not come in time", profile(options));
            return Err(Failure::new(FailureKind::Unreachable, words));
        }
        Ok(Err(error)) => return Err(failure::no_credentials(profile(options), &error)),
        // Where the login does not tell its account, its key stands for it.
        Ok(Ok(found)) => {
            found.account_id().map_or_else(|| found.access_key_id().to_owned(), |id| id.as_str().to_owned())
        }
    };
    let budget = budget::shared(&format!("aws {account} {region}"), clock);
    let config = aws_config::defaults(BehaviorVersion::latest())
        .profile_files(files(options))
        .profile_name(profile(options))
        .region(Region::new(region.clone()))
        .http_client(http)
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(200)))
        .timeout_config(limits(options.patience))
        .load()
        .await;
    Ok(clients(&config, options, region, budget))
}

fn clients(config: &SdkConfig, options: &Options, region: String, budget: Arc<Budget>) -> Clients {
    Clients {
        ecs: aws_sdk_ecs::Client::new(config),
        sqs: aws_sdk_sqs::Client::new(config),
        cloudwatch: aws_sdk_cloudwatch::Client::new(config),
        balancing: aws_sdk_elasticloadbalancingv2::Client::new(config),
        scaling: aws_sdk_applicationautoscaling::Client::new(config),
        rds: aws_sdk_rds::Client::new(config),
        logs: aws_sdk_cloudwatchlogs::Client::new(config),
        budget,
        profile: profile(options).to_owned(),
        region,
        patience: options.patience,
    }
}

fn profile(options: &Options) -> &str {
    if options.profile.is_empty() { "default" } else { &options.profile }
}

/// The file of profiles that was named, else those that every tool reads.
#[expect(deprecated, reason = "the names of the crate that holds these types now would be one more dependency")]
fn files(options: &Options) -> aws_config::profile::profile_file::ProfileFiles {
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
    match &options.config_file {
        Some(path) => ProfileFiles::builder().with_file(ProfileFileKind::Config, path).build(),
        None => ProfileFiles::default(),
    }
}

fn limits(patience: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(patience))
        .operation_attempt_timeout((patience * 2 / 5).max(Duration::from_secs(1)))
        .operation_timeout(patience)
        .build()
}

/// Our own HTTP client: the SDK's default would link a second TLS, and one built by hand forgets the proxy.
async fn http(options: &Options) -> Result<Client, Failure> {
    let unusable = |error: &dyn Error| Failure::new(FailureKind::Unsupported, format!("no HTTP client: {error}"));
    let mut trust = TrustStore::default();
    let bundle = options.ca_file.clone().or_else(|| std::env::var_os("AWS_CA_BUNDLE").map(Into::into));
    if let Some(path) = bundle {
        let pem = tokio::fs::read(&path).await.map_err(|error| {
            Failure::new(FailureKind::Unsupported, format!("{} cannot be read: {error}", path.display()))
        })?;
        trust = trust.with_pem_certificate(pem);
    }
    let context = TlsContext::builder().with_trust_store(trust).build().map_err(|error| unusable(&error))?;
    let pool = ConnectionPool::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(context)
        .build_https()
        .map_err(|error| unusable(&error))?;
    Client::new(&pool).map_err(|error| unusable(&error))
}

/// The region of the configuration, else the profile's, else the environment's; the metadata address is never asked.
async fn region(options: &Options, basis: &ProviderConfig) -> Result<String, Failure> {
    if let Some(region) = options.region.as_ref().filter(|region| !region.is_empty()) {
        return Ok(region.clone());
    }
    let from_file = ProfileFileRegionProvider::builder().configure(basis).profile_files(files(options));
    let from_file = from_file.profile_name(profile(options)).build();
    let from_file = from_file.region().await.map(|region| region.to_string());
    let said = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| std::env::var(name).ok());
    let said = said.filter(|region| !region.is_empty());
    // As everywhere in AWS: the environment goes before the default profile, and behind one that was named.
    let region = if profile(options) == "default" { said.or(from_file) } else { from_file.or(said) };
    region.ok_or_else(|| {
        let words = format!("no region: neither the Source nor profile `{}` names one", profile(options));
        Failure::new(FailureKind::Unsupported, words)
            .hint("write region = \"eu-central-1\" beside aws = … in the configuration, or set it in the profile")
    })
}

/// A profile that is named gives its own credentials or none: keys of the environment may be another account's. The default
/// one follows the usual order, without the metadata address; who wants that writes `credential_source = Ec2InstanceMetadata`.
fn credentials(options: &Options, basis: &ProviderConfig) -> SharedCredentialsProvider {
    let profile = profile(options);
    let of_profile = ProfileFileCredentialsProvider::builder().configure(basis).profile_files(files(options));
    let of_profile = of_profile.profile_name(profile).build();
    if profile != "default" {
        return SharedCredentialsProvider::new(of_profile);
    }
    let identity = WebIdentityTokenCredentialsProvider::builder().configure(basis).build();
    let container = EcsCredentialsProvider::builder().configure(basis).build();
    SharedCredentialsProvider::new(
        CredentialsProviderChain::first_try("Environment", EnvironmentVariableCredentialsProvider::new())
            .or_else("Profile", of_profile)
            .or_else("WebIdentityToken", identity)
            .or_else("Container", container),
    )
}
