//! Which Environment and which Service a signal speaks of, and by which rule: what brokers, alarms and checks say of
//! themselves is held against the names of Services. What fits nothing is shown without a Service, never guessed.

use crate::fleet::assign::{Placement, Question, assign};
use crate::fleet::rules::{QueueRule, Rules, is_like};
use crate::fleet::shape::{shape, short_source};
use crate::model::{
    Address, Alarm, EnvironmentAddress, Labels, Queue, Reading, SourceName, Store, StoreKind, Text, Tier,
};

use super::book::Book;

/// Where a signal belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::fleet) struct Tie {
    pub(in crate::fleet) environment: EnvironmentAddress,
    pub(in crate::fleet) tier: Tier,
    pub(in crate::fleet) service: Option<Address>,
    /// The rule that decided on the Service, in words.
    pub(in crate::fleet) because: Text,
}

/// Labels (or dimensions) that name a scope: namespace, Compose project, cluster. What an exporter says of others comes before
/// what is said of itself (Prometheus calls it `exported_…` where both do).
const SCOPES: &[&str] =
    &["exported_namespace", "namespace", "container_label_com_docker_compose_project", "project", "ClusterName"];
/// Labels that name a Service or its Workload, the most telling one first.
const NAMES: &[&str] = &[
    "exported_service",
    "service",
    "service_name",
    "deployment",
    "statefulset",
    "daemonset",
    "container_label_com_docker_compose_service",
    "ServiceName",
    "container",
    "app",
    "job",
];

/// What a signal says of itself, as labels or dimensions.
struct Told<'a>(&'a [(Text, Text)]);

impl<'a> Told<'a> {
    /// The value of the first of these labels that has one.
    fn first(&self, keys: &[&str]) -> Option<&'a Text> {
        let value = |wanted: &&str| self.0.iter().find(|(key, _)| key.raw() == *wanted).map(|(_, value)| value);
        keys.iter().filter_map(value).find(|value| !value.is_empty())
    }
}

/// What ties are made by.
pub(super) struct Ropes<'a> {
    pub(super) rules: &'a Rules,
    pub(super) book: &'a Book,
    /// A typed address as the Service that it names.
    pub(super) resolve: &'a dyn Fn(&str) -> Option<Address>,
    /// The tier of a known Environment.
    pub(super) tier: &'a dyn Fn(&EnvironmentAddress) -> Option<Tier>,
}

impl Ropes<'_> {
    /// The `[[queue]]` entry that speaks of a queue.
    pub(super) fn rule_of(&self, queue: &Queue) -> Option<&QueueRule> {
        rule_of(self.rules, queue)
    }

    pub(super) fn queue(&self, queue: &Queue) -> Tie {
        // A virtual host is a scope only where its name has the shape of one; `/` and team names are none.
        let own = if shape(queue.scope.raw()).is_some() { queue.scope.clone() } else { Text::empty() };
        let spoken = self.book.scope_of(&queue.name).filter(|_| queue.scope.is_empty());
        let (scope, name) = spoken.map_or((own, queue.name.clone()), |(scope, rest)| (scope, Text::name(rest)));
        let place = self.place(&queue.key.source, &scope, &queue.name, None);
        let configured = self.rule_of(queue).and_then(|rule| (self.resolve)(rule.consumer.as_deref()?));
        let home = place.address().environment;
        let (service, because) = if let Some(service) = configured {
            (Some(service), "the configuration: [[queue]] consumer".to_owned())
        } else if let Some((service, because)) = self.book.taker(&queue.name, &home) {
            (Some(service.clone()), because.clone())
        } else if let Some((service, because)) = self.book.alike(&name, &home) {
            (Some(service.clone()), because)
        } else {
            (None, "no rule names who takes from it: write [[queue]] consumer = \"…\"".to_owned())
        };
        self.tie(&place, service, because)
    }

    pub(super) fn alarm(&self, alarm: &Alarm, queue_of: impl Fn(&str) -> Option<Address>) -> Tie {
        let told = Told(&alarm.labels);
        let place = self.told_place(&alarm.key.source, &alarm.name, &told);
        if let Some((service, because)) = self.named(&told) {
            return self.tie(&place, Some(service), because);
        }
        if let Some((name, service)) =
            told.first(&["queue", "QueueName"]).and_then(|name| Some((name, queue_of(name.raw())?)))
        {
            return self.tie(&place, Some(service), format!("it speaks of the queue `{name}`"));
        }
        self.tie(&place, None, "none of its labels names a Service".to_owned())
    }

    /// By the same labels as an alarm. One that is nobody's stands on no screen: no place is worked out for it, since a server
    /// may read thousands.
    pub(super) fn reading(&self, reading: &Reading) -> Tie {
        let nowhere = || EnvironmentAddress { system: None, environment: Text::empty() };
        let (service, because) = match self.named(&Told(&reading.labels)) {
            Some((service, because)) => (Some(service), because),
            None => (None, "none of its labels names a Service".to_owned()),
        };
        let environment = service.as_ref().map_or_else(nowhere, |service| service.environment.clone());
        let tier = (self.tier)(&environment).unwrap_or(Tier::Unknown);
        Tie { environment, tier, service, because: Text::line(&because) }
    }

    /// Where a signal belongs by its labels. What a database or a queue of AWS is called tells its Environment, as it does for the
    /// Store and the Queue.
    fn told_place(&self, source: &SourceName, name: &Text, told: &Told<'_>) -> Placement {
        const THINGS: &[&str] =
            &["DBInstanceIdentifier", "DBClusterIdentifier", "CacheClusterId", "ReplicationGroupId", "QueueName"];
        let empty = Text::empty();
        let labels = Labels::keep(told.0.iter().map(|(key, value)| (key.raw(), value.raw())));
        let things = THINGS.iter().filter_map(|key| told.first(&[key])).chain([name]);
        let spoken = things.filter_map(|name| self.book.scope_of(name)).map(|(scope, _)| scope).next();
        let home = told.first(SCOPES).or(spoken.as_ref()).unwrap_or(&empty);
        self.place(source, home, name, Some(&labels))
    }

    /// The Service that labels name, and how.
    fn named(&self, told: &Told<'_>) -> Option<(Address, String)> {
        let scope = told.first(SCOPES);
        let environment = told.first(&["environment", "env"]);
        for key in NAMES {
            let Some(name) = told.first(&[key]) else { continue };
            let found = match scope {
                Some(scope) => self.book.in_scope(scope, name),
                None => self.book.named(name, environment),
            };
            if let Some(service) = found.or_else(|| self.book.routed(name)) {
                return Some((service.clone(), format!("its label {key}=\"{name}\"")));
            }
        }
        let (key, service) = self.by_pod(told, scope?)?;
        Some((service, format!("its label {key}")))
    }

    /// A pod's name begins with its Workload's.
    fn by_pod(&self, told: &Told<'_>, scope: &Text) -> Option<(&'static str, Address)> {
        let pod = told.first(&["pod", "pod_name"])?;
        let mut name = pod.raw();
        for _ in 0..2 {
            name = name.rsplit_once('-')?.0;
            if let Some(service) = self.book.in_scope(scope, &Text::name(name)) {
                return Some(("pod", service.clone()));
            }
        }
        None
    }

    /// `service` is what the Check was made for, as an address.
    pub(super) fn check(&self, source: &SourceName, service: &Text) -> Tie {
        let place = self.place(source, &Text::empty(), service, None);
        let found = (self.resolve)(service.raw());
        // What a platform checks itself it names by scope and Workload.
        let (scope, name) = service.raw().rsplit_once('/').unwrap_or_default();
        let found = found.or_else(|| self.book.in_scope(&Text::name(scope), &Text::name(name)).cloned());
        let because = if found.is_some() { "it was made for this Service" } else { "no Service has this address" };
        self.tie(&place, found, because.to_owned())
    }

    pub(super) fn store(&self, store: &Store) -> Tie {
        let spoken = self.book.scope_of(&store.name).filter(|_| store.scope.is_empty());
        let scope = spoken.map_or_else(|| store.scope.clone(), |(scope, _)| scope);
        let place = self.place(&store.key.source, &scope, &store.name, None);
        let names: &[&str] = match store.kind {
            StoreKind::Redis | StoreKind::Elasticache => &["redis", "valkey", "cache"],
            StoreKind::Postgres | StoreKind::Rds => &["postgres", "postgresql", "db", "database"],
        };
        let home = place.address().environment;
        let named = std::iter::once(store.name.raw()).chain(names.iter().copied());
        for name in named {
            if let Some(service) =
                self.book.named(&Text::name(name), Some(&home.environment)).filter(|s| s.environment == home)
            {
                return self.tie(&place, Some(service.clone()), format!("the Service `{name}` of its Environment"));
            }
        }
        self.tie(&place, None, "no Service of its Environment is called so".to_owned())
    }

    fn place(&self, source: &SourceName, scope: &Text, name: &Text, labels: Option<&Labels>) -> Placement {
        assign(self.rules, &Question { source, scope, name, labels, scope_labels: None, chart: None })
    }

    /// The Service's own Environment counts more than what the names of Sources look like.
    fn tie(&self, place: &Placement, service: Option<Address>, because: String) -> Tie {
        let environment = match &service {
            Some(service) => service.environment.clone(),
            None => place.address().environment,
        };
        let tier = (self.tier)(&environment).unwrap_or_else(|| place.tier());
        Tie { environment, tier, service, because: Text::line(&because) }
    }
}

/// The `[[queue]]` entry of the configuration that speaks of a queue.
pub(super) fn rule_of<'a>(rules: &'a Rules, queue: &Queue) -> Option<&'a QueueRule> {
    let source = &queue.key.source;
    rules.queues.iter().find(|rule| {
        (rule.source == source.0.raw() || rule.source == short_source(source))
            && rule.names.iter().any(|name| is_like(name, queue.name.raw()))
    })
}
