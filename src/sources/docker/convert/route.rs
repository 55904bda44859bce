//! Front doors of a Service: its published ports, the Traefik rules on its containers, and the containers behind these.

use std::collections::{BTreeMap, BTreeSet};

use super::{Group, uid};
use crate::model::{Key, Kind, Route, SourceName, Text};
use crate::sources::docker::compose::Router;
use crate::sources::docker::container::Stage;

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
    // Behind a rule of Traefik HTTP is spoken: there each container can be asked by itself.
    let behind = group.containers.iter().filter(|c| !c.marks.routers.is_empty() && c.stage == Stage::Running);
    for container in behind {
        let only = if let [one] = container.inner[..] { Some(one) } else { None };
        if let (Some(address), Some(port)) = (&container.address, container.marks.served_at.or(only)) {
            let door = route("instance", &container.name);
            found.push(Route { hosts: vec![address.clone()], ports: vec![port], ..door });
        }
    }
    found
}
