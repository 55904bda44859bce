//! The orders of the Services table. Equal ones stand by address, so that nothing flickers.

use std::cmp::Reverse;

use crate::model::{Address, Service};

/// What the table is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Address,
    /// Worst first.
    Health,
    /// Those that lack most first.
    Ready,
    Restarts,
    Cpu,
    Memory,
    /// The newest change first.
    Age,
}

impl Order {
    const ALL: [Self; 7] =
        [Self::Address, Self::Health, Self::Ready, Self::Restarts, Self::Cpu, Self::Memory, Self::Age];

    /// The one after it; after the last the first again.
    #[must_use]
    pub fn next(self) -> Self {
        let at = Self::ALL.iter().position(|order| *order == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }

    /// As the heading says it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Health => "health, worst first",
            Self::Ready => "what is not ready",
            Self::Restarts => "restarts",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Age => "newest change",
        }
    }

    /// Addresses in this order; the Services come by address.
    pub fn sorted<'a>(self, services: impl Iterator<Item = &'a Service>) -> Vec<Address> {
        let mut all: Vec<&Service> = services.collect();
        match self {
            Self::Address => {}
            Self::Health => all.sort_by_key(|service| Reverse(service.health.state)),
            Self::Ready => all.sort_by_key(|service| Reverse(lacking(service))),
            Self::Restarts => all.sort_by_key(|service| Reverse(service.restarts)),
            Self::Cpu => all.sort_by(|a, b| {
                let cpu = |service: &Service| service.cpu_cores.unwrap_or(-1.0);
                cpu(b).total_cmp(&cpu(a))
            }),
            Self::Memory => all.sort_by_key(|service| Reverse(service.memory_bytes)),
            Self::Age => all.sort_by_key(|service| Reverse(service.last_change_at)),
        }
        all.into_iter().map(|service| service.address.clone()).collect()
    }
}

/// How many Instances are missing; an unknown number is no lack.
fn lacking(service: &Service) -> u32 {
    service.desired.zip(service.ready).map_or(0, |(desired, ready)| desired.saturating_sub(ready))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EnvironmentAddress, Health, HealthState, Text, Tier};

    fn service(name: &str, state: HealthState, ready: (u32, u32), restarts: u32) -> Service {
        let environment = EnvironmentAddress { system: None, environment: Text::name("prod") };
        Service {
            address: Address { environment, service: Text::name(name) },
            tier: Tier::Production,
            health: Health { state, reasons: Vec::new() },
            health_since: None,
            desired: Some(ready.1),
            ready: Some(ready.0),
            images: Vec::new(),
            workloads: Vec::new(),
            instances: Vec::new(),
            restarts,
            cpu_cores: None,
            memory_bytes: None,
            error_ratio: None,
            p95_seconds: None,
            last_change_at: None,
            stale_since: None,
        }
    }

    fn order(by: Order) -> Vec<String> {
        let all = [
            service("api", HealthState::Healthy, (2, 2), 0),
            service("db", HealthState::Down, (0, 1), 3),
            service("web", HealthState::Degraded, (1, 4), 9),
        ];
        by.sorted(all.iter()).iter().map(|address| address.service.shown().to_owned()).collect()
    }

    #[test]
    fn each_order_puts_what_matters_first() {
        assert_eq!(order(Order::Address), ["api", "db", "web"]);
        assert_eq!(order(Order::Health), ["db", "web", "api"]);
        assert_eq!(order(Order::Ready), ["web", "db", "api"]);
        assert_eq!(order(Order::Restarts), ["web", "db", "api"]);
        assert_eq!(order(Order::Cpu), ["api", "db", "web"], "nothing is known: by address");
    }

    #[test]
    fn the_orders_go_round() {
        let mut seen = vec![Order::default()];
        while seen.last().map(|order| order.next()) != Some(Order::default()) {
            seen.extend(seen.last().map(|order| order.next()));
        }
        assert_eq!(seen.len(), Order::ALL.len());
    }
}
