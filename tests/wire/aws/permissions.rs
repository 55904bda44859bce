//! The table of IAM actions is the whole truth: each one that is missing is named while the rest is read, and no request is
//! made that it does not name.

use std::collections::BTreeSet;
use std::path::PathBuf;

use quarterdeck::model::Freshness;
use quarterdeck::sources::aws::changing::CHANGING;
use quarterdeck::sources::aws::permissions::READING;

use crate::server::{Answer, Cloud};
use crate::watched::Watched;

/// Asked only when somebody looks.
const ON_DEMAND: &[&str] = &["cloudwatch:DescribeAlarmHistory", "logs:GetLogEvents"];

#[tokio::test]
async fn each_action_that_is_missing_is_named_and_nothing_else() {
    for action in READING.iter().map(|one| one.action).filter(|action| !ON_DEMAND.contains(action)) {
        let operation = action.split_once(':').unwrap().1;
        let refused = || Answer::Refused("AccessDeniedException", "User is not authorized to perform this");
        let cloud = Cloud::scripted(move |asked| (asked.operation == operation).then(refused)).await;
        let watched = Watched::synced(&cloud.profile()).await;
        let status = &watched.mirror.status;
        assert_eq!(status.state, Freshness::Partial, "{action}");
        assert_eq!(watched.mirror.detail(), format!("not allowed here: {action}"));
        assert_eq!(status.denials.iter().map(|denial| denial.verb.raw()).collect::<Vec<_>>(), [action]);
        assert!(!cloud.asked(operation).is_empty(), "{action} is asked for");
    }
}

#[test]
fn the_table_names_every_action_in_the_code_and_no_other() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/sources/aws");
    let mut used = BTreeSet::new();
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // What changes something stands in a folder of its own, and is held against both tables below.
    for file in files.filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        // The tables themselves; what changing will need is not asked for so far.
        if !file.ends_with("permissions.rs") && !file.ends_with("changing.rs") {
            used.extend(code.split('"').filter(|word| is_action(word)).map(str::to_owned));
        }
    }
    let told: BTreeSet<String> = READING.iter().map(|one| one.action.to_owned()).collect();
    assert_eq!(used, told);
    assert_eq!(told.len(), READING.len(), "each stands there once");
}

#[test]
fn what_changes_something_asks_for_nothing_that_no_table_names() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/sources/aws/operate");
    let told: BTreeSet<&str> = READING.iter().chain(CHANGING).map(|one| one.action).collect();
    let mut used = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        used.extend(code.split('"').filter(|word| is_action(word)).map(str::to_owned));
    }
    assert!(used.contains("ecs:UpdateService") && used.len() > 6, "{used:?}");
    let strange: Vec<_> = used.iter().filter(|action| !told.contains(action.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

fn is_action(word: &str) -> bool {
    let named = |(service, operation): (&str, &str)| {
        service.chars().all(|c| c.is_ascii_lowercase() || c == '-')
            && operation.starts_with(|c: char| c.is_ascii_uppercase())
    };
    word.chars().all(|c| c.is_ascii_alphanumeric() || c == ':' || c == '-') && word.split_once(':').is_some_and(named)
}
