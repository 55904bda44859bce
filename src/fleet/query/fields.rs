//! The one table of fields: parser, help and completion go by it.

/// What a field holds, and so which operators fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Text: `:` `=` `~`.
    Word,
    /// A number: `<` `<=` `>` `>=` `=` `!=`.
    Number,
    /// A size in bytes, with units (`512Mi`, `1.5G`).
    Size,
    /// A part of what is allowed, in percent (`80%`).
    Share,
    /// A time that has passed, or is left, with units (`90s`, `10m`, `3h`, `2d`).
    Age,
}

/// Fields that hold words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Name,
    Environment,
    System,
    Tier,
    Health,
    Reason,
    Source,
    Platform,
    Kind,
    Scope,
    Image,
    Owner,
    Node,
    Phase,
    QueueState,
    Check,
    Alarm,
}

/// Fields that hold numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Desired,
    Ready,
    Restarts,
    Cpu,
    Memory,
    CpuShare,
    MemoryShare,
    Age,
    Changed,
    Exit,
    RestartsLately,
    ErrorRatio,
    P95,
    Backlog,
    BacklogShare,
    Oldest,
    Failed,
    Certificate,
    ConnectionsShare,
    StoreShare,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    Word(Word),
    Number(Number),
}

/// A field of the filter language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    pub kind: FieldKind,
    /// What it is, for help.
    pub about: &'static str,
    pub example: &'static str,
    pub(super) means: Means,
}

const fn word(name: &'static str, aliases: &'static [&'static str], word: Word) -> Field {
    Field { name, aliases, kind: FieldKind::Word, about: "", example: "", means: Means::Word(word) }
}

const fn number(name: &'static str, aliases: &'static [&'static str], kind: FieldKind, number: Number) -> Field {
    Field { name, aliases, kind, about: "", example: "", means: Means::Number(number) }
}

impl Field {
    const fn says(self, about: &'static str, example: &'static str) -> Self {
        Self { about, example, ..self }
    }
}

/// Every field, in the order of help.
pub const FIELDS: &[Field] = &[
    word("name", &["service"], Word::Name).says("the Service's or Instance's name", "name:api"),
    word("env", &["environment"], Word::Environment).says("the Environment", "env:prod"),
    word("system", &["sys"], Word::System).says("the System", "system:biz"),
    word("tier", &[], Word::Tier).says("dev, staging, production, unknown", "tier:production"),
    word("health", &["state"], Word::Health)
        .says("healthy, unchecked, degraded, down, unknown, idle; bad: degraded or down", "health:bad"),
    word("reason", &["why"], Word::Reason).says("the reasons of its health", "reason~crash"),
    word("source", &["src"], Word::Source).says("the Source that tells of it", "source:docker*"),
    word("platform", &[], Word::Platform).says("compose, kubernetes, ecs", "platform:compose"),
    word("kind", &[], Word::Kind).says("the platform's word for its Workload", "kind:StatefulSet"),
    word("scope", &["namespace", "ns", "project", "cluster"], Word::Scope)
        .says("namespace, Compose project or cluster", "ns:shop-*"),
    word("image", &["tag", "digest"], Word::Image).says("an image that runs: reference or digest", "image~1.8"),
    word("owner", &[], Word::Owner).says("who else decides: autoscaler, GitOps, Helm", "owner~Scaler"),
    word("node", &["host"], Word::Node).says("the machine of one of its Instances", "node:node-3"),
    word("phase", &[], Word::Phase).says("the phase of one of its Instances", "phase:pending"),
    number("desired", &["wanted"], FieldKind::Number, Number::Desired).says("Instances wanted", "desired=0"),
    number("ready", &[], FieldKind::Number, Number::Ready).says("Instances that serve", "ready<desired"),
    number("restarts", &[], FieldKind::Number, Number::Restarts).says("restarts so far", "restarts>3"),
    number("cpu", &[], FieldKind::Number, Number::Cpu).says("cores in use", "cpu>0.5"),
    number("memory", &["mem"], FieldKind::Size, Number::Memory).says("bytes in use", "memory>512Mi"),
    number("cpu_share", &[], FieldKind::Share, Number::CpuShare).says("CPU in use, of its limits", "cpu_share>80%"),
    number("memory_share", &["mem_share"], FieldKind::Share, Number::MemoryShare)
        .says("memory in use, of its limits", "memory_share>90%"),
    number("age", &[], FieldKind::Age, Number::Age).says("time since the youngest Instance started", "age<10m"),
    number("changed", &["change"], FieldKind::Age, Number::Changed).says("time since the last change", "changed<1h"),
    number("exit", &[], FieldKind::Number, Number::Exit).says("the last exit code of an Instance", "exit=137"),
    number("restarts_10m", &[], FieldKind::Number, Number::RestartsLately)
        .says("restarts seen in the last ten minutes", "restarts_10m>=3"),
    number("error_ratio", &["errors"], FieldKind::Share, Number::ErrorRatio)
        .says("requests that failed of late, of all", "error_ratio>5%"),
    number("p95", &[], FieldKind::Number, Number::P95)
        .says("milliseconds in which 95 of 100 requests were answered", "p95>500"),
    number("backlog", &["queue", "waiting"], FieldKind::Number, Number::Backlog)
        .says("what waits in the longest of its queues", "backlog>500"),
    number("backlog_share", &[], FieldKind::Share, Number::BacklogShare)
        .says("what waits in a queue, of the queue's limit", "backlog_share>100%"),
    word("queue_state", &[], Word::QueueState)
        .says("how one of its queues fares: idle, draining, steady, growing, stuck", "queue_state:stuck"),
    number("oldest", &[], FieldKind::Age, Number::Oldest).says("how long the oldest job waits", "oldest>10m"),
    number("failed", &[], FieldKind::Number, Number::Failed)
        .says("failed jobs that one of its queues keeps", "failed>20"),
    word("check", &["checks"], Word::Check)
        .says("what came of one of its Checks: passing, failing, not_checked, unknown", "check:failing"),
    number("certificate", &["cert"], FieldKind::Age, Number::Certificate)
        .says("time left until the first of its certificates ends", "certificate<21d"),
    word("alarm", &["alarms"], Word::Alarm)
        .says("an alarm of a Source that fires about it: name or severity", "alarm~5xx"),
    number("connections_share", &[], FieldKind::Share, Number::ConnectionsShare)
        .says("connections to its Store, of the most allowed", "connections_share>80%"),
    number("store_share", &[], FieldKind::Share, Number::StoreShare)
        .says("memory of its Store, of its limit", "store_share>90%"),
];

/// The field of this name, whatever its case.
pub(super) fn find(name: &str) -> Option<&'static Field> {
    let is_it = |one: &str| one.eq_ignore_ascii_case(name);
    FIELDS.iter().find(|field| is_it(field.name) || field.aliases.iter().any(|alias| is_it(alias)))
}

/// The first field that means this word or number; the table has one of each.
pub(super) fn name_of(means: Means) -> &'static str {
    FIELDS.iter().find(|field| field.means == means).map_or("", |field| field.name)
}

/// What kind of value stands for this word or number.
pub(super) fn kind_of(means: Means) -> FieldKind {
    FIELDS.iter().find(|field| field.means == means).map_or(FieldKind::Number, |field| field.kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_for_two_fields_and_every_example_is_right() {
        let mut names: Vec<&str> = FIELDS.iter().flat_map(|f| f.aliases.iter().chain([&f.name])).copied().collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for field in FIELDS {
            assert!(!field.about.is_empty());
            let query = super::super::Query::parse(field.example).unwrap();
            assert_eq!(query.terms.len(), 1, "{}", field.example);
            assert_ne!(format!("{query}"), "");
        }
    }
}
