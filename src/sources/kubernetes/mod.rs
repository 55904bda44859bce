//! Source `kubernetes`: one context of a kubeconfig. Lists and watches in protobuf, straight to facts.

mod board;
mod convert;
mod exec;
mod feed;
mod follow;
mod kubeconfig;
mod lean;
mod lines;
mod link;
mod list;
mod logs;
mod metrics;
mod namespaces;
mod narrow;
mod operate;
pub mod permissions;
mod raw;
mod readiness;
mod recent;
mod resource;
mod scope;
mod session;
mod tables;
mod trouble;
mod wire;
mod yaml;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;

use self::exec::Credentials;
use self::kubeconfig::Login;
use self::link::Link;
use self::scope::Scope;
use self::tables::Tables;
use super::port::{CheckOrder, Desk, Failure, LogOut, Operate, RawAsk, RawDocument, Watch};
use crate::model::{Connection, LogAsk, SourceKind, SourceName, SourceSpec, Timestamp};

/// How long the beginning of an answer, and each further piece of it, may take unless the configuration says otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// How one context is reached and what of it is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    context: String,
    kubeconfig: Vec<PathBuf>,
    namespaces: Vec<String>,
    allow_exec: Vec<String>,
    ca_file: Option<PathBuf>,
    patience: Duration,
    plugin_deadline: Option<Duration>,
}

/// The Source.
pub(crate) struct Kubernetes {
    name: SourceName,
    options: Options,
    state: Mutex<State>,
    tables: Arc<Tables>,
    doors: Arc<readiness::Doors>,
}

/// What lasts from one run to the next.
#[derive(Default)]
struct State {
    link: Option<Arc<Link>>,
    credentials: Option<Credentials>,
    /// The login plugin that runs now.
    plugin: Option<String>,
}

/// Makes the Source of a spec; it connects on first use.
///
/// # Errors
/// Where the spec is of another kind.
pub fn open(spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
    let Connection::Kubernetes { context, kubeconfig, namespaces, allow_exec, ca_file } = &spec.connection else {
        return Err(super::registry::mismatched(spec));
    };
    let limit = spec.timeout_seconds.map(|s| Duration::from_secs(u64::from(s.max(1))));
    let options = Options {
        context: context.clone(),
        kubeconfig: kubeconfig.clone(),
        namespaces: namespaces.clone(),
        allow_exec: allow_exec.clone(),
        ca_file: ca_file.clone(),
        patience: limit.unwrap_or(PATIENCE),
        plugin_deadline: limit,
    };
    let source = Kubernetes {
        name: spec.name.clone(),
        options,
        state: Mutex::default(),
        tables: Arc::default(),
        doors: Arc::default(),
    };
    Ok(Arc::new(source))
}

impl Kubernetes {
    /// Reads the kubeconfig and makes a client; a login plugin's credentials are kept as long as they hold.
    async fn login(&self, now: Timestamp) -> Result<Login, Failure> {
        let earlier = self.state.lock().unwrap_or_else(PoisonError::into_inner).credentials.clone();
        let runs = |plugin: Option<&str>| {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).plugin = plugin.map(str::to_owned);
        };
        let login = kubeconfig::login(&self.options, earlier, now, &runs).await;
        runs(None);
        let login = login?;
        self.state.lock().unwrap_or_else(PoisonError::into_inner).credentials.clone_from(&login.credentials);
        Ok(login)
    }

    /// The login plugin that is being waited for.
    fn plugin(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).plugin.clone()
    }

    /// The link that everything goes over from now on.
    fn adopt(&self, login: &Login) -> Arc<Link> {
        let link = Arc::new(login.link(&self.options));
        self.state.lock().unwrap_or_else(PoisonError::into_inner).link = Some(link.clone());
        link
    }

    /// The server does not take these credentials: forgets them where a login plugin can give others, and did not just now.
    fn forget_login(&self, login: &Login) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).credentials = None;
        login.credentials.is_some() && !login.fresh
    }

    /// The link, made where there is none.
    async fn link(&self, now: Timestamp) -> Result<Arc<Link>, Failure> {
        let link = self.state.lock().unwrap_or_else(PoisonError::into_inner).link.clone();
        match link {
            Some(link) => Ok(link),
            None => Ok(self.adopt(&self.login(now).await?)),
        }
    }

    fn scope(&self) -> Scope {
        Scope::new(&self.options.namespaces)
    }

    fn tables(&self) -> Arc<Tables> {
        self.tables.clone()
    }
}

impl Watch for Kubernetes {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn kind(&self) -> SourceKind {
        SourceKind::Kubernetes
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move { session::run(&self, desk).await })
    }

    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        Box::pin(async move { logs::stream(&*self.link(Timestamp::UNIX_EPOCH).await?, ask, out).await })
    }

    fn order(&self, order: CheckOrder) {
        self.doors.order(order);
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        Box::pin(async move { raw::describe(&*self.link(Timestamp::UNIX_EPOCH).await?, &ask).await })
    }

    fn operate(self: Arc<Self>) -> Option<Arc<dyn Operate>> {
        Some(self)
    }
}
