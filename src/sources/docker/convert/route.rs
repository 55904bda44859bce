//! Front doors of a Service: its published ports and the Traefik rules on its containers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Group, uid};
use crate::model::{Key, Kind, Route, SourceName, Text};
use crate::sources::docker::compose::Router;

/// The routes of a Service's containers.
pub(super) fn routes(source: &SourceName, group: &Group<'_>) -> Vec<Route> {
    let route = |kind: &str, name: &Text| Route {
        key: Key::new(source, Kind::Route, &format!("{}/{kind}/{}", uid(group.scope, group.name), name.raw())),
        kind: Text::name(kind),
        scope: group.scope.clone(),
        name: name.clone(),
        hosts: Vec::new(),
        ports: Vec::new(),
        tls: false,
        backends: Vec::new(),
        selector: Vec::new(),
        workload: Some((group.kind, group.name.clone())),
    };
    let published = || group.containers.iter().flat_map(|c| &c.ports);
    let ports: BTreeSet<u16> = published().map(|(port, _)| *port).collect();
    let mut found = Vec::new();
    if !ports.is_empty() {
        let hosts: BTreeSet<&Text> = published().filter_map(|(_, host)| host.as_ref()).collect();
        let hosts = hosts.into_iter().cloned().collect();
        found.push(Route { hosts, ports: ports.into_iter().collect(), ..route("port", group.name) });
    }
    let routers: BTreeMap<&Text, &Router> =
        group.containers.iter().flat_map(|c| &c.marks.routers).map(|router| (&router.name, router)).collect();
    for (name, router) in routers {
        found.push(Route { hosts: router.hosts.clone(), tls: router.tls, ..route("traefik", name) });
    }
    found
}
