//! How far a Service may be scaled, and what scales it: the limits of its Environment in the configuration, else its
//! autoscaler; and how much room is left.

use crate::fleet::Fleet;
use crate::fleet::query::ServiceRow;
use crate::fleet::rules::{LimitRule, ScaleOut, is_like};
use crate::model::{Address, Queue, Text, Timestamp};

use super::tie;

/// Between which numbers a Service is scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// As many as it has, or should have.
    pub now: Option<u32>,
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// What says so: `limits of biz/prod`, `ScaledObject worker`.
    pub by: Text,
}

impl Bounds {
    /// How many more there may be.
    #[must_use]
    pub fn headroom(&self) -> Option<u32> {
        Some(self.max?.saturating_sub(self.now?))
    }

    /// `3 of 4, headroom 1`; `3 of at least 2` where nothing bounds it above.
    #[must_use]
    pub fn words(&self) -> String {
        let now = self.now.map_or_else(|| "?".to_owned(), |now| now.to_string());
        match (self.max, self.headroom(), self.min) {
            (Some(max), Some(left), _) => format!("{now} of {max}, headroom {left}"),
            (Some(max), None, _) => format!("{now} of {max}"),
            (None, _, Some(min)) => format!("{now}, at least {min}"),
            (None, _, None) => now,
        }
    }
}

/// A rule by which a Service should have more Instances, with how things stand.
#[derive(Clone, Debug, PartialEq)]
pub struct ScaleRule {
    /// `backlog crawl-jobs`, `CPU`, `memory`; an autoscaler's trigger in its own words.
    pub what: Text,
    /// What is measured; percent of its limit for CPU and memory.
    pub value: Option<f64>,
    /// Above this.
    pub above: Option<f64>,
    pub percent: bool,
    /// What says so.
    pub by: Text,
}

impl ScaleRule {
    /// Whether it asks for more now; `None`: it is not known.
    #[must_use]
    pub fn asks(&self) -> Option<bool> {
        Some(self.value? > self.above?)
    }

    /// `backlog crawl-jobs 620 > 500: scale out`, `CPU 45 % of 70 %`.
    #[must_use]
    pub fn words(&self) -> String {
        let unit = if self.percent { " %" } else { "" };
        let value = self.value.map_or_else(|| "?".to_owned(), |value| format!("{value:.0}{unit}"));
        match (self.above, self.asks()) {
            (Some(above), Some(true)) => format!("{} {value} > {above:.0}{unit}: scale out", self.what),
            (Some(above), _) => format!("{} {value} of {above:.0}{unit}", self.what),
            (None, _) => self.what.to_string(),
        }
    }
}

impl Fleet {
    /// Between which numbers a Service is scaled; `None`: nothing says.
    #[must_use]
    pub fn bounds(&self, service: &Address) -> Option<Bounds> {
        let now = self.service(service).and_then(|known| known.desired.or(known.ready));
        if let Some(rule) = self.limit_rule(service).filter(|rule| rule.min.is_some() || rule.max.is_some()) {
            let by = Text::line(&format!("limits of {}", service.environment));
            return Some(Bounds { now, min: rule.min, max: rule.max, by });
        }
        let scaler = self.autoscalers(service).into_iter().find(|scaler| scaler.max.is_some())?;
        let by = Text::line(&format!("{} {}", scaler.kind, scaler.name));
        Some(Bounds { now, min: scaler.min, max: scaler.max, by })
    }

    /// The rules by which a Service is scaled out, with how things stand.
    #[must_use]
    pub fn scale_rules(&self, service: &Address, now: Timestamp) -> Vec<ScaleRule> {
        let mut rules = Vec::new();
        if let Some(scale_out) = self.limit_rule(service).and_then(|rule| rule.scale_out.as_ref()) {
            let by = Text::line(&format!("limits of {}", service.environment));
            let share = |what, percent: u32, cpu| {
                let row = self.service(service).map(|service| ServiceRow { fleet: self, service, now });
                let value = row.and_then(|row| if cpu { row.cpu_share() } else { row.memory_share() });
                ScaleRule { what: Text::line(what), value, above: Some(percent.into()), percent: true, by: by.clone() }
            };
            rules.push(match scale_out {
                ScaleOut::Cpu { percent } => share("CPU", *percent, true),
                ScaleOut::Memory { percent } => share("memory", *percent, false),
                ScaleOut::Queue { name, above } => {
                    let of_name = |view: &super::QueueView<'_>| view.queue.name.raw() == name;
                    let known = self.queues_of(service).into_iter().filter(of_name).find(|v| v.stale_since.is_none());
                    let value = known.and_then(|view| view.queue.ready).map(|ready| ready as f64);
                    let what = Text::line(&format!("backlog {name}"));
                    ScaleRule { what, value, above: Some(*above as f64), percent: false, by: by.clone() }
                }
            });
        }
        for scaler in self.autoscalers(service) {
            let by = Text::line(&format!("{} {}", scaler.kind, scaler.name));
            let told = scaler.triggers.iter().map(|trigger| ScaleRule {
                what: trigger.clone(),
                value: None,
                above: None,
                percent: false,
                by: by.clone(),
            });
            rules.extend(told);
        }
        rules
    }

    /// The entry of `[environment.limits]` that speaks of a Service.
    pub fn limit_rule(&self, service: &Address) -> Option<&LimitRule> {
        let place = &service.environment;
        let declared = self.rules.declared(place.system.as_ref(), &place.environment)?;
        declared.limits.iter().find(|limit| is_like(&limit.service, service.service.raw()))
    }

    /// More than this many waiting is a backlog: by its `[[queue]]`, else by the scaling rule of an Environment.
    pub(super) fn limit_of(&self, queue: &Queue) -> Option<u64> {
        self.limit_by_queue(queue).or_else(|| self.limit_by_environment(queue))
    }

    /// What sets the limit of a queue that has one.
    pub(super) fn limit_rule_of(&self, queue: &Queue) -> &'static str {
        if self.limit_by_queue(queue).is_some() { "[[queue]] limit" } else { "scale-out rule" }
    }

    fn limit_by_queue(&self, queue: &Queue) -> Option<u64> {
        tie::rule_of(&self.rules, queue).and_then(|rule| rule.limit)
    }

    fn limit_by_environment(&self, queue: &Queue) -> Option<u64> {
        let home = &self.signals.ties.get(&queue.key)?.environment;
        let rule = self.rules.declared(home.system.as_ref(), &home.environment)?;
        rule.limits.iter().find_map(|limit| match &limit.scale_out {
            Some(ScaleOut::Queue { name, above }) if name == queue.name.raw() => Some(*above),
            _ => None,
        })
    }
}
