//! The labels by which Compose marks its containers, and the few others that say something to us.

use std::collections::HashMap;

use crate::model::{Labels, Text};

const PREFIX: &str = "com.docker.compose.";

/// Longest label that is read whole where more than a name may stand in it (file lists, rules).
const LONGEST: usize = 4096;

/// What the labels say about one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// `None`: no Compose project owns it.
    pub(super) compose: Option<ComposeMarks>,
    /// Labels for assignment, ownership and linking.
    pub(super) labels: Labels,
    /// `Host()` rules of Traefik's HTTP routers, by the router's name, with whether it speaks TLS.
    pub(super) routers: Vec<Router>,
    /// The port at which Traefik asks it, where its labels say so.
    pub(super) served_at: Option<u16>,
}

/// What Compose itself wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ComposeMarks {
    pub(super) project: Text,
    pub(super) service: Text,
    pub(super) number: Option<u32>,
    pub(super) config_hash: Option<String>,
    pub(super) working_dir: Option<String>,
    /// Paths where Compose ran; they may not exist here.
    pub(super) config_files: Vec<String>,
    pub(super) environment_file: Option<String>,
    /// Version of the Compose that made it.
    pub(super) version: Option<String>,
    /// Services that it waits for until they have ended well.
    pub(super) awaits_end_of: Vec<String>,
    /// A `docker compose run`, or a hook: no part of the Service.
    pub(super) aside: bool,
}

/// A front door that a Traefik rule opens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Router {
    pub(super) name: Text,
    pub(super) hosts: Vec<Text>,
    pub(super) tls: bool,
}

/// Reads the labels of a container.
pub(super) fn read(labels: &HashMap<String, String>) -> Marks {
    Marks {
        compose: compose(labels),
        labels: Labels::keep(labels.iter().map(|(k, v)| (k.as_str(), v.as_str()))),
        routers: routers(labels),
        served_at: labels.iter().find_map(|(key, value)| {
            let service = key.strip_prefix("traefik.http.services.")?;
            service.strip_suffix(".loadbalancer.server.port").and_then(|_| value.parse().ok())
        }),
    }
}

fn compose(labels: &HashMap<String, String>) -> Option<ComposeMarks> {
    let get = |name: &str| {
        let value = labels.get(&format!("{PREFIX}{name}")).map(String::as_str);
        value.filter(|v| !v.is_empty() && v.len() <= LONGEST)
    };
    let project = labels.get(&format!("{PREFIX}project")).filter(|p| !p.is_empty())?;
    let service = labels.get(&format!("{PREFIX}service")).filter(|s| !s.is_empty())?;
    let files = get("project.config_files").unwrap_or_default();
    let waits = get("depends_on").unwrap_or_default().split(',').filter_map(|entry| {
        let mut parts = entry.split(':');
        let service = parts.next()?;
        (parts.next()? == "service_completed_successfully").then(|| service.to_owned())
    });
    Some(ComposeMarks {
        project: Text::name(project),
        service: Text::name(service),
        number: get("container-number").and_then(|n| n.parse().ok()),
        config_hash: get("config-hash").map(str::to_owned),
        working_dir: get("project.working_dir").map(str::to_owned),
        config_files: files.split(',').filter(|f| !f.is_empty()).map(str::to_owned).collect(),
        environment_file: get("project.environment_file").map(str::to_owned),
        version: get("version").map(|v| v.trim_start_matches('v').to_owned()),
        awaits_end_of: waits.collect(),
        aside: get("oneoff").is_some_and(|v| v.eq_ignore_ascii_case("true")) || get("hook").is_some(),
    })
}

/// `traefik.http.routers.NAME.rule = Host(`a.example`) || Host(`b.example`)`, with `….tls` beside it.
fn routers(labels: &HashMap<String, String>) -> Vec<Router> {
    let mut found: Vec<Router> = labels
        .iter()
        .filter(|(_, rule)| rule.len() <= LONGEST)
        .filter_map(|(key, rule)| {
            let name = key.strip_prefix("traefik.http.routers.")?.strip_suffix(".rule")?;
            let start = format!("traefik.http.routers.{name}.");
            let tls = labels.iter().any(|(k, v)| {
                k.strip_prefix(&start).is_some_and(|rest| {
                    rest == "tls" && v != "false"
                        || rest.starts_with("tls.")
                        || rest == "entrypoints" && v.contains("secure")
                })
            });
            Some(Router { name: Text::name(name), hosts: hosts(rule), tls })
        })
        .filter(|router| !router.hosts.is_empty())
        .collect();
    found.sort();
    found
}

/// The names inside `Host(…)`; version 2 of Traefik takes several in one.
fn hosts(rule: &str) -> Vec<Text> {
    let mut found = Vec::new();
    for (at, _) in rule.match_indices("Host(") {
        let inside = rule[at + 5..].split(')').next().unwrap_or_default();
        let quoted = inside.split(['`', '"', '\'']).skip(1).step_by(2);
        found.extend(quoted.filter(|h| !h.is_empty() && *h != "*").map(Text::name));
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn project_service_and_number_come_from_the_labels() {
        let marks = read(&of(&[
            ("com.docker.compose.project", "shop-prod"),
            ("com.docker.compose.service", "web"),
            ("com.docker.compose.container-number", "3"),
            ("com.docker.compose.oneoff", "False"),
            ("com.docker.compose.project.config_files", "/srv/a.yaml,/srv/b.yaml"),
            ("com.docker.compose.depends_on", "db:service_healthy:false,migrate:service_completed_successfully:false"),
            ("quarterdeck.tier", "staging"),
        ]));
        let compose = marks.compose.unwrap();
        assert_eq!((compose.service.raw(), compose.number, compose.aside), ("web", Some(3), false));
        assert_eq!(compose.config_files, ["/srv/a.yaml", "/srv/b.yaml"]);
        assert_eq!(compose.awaits_end_of, ["migrate"]);
        assert_eq!(marks.labels.get("quarterdeck.tier").unwrap().raw(), "staging");
    }

    #[test]
    fn one_off_and_hook_containers_stand_aside_and_strangers_have_no_project() {
        let base = [("com.docker.compose.project", "p"), ("com.docker.compose.service", "s")];
        for more in [("com.docker.compose.oneoff", "True"), ("com.docker.compose.hook", "post_start")] {
            let labels = of(&[base[0], base[1], more]);
            assert!(read(&labels).compose.unwrap().aside, "{more:?}");
        }
        assert!(read(&of(&[("com.docker.compose.project", "p")])).compose.is_none());
    }

    #[test]
    fn traefik_rules_give_the_hosts_of_a_router() {
        let marks = read(&of(&[
            (
                "traefik.http.routers.api.rule",
                "Host(`api.example`, `www.example`) && PathPrefix(`/v1`) || Host(\"b.example\")",
            ),
            ("traefik.http.routers.api.tls.certresolver", "le"),
            ("traefik.http.routers.none.rule", "PathPrefix(`/x`)"),
        ]));
        let [router] = marks.routers.as_slice() else { panic!("{:?}", marks.routers) };
        let hosts: Vec<_> = router.hosts.iter().map(Text::raw).collect();
        assert_eq!((hosts, router.tls), (vec!["api.example", "www.example", "b.example"], true));
    }
}
