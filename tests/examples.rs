//! Every file of `config/examples/` loads, one per fleet, and means what it says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may unwrap")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use quarterdeck::config::{self, Flags, Machine, Settings};
use quarterdeck::model::Tier;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/examples")
}

fn load(name: &str) -> Settings {
    let flags = Flags { config: Some(folder().join(name)), theme: None };
    config::load(&Machine::default(), &flags).unwrap_or_else(|problems| panic!("{name}: {problems}"))
}

#[test]
fn there_is_one_example_for_each_fleet_and_every_one_loads() {
    let mut names: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        ["ai-community.toml", "biz-stratosphere.toml", "competitoriq.toml", "infra.toml", "te-explico.toml"]
    );
    for name in names {
        let settings = load(&name);
        assert!(settings.sources.iter().any(|source| source.found_by == "config"), "{name} reads nothing");
        for warning in &settings.warnings {
            let words = warning.to_string();
            assert!(words.contains("later version"), "{name}: {words}");
        }
    }
}

#[test]
fn each_names_its_environments_in_the_order_of_promotion_with_their_tiers() {
    let (dev, staging, production) = (Tier::Dev, Tier::Staging, Tier::Production);
    let three = |prod: &'static str| vec![("dev", dev), ("staging", staging), (prod, production)];
    let wanted = BTreeMap::from([
        ("ai-community.toml", ("community", three("prod"))),
        ("biz-stratosphere.toml", ("biz", three("prod"))),
        ("competitoriq.toml", ("competitoriq", three("prod"))),
        ("infra.toml", ("infra", vec![("staging", staging), ("prod", production)])),
        ("te-explico.toml", ("te-explico", three("production"))),
    ]);
    for (name, (system, path)) in wanted {
        let rules = load(name).rules;
        assert_eq!(rules.systems.len(), 1, "{name}");
        assert_eq!(rules.systems[0].name, system);
        assert_eq!(rules.systems[0].path, path.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
        let tiers: Vec<_> = rules.environments.iter().map(|e| (e.name.as_str(), e.tier.unwrap())).collect();
        assert_eq!(tiers, path, "{name}");
        assert!(rules.environments.iter().all(|e| !e.matchers.is_empty() && e.system.as_deref() == Some(system)));
    }
}
