//! Which System, Environment, tier and Service owns a Workload: the five rules of DESIGN section 4, each question answered
//! by the first rule that gives an answer, and each answer with the rule that gave it.

use crate::model::{Address, EnvironmentAddress, Labels, SourceName, Text, Tier};

use super::rules::{Candidate, Rules};
use super::shape::{shape, short_source, tier_of_name};

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    pub(super) source: &'a SourceName,
    pub(super) scope: &'a Text,
    /// The Workload's own name.
    pub(super) name: &'a Text,
    pub(super) labels: Option<&'a Labels>,
    /// Labels of the scope itself: they speak for what has none of its own.
    pub(super) scope_labels: Option<&'a Labels>,
    /// The name by `app.kubernetes.io/name`, where nothing else in the scope has a claim to it.
    pub(super) chart: Option<&'a Text>,
}

/// Why an answer is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Because {
    Config { environment: String },
    Label { key: &'static str, of_scope: bool },
    ScopeShape { word: String },
    SourceShape { word: String },
    EnvironmentName,
    OwnName,
    Last,
}

/// An answer and the rule that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer<T> {
    value: T,
    because: Because,
}

/// Where a Workload belongs, with the reasons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placement {
    system: Answer<Option<Text>>,
    environment: Answer<Text>,
    tier: Answer<Tier>,
    service: Answer<Text>,
}

impl Placement {
    /// The address of the Service.
    pub(super) fn address(&self) -> Address {
        let (system, environment) = (self.system.value.clone(), self.environment.value.clone());
        Address { environment: EnvironmentAddress { system, environment }, service: self.service.value.clone() }
    }

    /// The tier of its Environment, as far as this Workload tells.
    pub(super) fn tier(&self) -> Tier {
        self.tier.value
    }

    /// One line per question: what was decided, and by which rule.
    pub(super) fn explain(&self, question: &Question<'_>) -> Vec<Text> {
        let system = self.system.value.as_ref().map_or("none".to_owned(), ToString::to_string);
        [
            format!("System       {system}: {}", self.system.because.words(question)),
            format!("Environment  {}: {}", self.environment.value, self.environment.because.words(question)),
            format!("tier         {}: {}", self.tier.value, self.tier.because.words(question)),
            format!("Service      {}: {}", self.service.value, self.service.because.words(question)),
        ]
        .iter()
        .map(|line| Text::line(line))
        .collect()
    }
}

impl Because {
    fn words(&self, question: &Question<'_>) -> String {
        let (source, scope) = (question.source, question.scope);
        match self {
            Self::Config { environment } => format!("rule 1, the configuration: [[environment]] {environment} matches"),
            Self::Label { key, of_scope } => {
                let rule = if key.starts_with("quarterdeck.") { 2 } else { 3 };
                let whose = if *of_scope { format!(" of scope `{scope}`") } else { String::new() };
                format!("rule {rule}, the label `{key}`{whose}")
            }
            Self::ScopeShape { word } => {
                format!("rule 4, the shape of names: scope `{scope}` holds the word `{word}`")
            }
            Self::SourceShape { word } => {
                format!(
                    "rule 4, the shape of names: scope `{scope}` holds no tier word, its Source `{source}` holds `{word}`"
                )
            }
            Self::EnvironmentName => "by the Environment's name".to_owned(),
            Self::OwnName => "rule 4, the shape of names: the Workload's own name".to_owned(),
            Self::Last => format!(
                "rule 5: neither scope `{scope}` nor Source `{source}` holds a tier word, and no label or configuration says it"
            ),
        }
    }
}

/// Decides.
pub(super) fn assign(rules: &Rules, question: &Question<'_>) -> Placement {
    let environment = environment(rules, question);
    let system = system(rules, question);
    let tier = tier(rules, question, &environment, &system);
    Placement { service: service(question), system, environment, tier }
}

fn config<'a>(rules: &'a Rules, question: &Question<'_>) -> Option<&'a super::rules::EnvironmentRule> {
    let Question { source, scope, name, labels, .. } = *question;
    rules.environment_of(Candidate { source, scope, name, labels })
}

/// The first of these labels that says anything: the Workload's own first, then its scope's.
fn label(question: &Question<'_>, keys: &[&'static str]) -> Option<Answer<Text>> {
    let say = |labels: Option<&Labels>, of_scope| {
        keys.iter().find_map(|&key| {
            let value = labels?.get(key).filter(|value| !value.is_empty())?.clone();
            Some(Answer { value, because: Because::Label { key, of_scope } })
        })
    };
    say(question.labels, false).or_else(|| say(question.scope_labels, true))
}

fn environment(rules: &Rules, question: &Question<'_>) -> Answer<Text> {
    let by_config = config(rules, question).map(|rule| Answer {
        value: Text::name(&rule.name),
        because: Because::Config { environment: rule.name.clone() },
    });
    let by_shape = || {
        if let Some(found) = shape(question.scope.raw()) {
            let because = Because::ScopeShape { word: found.word.clone() };
            return Some(Answer { value: Text::name(&found.word), because });
        }
        let found = shape(short_source(question.source))?;
        Some(Answer { value: Text::name(&found.word), because: Because::SourceShape { word: found.word } })
    };
    by_config
        .or_else(|| label(question, &["quarterdeck.environment"]))
        .or_else(|| label(question, &["environment", "env", "Environment"]))
        .or_else(by_shape)
        .unwrap_or_else(|| Answer { value: Text::name(short_source(question.source)), because: Because::Last })
}

fn system(rules: &Rules, question: &Question<'_>) -> Answer<Option<Text>> {
    let by_config = config(rules, question).and_then(|rule| {
        let value = Some(Text::name(rule.system.as_ref()?));
        Some(Answer { value, because: Because::Config { environment: rule.name.clone() } })
    });
    let some = |Answer { value, because }: Answer<Text>| Answer { value: Some(value), because };
    let scope = || Some(question.scope.clone()).filter(|scope| !scope.is_empty());
    let by_shape = || match shape(question.scope.raw()) {
        Some(found) => {
            let value = Some(Text::name(&found.rest)).filter(|rest| !rest.is_empty());
            Some(Answer { value, because: Because::ScopeShape { word: found.word } })
        }
        None => shape(short_source(question.source))
            .map(|found| Answer { value: scope(), because: Because::SourceShape { word: found.word } }),
    };
    by_config
        .or_else(|| label(question, &["quarterdeck.system"]).map(some))
        .or_else(|| label(question, &["app.kubernetes.io/part-of"]).map(some))
        .or_else(by_shape)
        .unwrap_or_else(|| Answer { value: scope(), because: Because::Last })
}

fn tier(
    rules: &Rules,
    question: &Question<'_>,
    environment: &Answer<Text>,
    system: &Answer<Option<Text>>,
) -> Answer<Tier> {
    let declared = rules.declared(system.value.as_ref(), &environment.value);
    let by_config = config(rules, question).or(declared).and_then(|rule| {
        Some(Answer { value: rule.tier?, because: Because::Config { environment: rule.name.clone() } })
    });
    let by_label = || {
        let said = label(question, &["quarterdeck.tier"])?;
        Some(Answer { value: Tier::of_word(said.value.raw())?, because: said.because })
    };
    let by_name = || {
        let value = tier_of_name(environment.value.raw())?;
        let because = match &environment.because {
            Because::ScopeShape { .. } | Because::SourceShape { .. } => environment.because.clone(),
            _ => Because::EnvironmentName,
        };
        Some(Answer { value, because })
    };
    // An Environment that a label names without a tier word (`blue`) is as careful as its scope's or Source's name says.
    let by_shape = || {
        if matches!(environment.because, Because::Config { .. }) {
            return None;
        }
        let (found, of_scope) = match shape(question.scope.raw()) {
            Some(found) => (found, true),
            None => (shape(short_source(question.source))?, false),
        };
        let word = found.word;
        let because = if of_scope { Because::ScopeShape { word } } else { Because::SourceShape { word } };
        Some(Answer { value: found.tier, because })
    };
    by_config
        .or_else(by_label)
        .or_else(by_name)
        .or_else(by_shape)
        .unwrap_or(Answer { value: Tier::Unknown, because: Because::Last })
}

fn service(question: &Question<'_>) -> Answer<Text> {
    // A scope's label cannot name a Service: all its Workloads would be one.
    let own = Question { scope_labels: None, ..*question };
    let by_chart = || {
        let because = Because::Label { key: "app.kubernetes.io/name", of_scope: false };
        Some(Answer { value: question.chart?.clone(), because })
    };
    label(&own, &["quarterdeck.service"])
        .or_else(by_chart)
        .unwrap_or_else(|| Answer { value: question.name.clone(), because: Because::OwnName })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::rules::{EnvironmentRule, Matcher};

    struct Asked {
        source: &'static str,
        scope: &'static str,
        name: &'static str,
        labels: Vec<(&'static str, &'static str)>,
        scope_labels: Vec<(&'static str, &'static str)>,
    }

    fn asked(source: &'static str, scope: &'static str, name: &'static str) -> Asked {
        Asked { source, scope, name, labels: vec![], scope_labels: vec![] }
    }

    fn decide(rules: &Rules, asked: &Asked) -> (String, Tier, Vec<String>) {
        let (source, scope, name) = (SourceName::new(asked.source), Text::name(asked.scope), Text::name(asked.name));
        let (labels, scope_labels) = (Labels::keep(asked.labels.clone()), Labels::keep(asked.scope_labels.clone()));
        let chart = labels.get("app.kubernetes.io/name");
        let question = Question {
            source: &source,
            scope: &scope,
            name: &name,
            labels: Some(&labels),
            scope_labels: Some(&scope_labels),
            chart,
        };
        let placement = assign(rules, &question);
        let lines = placement.explain(&question).iter().map(ToString::to_string).collect();
        (placement.address().to_string(), placement.tier(), lines)
    }

    #[test]
    fn without_configuration_and_labels_names_decide() {
        let rules = Rules::default();
        for (source, scope, name, address, tier, words) in [
            ("docker:local", "shop-prod", "web", "shop/prod/web", Tier::Production, "rule 4"),
            ("docker:local", "shop-staging", "web", "shop/staging/web", Tier::Staging, "scope `shop-staging`"),
            ("kubernetes:eks-prod", "biz", "api", "biz/prod/api", Tier::Production, "Source `kubernetes:eks-prod`"),
            ("docker:local", "blog", "importer", "blog/local/importer", Tier::Unknown, "rule 5"),
            ("kubernetes:kind", "load-0", "svc-1", "load-0/kind/svc-1", Tier::Unknown, "rule 5"),
            ("kubernetes:kind", "default", "web", "default/kind/web", Tier::Unknown, "rule 5"),
            ("kubernetes:kind", "prod", "web", "prod/web", Tier::Production, "rule 4"),
            ("docker:local", "", "redis", "local/redis", Tier::Unknown, "rule 5"),
        ] {
            let (got, got_tier, lines) = decide(&rules, &asked(source, scope, name));
            assert_eq!((got.as_str(), got_tier), (address, tier));
            assert!(lines.join("\n").contains(words), "{lines:?}");
        }
    }

    #[test]
    fn labels_of_ours_come_before_common_ones_and_these_before_names() {
        let rules = Rules::default();
        let mut labelled = asked("docker:local", "labelled", "thing");
        labelled.labels = vec![
            ("quarterdeck.environment", "qa-7"),
            ("quarterdeck.service", "gate"),
            ("quarterdeck.tier", "staging"),
            ("environment", "prod"),
        ];
        let (address, tier, lines) = decide(&rules, &labelled);
        assert_eq!((address.as_str(), tier), ("labelled/qa-7/gate", Tier::Staging));
        assert!(lines[1].contains("rule 2, the label `quarterdeck.environment`"), "{lines:?}");
        let mut common = asked("kubernetes:kind", "apps", "api-server");
        common.labels =
            vec![("environment", "prod"), ("app.kubernetes.io/part-of", "shop"), ("app.kubernetes.io/name", "api")];
        assert_eq!(decide(&rules, &common).0, "shop/prod/api");
        let mut of_scope = asked("kubernetes:kind", "apps", "web");
        of_scope.scope_labels = vec![("quarterdeck.environment", "prod"), ("quarterdeck.service", "all")];
        let (address, _, lines) = decide(&rules, &of_scope);
        assert_eq!(address, "apps/prod/web");
        assert!(lines[1].contains("of scope `apps`"), "{lines:?}");
    }

    #[test]
    fn a_tier_that_is_no_tier_is_not_believed() {
        let mut labelled = asked("docker:local", "shop-prod", "web");
        labelled.labels = vec![("quarterdeck.tier", "harmless")];
        assert_eq!(decide(&Rules::default(), &labelled).1, Tier::Production);
    }

    #[test]
    fn the_configuration_comes_first_and_an_environment_of_no_known_tier_stays_unknown() {
        let matcher = Matcher { scope: Some("shop-*".into()), ..Matcher::default() };
        let rule = |name: &str, tier| EnvironmentRule {
            system: Some("market".into()),
            name: name.into(),
            tier,
            matchers: vec![matcher.clone()],
            ..EnvironmentRule::default()
        };
        let rules = Rules { environments: vec![rule("blue", None)], ..Rules::default() };
        let (address, tier, lines) = decide(&rules, &asked("docker:local", "shop-dev", "web"));
        assert_eq!((address.as_str(), tier), ("market/blue/web", Tier::Unknown));
        assert!(lines[1].contains("rule 1, the configuration"), "{lines:?}");
        let rules = Rules { environments: vec![rule("blue", Some(Tier::Production))], ..Rules::default() };
        assert_eq!(decide(&rules, &asked("docker:local", "shop-dev", "web")).1, Tier::Production);
    }
}
