//! Services and Ingresses to Routes, and the paths that readiness probes ask.

use std::collections::HashMap;

use crate::model::{Fact, Key, Kind, Route, Text, Workload};

use super::super::lean::network::{Backend, Ingress, Service};
use super::super::lean::template::PodSpec;
use super::workload::row;
use super::{Converter, Row};

impl Converter {
    /// A Service.
    pub(crate) fn service(&mut self, object: &Service) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let entrances = object.status.iter().flat_map(|s| &s.load_balancer).flat_map(|l| &l.ingress);
        let hosts = entrances.map(|e| if e.hostname.is_empty() { &e.ip } else { &e.hostname });
        let route = Route {
            key: self.key_of(Kind::Route, &meta),
            kind: self.words.name("Service"),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            hosts: hosts.chain([&spec.external_name]).filter(|h| !h.is_empty()).map(|h| Text::name(h)).collect(),
            ports: spec.ports.iter().filter_map(|p| u16::try_from(p.port).ok()).collect(),
            tls: false,
            backends: Vec::new(),
            selector: pairs(&spec.selector),
            workload: None,
        };
        row(meta, Fact::Route(Box::new(route)))
    }

    /// An Ingress.
    pub(crate) fn ingress(&mut self, object: &Ingress) -> Row {
        let (meta, spec) = (object.metadata.clone().unwrap_or_default(), object.spec.clone().unwrap_or_default());
        let tls = !spec.tls.is_empty();
        let mut hosts: Vec<Text> =
            spec.rules.iter().map(|r| &r.host).filter(|h| !h.is_empty()).map(|h| Text::name(h)).collect();
        let paths = spec.rules.iter().filter_map(|r| r.value.as_ref()?.http.as_ref()).flat_map(|h| &h.paths);
        let backends = paths.filter_map(|p| p.backend.as_ref()).chain(&spec.default_backend);
        let mut backends: Vec<Text> = backends.filter_map(service_name).map(Text::name).collect();
        for list in [&mut hosts, &mut backends] {
            list.sort();
            list.dedup();
        }
        let route = Route {
            key: self.key_of(Kind::Route, &meta),
            kind: self.words.name("Ingress"),
            scope: self.words.name(&meta.namespace),
            name: Text::name(&meta.name),
            hosts,
            ports: if tls { vec![80, 443] } else { vec![80] },
            tls,
            backends,
            selector: Vec::new(),
            workload: None,
        };
        row(meta, Fact::Route(Box::new(route)))
    }
}

impl Converter {
    /// Where the pods of a Workload answer that they are ready, as a door of each of them; its key where there is none (any
    /// more).
    pub(super) fn ready_door(&mut self, workload: &Workload, spec: Option<&PodSpec>) -> Result<Fact, Key> {
        let key = Key::new(&self.source, Kind::Route, &format!("{}/ready", workload.key.uid));
        let Some((path, port, tls)) = spec.and_then(PodSpec::ready_path) else { return Err(key) };
        Ok(Fact::Route(Box::new(Route {
            key,
            kind: self.words.name("readiness"),
            scope: workload.scope.clone(),
            name: workload.name.clone(),
            hosts: Vec::new(),
            ports: vec![port],
            tls,
            backends: vec![Text::line(path)],
            selector: Vec::new(),
            workload: Some((workload.kind, workload.name.clone())),
        })))
    }
}

impl Row {
    /// The same with a second fact, or without it.
    pub(super) fn and(mut self, other: Result<Fact, Key>) -> Self {
        match other {
            Ok(fact) => self.facts.push(fact),
            Err(key) => self.gone.push(key),
        }
        self
    }
}

fn service_name(backend: &Backend) -> Option<&str> {
    backend.service.as_ref().map(|s| s.name.as_str())
}

/// Labels of a selector in the order of their names.
pub(super) fn pairs(map: &HashMap<String, String>) -> Vec<(Text, Text)> {
    let mut all: Vec<_> = map.iter().map(|(k, v)| (Text::name(k), Text::name(v))).collect();
    all.sort();
    all
}
