//! The demo's Sources with an ear at what they are told: so that a scenario can wake them when it has turned the clock,
//! instead of waiting for them to look.

use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use quarterdeck::model::{Key, Kind, LogAsk, SourceKind, SourceName, SourceSpec};
use quarterdeck::sources::port::{CheckOrder, Desk, Failure, LogOut, Opener, RawAsk, RawDocument, Watch};
use quarterdeck::sources::registry::Registry;
use tokio::sync::watch::Receiver;

type Visible = Arc<Mutex<Option<Receiver<Arc<[Key]>>>>>;

/// Opens the Sources and listens.
#[derive(Default)]
pub(crate) struct Ear(Visible);

impl Ear {
    /// Nearly what is measured now: another list wakes every Source, and changes nothing but that.
    pub(crate) fn another(&self) -> Vec<Key> {
        let nobody = Key::new(&SourceName::new("scenario"), Kind::Node, "nobody");
        let heard = self.0.lock().unwrap();
        let mut keys = heard.as_ref().map(|visible| visible.borrow().to_vec()).unwrap_or_default();
        if keys.last() == Some(&nobody) {
            keys.pop();
        } else {
            keys.push(nobody);
        }
        keys
    }
}

impl Opener for Ear {
    fn open(&self, spec: &SourceSpec) -> Result<Arc<dyn Watch>, Failure> {
        Ok(Arc::new(Heard { source: Registry.open(spec)?, visible: self.0.clone() }))
    }
}

struct Heard {
    source: Arc<dyn Watch>,
    visible: Visible,
}

impl Watch for Heard {
    fn name(&self) -> &SourceName {
        self.source.name()
    }

    fn kind(&self) -> SourceKind {
        self.source.kind()
    }

    fn watch(self: Arc<Self>, desk: Desk) -> BoxFuture<'static, Result<(), Failure>> {
        *self.visible.lock().unwrap() = Some(desk.visible());
        self.source.clone().watch(desk)
    }

    fn logs(self: Arc<Self>, ask: LogAsk, out: LogOut) -> BoxFuture<'static, Result<(), Failure>> {
        self.source.clone().logs(ask, out)
    }

    fn raw(self: Arc<Self>, ask: RawAsk) -> BoxFuture<'static, Result<RawDocument, Failure>> {
        self.source.clone().raw(ask)
    }

    fn order(&self, order: CheckOrder) {
        self.source.order(order);
    }
}
