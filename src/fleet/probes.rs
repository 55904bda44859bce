//! From front doors to Checks: what of the published ports, Traefik rules, Ingresses and load balancers that Sources tell of
//! can be asked from here without asking a stranger. A label can name any host of the world, so names alone prove nothing.

// Addresses are words here; nothing is connected.
use core::net::IpAddr;
use std::collections::{BTreeMap, HashMap};

use crate::model::{
    CheckKind, CheckSpec, Freshness, Instance, Phase, PodDoor, Route, Service, SourceName, Text, Workload, WorkloadKind,
};

use super::Fleet;
use super::rules::{CheckRules, is_like};

/// Most Checks that are found: a fleet of thousands is not knocked at from one terminal.
const MOST: usize = 200;
/// Most Instances of one Workload that are asked one by one.
const MOST_PODS: usize = 16;

/// A Workload by its place and name, as Routes speak of it.
type Place<'a> = (&'a SourceName, &'a Text, WorkloadKind, &'a Text);

/// What is known of the world while front doors are looked at.
struct View<'a> {
    fleet: &'a Fleet,
    rules: &'a CheckRules,
    /// Services by their Workloads.
    by_place: HashMap<Place<'a>, (&'a Service, &'a Workload)>,
    /// The same by source and scope, for what names no Workload.
    by_scope: HashMap<(&'a SourceName, &'a Text), Vec<(&'a Service, &'a Workload)>>,
    /// What Services of Kubernetes select, by source, scope and name.
    selectors: HashMap<(&'a SourceName, &'a Text, &'a Text), &'a [(Text, Text)]>,
    /// Ports that are published on the host of a Source's engine, on all of its addresses.
    published: HashMap<&'a SourceName, Vec<u16>>,
}

impl Fleet {
    /// The Checks that the front doors of live Sources give, in the order of what they ask.
    #[must_use]
    pub fn probes(&self) -> Vec<CheckSpec> {
        let rules = &self.rules().checks;
        if !rules.discover {
            return Vec::new();
        }
        let live = |source: &SourceName| {
            let known = self.source(source);
            known.is_some_and(|s| s.synced && matches!(s.state, Freshness::Fresh | Freshness::Partial))
        };
        let routes: Vec<&Route> = self.routes().filter(|route| live(&route.key.source)).collect();
        if routes.is_empty() {
            return Vec::new();
        }
        let view = self.view(rules, &routes);
        let mut found: BTreeMap<(String, String, CheckKind), CheckSpec> = BTreeMap::new();
        for spec in routes.iter().flat_map(|route| view.specs(route)) {
            let identity = (spec.service.raw().to_owned(), spec.target.raw().to_owned(), spec.kind);
            // The same door told by two Routes is one; the one that can be asked stands.
            let known = found.entry(identity).or_insert_with(|| spec.clone());
            if known.held.is_some() && spec.held.is_none() {
                *known = spec;
            }
        }
        let mut specs: Vec<CheckSpec> = found.into_values().collect();
        specs.sort_by_key(|spec| (spec.held.is_some(), spec.pods.is_some()));
        specs.truncate(MOST);
        specs
    }

    fn view<'a>(&'a self, rules: &'a CheckRules, routes: &[&'a Route]) -> View<'a> {
        let mut view = View {
            fleet: self,
            rules,
            by_place: HashMap::new(),
            by_scope: HashMap::new(),
            selectors: HashMap::new(),
            published: HashMap::new(),
        };
        for service in self.services() {
            for workload in service.workloads.iter().filter_map(|key| self.workload(key)) {
                // What is at rest on purpose has no door that could answer.
                if workload.kind.is_job() || workload.desired == Some(0) {
                    continue;
                }
                let (source, scope) = (&workload.key.source, &workload.scope);
                view.by_place.insert((source, scope, workload.kind, &workload.name), (service, workload));
                view.by_scope.entry((source, scope)).or_default().push((service, workload));
            }
        }
        for route in routes {
            match route.kind.raw() {
                "Service" => {
                    let place = (&route.key.source, &route.scope, &route.name);
                    view.selectors.insert(place, &route.selector);
                }
                "port" if route.hosts.is_empty() => {
                    view.published.entry(&route.key.source).or_default().extend(&route.ports);
                }
                _ => {}
            }
        }
        view
    }
}

impl View<'_> {
    fn specs(&self, route: &Route) -> Vec<CheckSpec> {
        match route.kind.raw() {
            "port" => self.published_ports(route),
            "traefik" => self.web(route, "Traefik rule"),
            "Ingress" => self.web(route, "Ingress"),
            "target group" => self.behind_balancer(route),
            "network load balancer" => self.balanced(route),
            "instance" => self.instance(route),
            "readiness" => self.readiness(route),
            // Without a selector it is the name of somebody else's host.
            "Service" if !route.selector.is_empty() => self.balanced(route),
            _ => Vec::new(),
        }
    }

    /// The Service that is behind a door.
    fn service(&self, route: &Route) -> Option<Text> {
        let source = &route.key.source;
        if let Some((kind, name)) = &route.workload {
            let (service, _) = self.by_place.get(&(source, &route.scope, *kind, name))?;
            return Some(written(service));
        }
        let here = self.by_scope.get(&(source, &route.scope))?;
        let selected = |selector: &[(Text, Text)]| {
            let kept: Vec<_> = selector.iter().filter(|(key, _)| crate::model::labels::is_kept(key.raw())).collect();
            let fits = |w: &Workload| kept.iter().all(|(key, value)| w.labels.get(key.raw()) == Some(value));
            let mut fitting = here.iter().filter(|(_, w)| !kept.is_empty() && fits(w)).map(|(service, _)| *service);
            let first = fitting.next()?;
            // What two Services share tells nothing of either.
            fitting.all(|other| other.address == first.address).then(|| written(first))
        };
        let named = |name: &Text| {
            let by_name = || here.iter().find(|(_, w)| w.name == *name).map(|(service, _)| written(service));
            self.selectors.get(&(source, &route.scope, name)).and_then(|selector| selected(selector)).or_else(by_name)
        };
        if route.kind.raw() == "Service" {
            return selected(&route.selector).or_else(|| named(&route.name));
        }
        // Several backends share the door by path: `/` of it speaks of none of them.
        let [backend] = route.backends.as_slice() else { return None };
        named(backend)
    }

    fn published_ports(&self, route: &Route) -> Vec<CheckSpec> {
        let Some(engine) = self.rules.reach.get(route.key.source.0.raw()) else { return Vec::new() };
        let Some(service) = self.service(route) else { return Vec::new() };
        let bound: Vec<IpAddr> = route.hosts.iter().filter_map(|host| host.raw().parse().ok()).collect();
        let host = match bound[..] {
            [] => engine.clone(),
            // Bound to loopback of another machine: nobody reaches that from here.
            [one] if one.is_loopback() && !is_loopback(engine) => return Vec::new(),
            [one] => one.to_string(),
            _ => return Vec::new(),
        };
        let ports = route.ports.iter().filter(|port| **port > 0);
        let target = |port: &u16| Text::name(&place(&host, *port));
        ports.map(|port| CheckSpec::new(CheckKind::Tcp, target(port), service.clone(), "published port")).collect()
    }

    /// Hosts of a Traefik rule or an Ingress: `GET /` at each.
    fn web(&self, route: &Route, found_by: &str) -> Vec<CheckSpec> {
        let Some(service) = self.service(route) else { return Vec::new() };
        let scheme = if route.tls { "https" } else { "http" };
        // Traefik itself stands on its engine's host, if somebody publishes its port there: asked there, a name in a label
        // leads nowhere else.
        let port = if route.tls { 443 } else { 80 };
        let engine = self.rules.reach.get(route.key.source.0.raw());
        let door = engine.filter(|_| self.published.get(&route.key.source).is_some_and(|ports| ports.contains(&port)));
        let spec = |host: &Text| {
            let target = Text::name(&format!("{scheme}://{}/", host.raw()));
            let spec = CheckSpec::new(CheckKind::Http, target, service.clone(), found_by);
            match door.filter(|_| found_by == "Traefik rule") {
                Some(engine) => CheckSpec { via: Some(Text::name(engine)), ..spec },
                None => CheckSpec { held: self.held(host.raw()), ..spec },
            }
        };
        route.hosts.iter().filter(|host| is_host(host.raw())).map(spec).collect()
    }

    /// Hosts that a load balancer sends on to a target group: `GET /` at each.
    fn behind_balancer(&self, route: &Route) -> Vec<CheckSpec> {
        let Some(service) = self.service(route) else { return Vec::new() };
        let (scheme, usual) = if route.tls { ("https", 443) } else { ("http", 80) };
        let port = if route.ports.contains(&usual) { Some(&usual) } else { route.ports.first() };
        let port = port.filter(|port| **port != usual).map(|port| format!(":{port}")).unwrap_or_default();
        let spec = |host: &Text| {
            let target = Text::name(&format!("{scheme}://{}{port}/", host.raw()));
            let spec = CheckSpec::new(CheckKind::Http, target, service.clone(), "load balancer");
            CheckSpec { held: self.held(host.raw()), ..spec }
        };
        route.hosts.iter().filter(|host| is_host(host.raw())).map(spec).collect()
    }

    /// One Instance behind a door that speaks HTTP, at its own address: it leads somewhere only on the machine of its engine.
    fn instance(&self, route: &Route) -> Vec<CheckSpec> {
        let engine = self.rules.reach.get(route.key.source.0.raw());
        let Some(service) = engine.filter(|engine| is_loopback(engine)).and_then(|_| self.service(route)) else {
            return Vec::new();
        };
        let spec = |host: &Text, port: u16| {
            let target = Text::name(&format!("http://{}/", place(host.raw(), port)));
            CheckSpec::new(CheckKind::Http, target, service.clone(), CheckSpec::OF_INSTANCE)
        };
        let hosts = route.hosts.iter().filter(|host| host.raw().parse::<IpAddr>().is_ok());
        hosts.flat_map(|host| route.ports.iter().map(move |port| spec(host, *port))).collect()
    }

    /// What a readiness probe asks, of each Instance that runs: its own platform has the way to them.
    fn readiness(&self, route: &Route) -> Vec<CheckSpec> {
        let (Some((kind, name)), [port], [path]) = (&route.workload, &route.ports[..], &route.backends[..]) else {
            return Vec::new();
        };
        let Some((service, _)) = self.by_place.get(&(&route.key.source, &route.scope, *kind, name)) else {
            return Vec::new();
        };
        let own = |one: &&Instance| {
            let here = one.key.source == route.key.source && one.scope == route.scope;
            here && one.phase == Phase::Running && one.name.raw().starts_with(name.raw())
        };
        let runs = service.instances.iter().filter_map(|key| self.fleet.instance(key)).filter(own);
        let pods: Vec<Text> = runs.map(|one| one.name.clone()).take(MOST_PODS).collect();
        let scheme = if route.tls { "https" } else { "http" };
        let slash = if path.raw().starts_with('/') { "" } else { "/" };
        let target = Text::line(&format!("{scheme}://each-pod:{port}{slash}{}", path.raw()));
        let door = PodDoor {
            source: route.key.source.clone(),
            scope: route.scope.clone(),
            pods,
            port: *port,
            path: path.clone(),
            tls: route.tls,
        };
        let spec = CheckSpec::new(CheckKind::Http, target, written(service), CheckSpec::OF_READINESS);
        vec![CheckSpec { pods: Some(door), ..spec }]
    }

    /// A load balancer's addresses: does something answer?
    fn balanced(&self, route: &Route) -> Vec<CheckSpec> {
        if route.hosts.is_empty() {
            return Vec::new();
        }
        let Some(service) = self.service(route) else { return Vec::new() };
        let hosts = route.hosts.iter().filter(|host| is_host(host.raw()));
        let spec = |host: &Text, port: u16| {
            let target = Text::name(&place(host.raw(), port));
            let spec = CheckSpec::new(CheckKind::Tcp, target, service.clone(), "load balancer");
            CheckSpec { held: self.held(host.raw()), ..spec }
        };
        hosts.flat_map(|host| route.ports.iter().map(move |port| spec(host, *port))).collect()
    }

    /// Why a host is not asked; `None`: it may be.
    fn held(&self, host: &str) -> Option<Text> {
        let host = host.to_ascii_lowercase();
        let near = is_loopback(&host)
            || self.rules.reach.values().any(|known| known.eq_ignore_ascii_case(&host))
            || self.rules.hosts.iter().any(|pattern| is_like(&pattern.to_ascii_lowercase(), &host));
        let words = || format!("found, not run: {host} is no host of a Source; `[checks] hosts` can name it");
        (!near).then(|| Text::line(&words()))
    }
}

/// A Service's whole address, as its platform wrote it.
fn written(service: &Service) -> Text {
    Text::line(&service.address.whole())
}

fn place(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// This machine, by name or address.
fn is_loopback(host: &str) -> bool {
    let name = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    name || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A name or an address that a URL can hold as it is; patterns such as `*.example.com` are none.
fn is_host(host: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name = !host.starts_with(['-', '.']) && host.len() <= 253 && !host.is_empty() && host.chars().all(letters);
    name || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv4())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::Rules;
    use crate::model::{
        Fact, Key, Kind, Labels, Platform, Rollout, SourceKind, SourceStatus, Table, Timestamp, Update,
    };

    fn now() -> Timestamp {
        Timestamp::from_second(1_790_000_000).unwrap()
    }

    fn source() -> SourceName {
        SourceName::new("docker:local")
    }

    fn workload(kind: WorkloadKind, name: &str, labels: &[(&str, &str)]) -> Fact {
        Fact::Workload(Box::new(Workload {
            key: Key::new(&source(), Kind::Workload, &format!("shop-prod/{name}")),
            platform: Platform::Compose,
            kind,
            scope: Text::name("shop-prod"),
            name: Text::name(name),
            labels: Labels::keep(labels.iter().copied()),
            parent: None,
            desired: Some(1),
            ready: Some(1),
            updated: Some(1),
            available: Some(1),
            observed: true,
            rollout: Rollout::Steady,
            job: None,
            probed: Some(true),
            images: Vec::new(),
            owners: Vec::new(),
            drift: Vec::new(),
            revision: None,
            created_at: None,
            changed_at: None,
        }))
    }

    fn route(kind: &str, name: &str) -> Route {
        Route {
            key: Key::new(&source(), Kind::Route, &format!("{kind}/{name}")),
            kind: Text::name(kind),
            scope: Text::name("shop-prod"),
            name: Text::name(name),
            hosts: Vec::new(),
            ports: Vec::new(),
            tls: false,
            backends: Vec::new(),
            selector: Vec::new(),
            workload: Some((WorkloadKind::ComposeService, Text::name(name))),
        }
    }

    fn rules(engine: &str, hosts: &[&str]) -> Rules {
        let reach = BTreeMap::from([("docker:local".to_owned(), engine.to_owned())]);
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        Rules { checks: CheckRules { discover: true, hosts, reach }, ..Rules::default() }
    }

    fn fleet(rules: Rules, facts: Vec<Fact>) -> Fleet {
        let mut fleet = Fleet::new(rules);
        fleet.know(&source(), SourceKind::Docker, Text::line("test"), true, now());
        let table = Table::whole("all");
        let puts = facts.into_iter().map(|fact| Update::Put(table.clone(), fact));
        let updates = [Update::Begin(table.clone())].into_iter().chain(puts);
        let fresh = SourceStatus { state: Freshness::Fresh, ..SourceStatus::default() };
        for update in updates.chain([Update::Commit(table.clone()), Update::Status(fresh), Update::Synced]) {
            fleet.apply(&source(), update, now());
        }
        fleet.settle(now());
        fleet
    }

    fn told(fleet: &Fleet) -> Vec<String> {
        let line = |spec: &CheckSpec| {
            let via = spec.via.as_ref().map(|via| format!(" via {via}")).unwrap_or_default();
            let held = if spec.held.is_some() { " held" } else { "" };
            format!("{} {} for {}{via}{held}", spec.kind, spec.target, spec.service)
        };
        fleet.probes().iter().map(line).collect()
    }

    fn web_with(routes: Vec<Route>) -> Vec<Fact> {
        let web = [workload(WorkloadKind::ComposeService, "web", &[])];
        web.into_iter().chain(routes.into_iter().map(|route| Fact::Route(Box::new(route)))).collect()
    }

    #[test]
    fn a_published_port_is_knocked_at_on_the_host_of_its_engine() {
        let port = || Route { ports: vec![8080], ..route("port", "web") };
        let bound = || Route { hosts: vec![Text::name("127.0.0.1")], ..port() };
        let facts = || web_with(vec![port()]);
        assert_eq!(told(&fleet(rules("127.0.0.1", &[]), facts())), ["tcp 127.0.0.1:8080 for shop/prod/web"]);
        assert_eq!(told(&fleet(rules("vm1", &[]), facts())), ["tcp vm1:8080 for shop/prod/web"]);
        assert_eq!(told(&fleet(rules("vm1", &[]), web_with(vec![bound()]))), [""; 0]);
        assert_eq!(told(&fleet(Rules::default(), facts())), [""; 0]);
    }

    #[test]
    fn instances_behind_a_door_are_asked_at_their_own_address_on_the_machine_of_their_engine() {
        let one = || Route { hosts: vec![Text::name("172.18.0.5")], ports: vec![3000], ..route("instance", "web") };
        let here = fleet(rules("127.0.0.1", &[]), web_with(vec![one()]));
        assert_eq!(told(&here), ["http http://172.18.0.5:3000/ for shop/prod/web"]);
        assert_eq!(told(&fleet(rules("vm1", &[]), web_with(vec![one()]))), [""; 0]);
    }

    #[test]
    fn a_traefik_rule_is_asked_at_the_engines_own_front_door_wherever_its_name_leads() {
        let rule = Route { hosts: vec![Text::name("shop.example.com")], tls: true, ..route("traefik", "web") };
        let door = Route { ports: vec![443], ..route("port", "web") };
        let with_door = fleet(rules("127.0.0.1", &[]), web_with(vec![rule.clone(), door]));
        assert!(
            told(&with_door).contains(&"http https://shop.example.com/ for shop/prod/web via 127.0.0.1".to_owned())
        );
        let without = |hosts: &[&str]| told(&fleet(rules("127.0.0.1", hosts), web_with(vec![rule.clone()])));
        assert_eq!(without(&[]), ["http https://shop.example.com/ for shop/prod/web held"]);
        assert_eq!(without(&["*.Example.com"]), ["http https://shop.example.com/ for shop/prod/web"]);
    }

    #[test]
    fn a_host_that_a_load_balancer_sends_on_is_asked_at_its_port_and_held_unless_it_is_named() {
        let hosts = || vec![Text::name("api.example.com"), Text::name("*.example.com")];
        let tls = Route { hosts: hosts(), ports: vec![443, 8443], tls: true, ..route("target group", "web") };
        let plain = Route { hosts: hosts(), ports: vec![8080], ..route("target group", "web") };
        let by_path = Route { hosts: hosts(), ports: vec![80], ..route("target group by path", "web") };
        let asked = |route: &Route| told(&fleet(rules("vm1", &["*.example.com"]), web_with(vec![route.clone()])));
        assert_eq!(asked(&tls), ["http https://api.example.com/ for shop/prod/web"]);
        assert_eq!(asked(&plain), ["http http://api.example.com:8080/ for shop/prod/web"]);
        assert_eq!(asked(&by_path), [""; 0]);
        let stranger = told(&fleet(rules("vm1", &[]), web_with(vec![tls])));
        assert_eq!(stranger, ["http https://api.example.com/ for shop/prod/web held"]);
    }

    #[test]
    fn an_ingress_speaks_of_the_service_that_its_backend_selects() {
        let ingress = |backends: &[&str]| Route {
            hosts: vec![Text::name("shop.localhost"), Text::name("*.shop.localhost"), Text::name("a b")],
            backends: backends.iter().map(|name| Text::name(name)).collect(),
            workload: None,
            ..route("Ingress", "front")
        };
        let service =
            Route { selector: vec![(Text::name("app"), Text::name("web"))], workload: None, ..route("Service", "svc") };
        let facts = |backends: &[&str]| {
            let deployment = workload(WorkloadKind::Deployment, "web-v2", &[("app", "web")]);
            let routes = [ingress(backends), service.clone()].map(|route| Fact::Route(Box::new(route)));
            [deployment].into_iter().chain(routes).collect::<Vec<_>>()
        };
        let one = told(&fleet(rules("127.0.0.1", &[]), facts(&["svc"])));
        assert_eq!(one.len(), 1, "{one:?}");
        assert!(one[0].starts_with("http http://shop.localhost/ for shop/prod/web"), "{one:?}");
        assert_eq!(told(&fleet(rules("127.0.0.1", &[]), facts(&["svc", "other"]))), [""; 0]);
    }

    #[test]
    fn nothing_is_found_at_a_stale_source_nor_at_what_rests() {
        let mut stale =
            fleet(rules("127.0.0.1", &[]), web_with(vec![Route { ports: vec![80], ..route("port", "web") }]));
        assert_eq!(stale.probes().len(), 1);
        let lost = SourceStatus { state: Freshness::Unreachable, ..SourceStatus::default() };
        stale.apply(&source(), Update::Status(lost), now());
        stale.settle(now());
        assert_eq!(told(&stale), [""; 0]);
        let mut rests = workload(WorkloadKind::ComposeService, "web", &[]);
        if let Fact::Workload(workload) = &mut rests {
            workload.desired = Some(0);
        }
        let door = Fact::Route(Box::new(Route { ports: vec![80], ..route("port", "web") }));
        assert_eq!(told(&fleet(rules("127.0.0.1", &[]), vec![rests, door])), [""; 0]);
    }
}
