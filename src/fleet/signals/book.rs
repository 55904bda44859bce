//! Where signals can be tied to: Services by the names that brokers, alarms and checks call them.

use std::collections::{BTreeSet, HashMap};

use crate::fleet::shape::shape;
use crate::model::{Address, EnvironmentAddress, Text};

/// Names of Services, as signals speak of them.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// By scope (namespace, project, cluster) and the Workload's or the Service's name.
    in_scope: HashMap<(Text, Text), Vec<Address>>,
    /// By the Service's or a Workload's name alone.
    named: HashMap<Text, Vec<Address>>,
    /// By the names of both, joined as reverse proxies do it.
    joined: HashMap<String, Vec<Address>>,
    /// What scales by a queue of this name, and how that is known.
    scaled_by: HashMap<String, Vec<(Address, String)>>,
    of_environment: HashMap<EnvironmentAddress, Vec<Address>>,
    /// Scopes whose names say their Environment (`shop-prod`).
    scopes: BTreeSet<String>,
}

impl Book {
    /// A Service is made of this Workload.
    pub(super) fn workload(&mut self, scope: &Text, name: &Text, service: &Address) {
        if !self.scopes.contains(scope.raw()) && shape(scope.raw()).is_some() {
            self.scopes.insert(scope.raw().to_owned());
        }
        for name in [name, &service.service] {
            note(self.in_scope.entry((scope.clone(), name.clone())).or_default(), service);
            note(self.named.entry(name.clone()).or_default(), service);
            for joined in [format!("{name}-{scope}"), format!("{scope}-{name}")] {
                note(self.joined.entry(joined).or_default(), service);
            }
        }
        note(self.of_environment.entry(service.environment.clone()).or_default(), service);
    }

    /// Something says that a Service is scaled by (or takes from) a queue.
    pub(super) fn takes_from(&mut self, queue: &str, service: &Address, because: String) {
        let known = self.scaled_by.entry(queue.to_lowercase()).or_default();
        if !known.iter().any(|(address, _)| address == service) {
            known.push((service.clone(), because));
        }
    }

    /// The only Service of this name in a scope.
    pub(super) fn in_scope(&self, scope: &Text, name: &Text) -> Option<&Address> {
        only(self.in_scope.get(&(scope.clone(), name.clone()))?)
    }

    /// The scope that a thing without one speaks of by its own name, and the rest of that: `shop-prod-db` is the `db` of
    /// `shop-prod`, where that is a known scope.
    pub(super) fn scope_of<'n>(&self, name: &'n Text) -> Option<(Text, &'n str)> {
        let rest = |scope: &String| {
            let rest = name.raw().strip_prefix(scope.as_str())?;
            let own = rest.is_empty() || rest.starts_with(['-', '_', '.', '/']);
            own.then(|| (Text::name(scope), rest.get(1..).unwrap_or_default()))
        };
        self.scopes.iter().filter_map(rest).max_by_key(|(scope, _)| scope.raw().len())
    }

    /// The only Service of this name anywhere, or the only one in an Environment of this name.
    pub(super) fn named(&self, name: &Text, environment: Option<&Text>) -> Option<&Address> {
        let all = self.named.get(name)?;
        match environment {
            None => only(all),
            Some(wanted) => {
                let mut fitting = all.iter().filter(|address| address.environment.environment == *wanted);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        }
    }

    /// What a reverse proxy sends requests to, as it calls it: Traefik's `api-shop-prod@docker`, `shop-prod-api-80@kubernetes`
    /// or, where the labels of a container chose the name, `api@docker`.
    pub(super) fn routed(&self, name: &Text) -> Option<&Address> {
        let (name, _provider) = name.raw().rsplit_once('@')?;
        let without_port = name.rsplit_once('-').map(|(name, _port)| name);
        let joined = std::iter::once(name).chain(without_port).find_map(|name| only(self.joined.get(name)?));
        joined.or_else(|| only(self.named.get(&Text::name(name))?))
    }

    /// Who says that it takes from a queue of this name: in the Environment; anywhere, where that is none we know.
    pub(super) fn taker(&self, queue: &Text, environment: &EnvironmentAddress) -> Option<&(Address, String)> {
        let all = self.scaled_by.get(&queue.raw().to_lowercase())?;
        // A queue of a known Environment is not taken by another one's worker only because that one says more.
        let elsewhere = all.len() == 1 && !self.of_environment.contains_key(environment);
        let here = all.iter().find(|(address, _)| address.environment == *environment);
        here.or_else(|| all.first().filter(|_| elsewhere))
    }

    /// The only Service of an Environment whose name speaks of the same work as the queue's; a queue whose name says nothing
    /// (`celery`, `default`, `jobs`) belongs to the only worker.
    pub(super) fn alike(&self, queue: &Text, environment: &EnvironmentAddress) -> Option<(&Address, String)> {
        let services = self.of_environment.get(environment)?;
        let stem = stem(queue.raw());
        if stem.is_empty() {
            let worker =
                |address: &&Address| ["worker", "consumer", "celery"].iter().any(|w| address.service.raw().contains(w));
            let mut workers = services.iter().filter(worker);
            let one = workers.next().filter(|_| workers.next().is_none())?;
            return Some((one, format!("`{}` is the only worker of {environment}", one.service)));
        }
        let mut fitting = services.iter().filter(|address| self::stem(address.service.raw()) == stem);
        let one = fitting.next().filter(|_| fitting.next().is_none())?;
        Some((one, format!("the names `{queue}` and `{}` are alike", one.service)))
    }
}

fn note(list: &mut Vec<Address>, service: &Address) {
    if !list.contains(service) {
        list.push(service.clone());
    }
}

fn only(list: &[Address]) -> Option<&Address> {
    match list {
        [one] => Some(one),
        _ => None,
    }
}

/// Words that say what a thing is, not what it works on.
const PLAIN: &[&str] = &[
    "queue",
    "queues",
    "q",
    "job",
    "jobs",
    "task",
    "tasks",
    "worker",
    "workers",
    "consumer",
    "consumers",
    "processor",
    "service",
    "celery",
    "default",
    "events",
];

/// What a name speaks of: `crawl-jobs`, `crawl.worker` and `Crawl` speak of `crawl`.
fn stem(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.filter(|word| !word.is_empty() && !PLAIN.contains(&word.as_str())).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(environment: &str, service: &str) -> Address {
        let environment = EnvironmentAddress { system: Some(Text::name("c")), environment: Text::name(environment) };
        Address { environment, service: Text::name(service) }
    }

    fn book(services: &[&str]) -> Book {
        let mut book = Book::default();
        for service in services {
            book.workload(&Text::name("c-prod"), &Text::name(service), &address("prod", service));
        }
        book
    }

    #[test]
    fn a_queue_is_taken_by_the_service_that_is_called_alike_and_only_if_there_is_one() {
        let prod = address("prod", "x").environment;
        let alike = |services: &[&str], queue: &str| {
            book(services).alike(&Text::name(queue), &prod).map(|(address, _)| address.service.to_string())
        };
        assert_eq!(alike(&["crawl-worker", "api"], "crawl-jobs").as_deref(), Some("crawl-worker"));
        assert_eq!(alike(&["crawl-worker", "crawl"], "crawl-jobs"), None);
        assert_eq!(alike(&["api", "web"], "crawl-jobs"), None);
        assert_eq!(alike(&["airflow-worker", "web"], "celery").as_deref(), Some("airflow-worker"));
        assert_eq!(alike(&["a-worker", "b-worker"], "celery"), None);
    }

    #[test]
    fn a_thing_without_a_scope_speaks_of_the_longest_known_one_that_its_name_begins_with() {
        let mut book = book(&["api"]);
        for scope in ["shop-prod", "shop-prod-eu", "default"] {
            book.workload(&Text::name(scope), &Text::name("api"), &address("prod", "api"));
        }
        let told = |name: &str| {
            let name = Text::name(name);
            book.scope_of(&name).map(|(scope, rest)| format!("{scope} {rest}"))
        };
        assert_eq!(told("shop-prod-db").as_deref(), Some("shop-prod db"));
        assert_eq!(told("shop-prod-eu-db").as_deref(), Some("shop-prod-eu db"));
        assert_eq!([told("shop-production"), told("default-jobs"), told("db")], [None, None, None]);
    }

    #[test]
    fn what_a_reverse_proxy_calls_a_service_is_that_service() {
        let mut book = book(&["api", "web"]);
        book.workload(&Text::name("c-dev"), &Text::name("api"), &address("dev", "api"));
        let routed = |name: &str| book.routed(&Text::name(name)).map(ToString::to_string);
        for name in ["api-c-prod@docker", "c-prod-api-80@kubernetes", "c-prod-api-http@kubernetescrd"] {
            assert_eq!(routed(name).as_deref(), Some("c/prod/api"), "{name}");
        }
        assert_eq!(routed("web@docker").as_deref(), Some("c/prod/web"));
        assert_eq!([routed("api@docker"), routed("api-c-prod"), routed("dashboard@internal")], [None, None, None]);
    }

    #[test]
    fn who_says_that_it_takes_from_a_queue_takes_from_that_of_its_own_environment() {
        let mut book = book(&["worker"]);
        book.workload(&Text::name("c-dev"), &Text::name("worker"), &address("dev", "worker"));
        book.takes_from("crawl-jobs", &address("prod", "worker"), "its label".to_owned());
        let taker = |environment: &str| {
            let found = book.taker(&Text::name("crawl-jobs"), &address(environment, "x").environment);
            found.map(|(address, _)| address.to_string())
        };
        assert_eq!(taker("prod").as_deref(), Some("c/prod/worker"));
        assert_eq!(taker("dev"), None);
        assert_eq!(taker("broker").as_deref(), Some("c/prod/worker"));
    }

    #[test]
    fn a_name_in_its_scope_beats_none_and_two_of_a_name_are_nobody() {
        let mut book = book(&["api"]);
        book.workload(&Text::name("c-dev"), &Text::name("api"), &address("dev", "api"));
        assert_eq!(book.in_scope(&Text::name("c-dev"), &Text::name("api")), Some(&address("dev", "api")));
        assert_eq!(book.named(&Text::name("api"), None), None);
        assert_eq!(book.named(&Text::name("api"), Some(&Text::name("prod"))), Some(&address("prod", "api")));
    }
}
