//! Every Source's table of permissions as a document that its platform takes.

use crate::model::Policy;
#[cfg(any(feature = "aws", feature = "kubernetes", feature = "queues"))]
use crate::model::Purpose;

/// All of them, reading before changing.
#[must_use]
pub fn all() -> Vec<Policy> {
    let mut all = Vec::new();
    #[cfg(feature = "aws")]
    all.extend(of_aws());
    #[cfg(feature = "kubernetes")]
    all.extend(of_kubernetes());
    #[cfg(feature = "queues")]
    all.extend(of_queues());
    all
}

#[cfg(feature = "aws")]
fn of_aws() -> [Policy; 2] {
    use super::aws::changing::CHANGING;
    use super::aws::permissions::{Permission, READING};
    let document = |sid: &str, table: &[Permission]| {
        let actions =
            |on: &str| -> Vec<&str> { table.iter().filter(|p| p.action.starts_with(on)).map(|p| p.action).collect() };
        let plain: Vec<&str> = table.iter().map(|p| p.action).filter(|action| !action.starts_with("iam:")).collect();
        let mut statements = vec![serde_json::json!({"Sid": sid, "Effect": "Allow", "Action": plain, "Resource": "*"})];
        // A role is handed to tasks and to nothing else.
        let roles = actions("iam:");
        if !roles.is_empty() {
            statements.push(serde_json::json!({
                "Sid": "QuarterdeckHandsRolesToTasks",
                "Effect": "Allow",
                "Action": roles,
                "Resource": "*",
                "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
            }));
        }
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": statements});
        format!("{policy:#}\n")
    };
    let apply = "aws iam create-policy --policy-name NAME --policy-document file://FILE";
    let made = |purpose, document| Policy { source: "aws", purpose, format: "json", apply, document };
    [
        made(Purpose::Read, document("QuarterdeckReads", READING)),
        made(Purpose::Change, document("QuarterdeckChanges", CHANGING)),
    ]
}

#[cfg(feature = "kubernetes")]
fn of_kubernetes() -> [Policy; 2] {
    use super::kubernetes::permissions::{changing, cluster_role, reading};
    let apply = "kubectl apply -f FILE; kubectl create clusterrolebinding NAME --clusterrole=ROLE --user=USER";
    let made = |purpose, document| Policy { source: "kubernetes", purpose, format: "yaml", apply, document };
    [
        made(Purpose::Read, cluster_role("quarterdeck-read", &reading())),
        made(Purpose::Change, cluster_role("quarterdeck-change", &changing())),
    ]
}

#[cfg(feature = "queues")]
fn of_queues() -> Vec<Policy> {
    use super::{rabbitmq, redis};
    let lines = |lines: &[&str]| format!("{}\n", lines.join("\n"));
    let made = |source, purpose, apply, document| Policy { source, purpose, format: "commands", apply, document };
    let (on_broker, on_redis) = ("run them where the broker runs", "redis-cli, as a user who may change ACLs");
    let (read, change) = (Purpose::Read, Purpose::Change);
    vec![
        made("rabbitmq", read, on_broker, lines(rabbitmq::permissions::READING)),
        made("rabbitmq", change, on_broker, lines(rabbitmq::permissions::CHANGING)),
        made("redis", read, on_redis, lines(&[&redis::permissions::reading()])),
        made("redis", change, on_redis, lines(&[redis::permissions::CHANGING])),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Policy {
        all().into_iter().find(|policy| policy.name() == name).unwrap()
    }

    #[test]
    fn there_is_one_for_reading_and_one_for_changing_of_every_source_that_grants() {
        let names: Vec<String> = all().iter().map(Policy::name).collect();
        let sources = ["aws", "kubernetes", "rabbitmq", "redis"];
        let wanted: Vec<String> =
            sources.iter().flat_map(|source| [format!("{source}-read"), format!("{source}-change")]).collect();
        assert_eq!(names, wanted);
    }

    #[test]
    fn the_policies_of_aws_are_json_and_reading_changes_nothing() {
        let read: serde_json::Value = serde_json::from_str(&of("aws-read").document).unwrap();
        let actions = read["Statement"][0]["Action"].as_array().unwrap();
        let only_reads = |action: &str| {
            ["List", "Describe", "Get", "Filter"].iter().any(|verb| action.contains(&format!(":{verb}")))
        };
        assert!(actions.len() > 15 && actions.iter().all(|action| only_reads(action.as_str().unwrap())), "{read}");
        let change: serde_json::Value = serde_json::from_str(&of("aws-change").document).unwrap();
        assert_eq!(change["Statement"][1]["Action"][0], "iam:PassRole");
        assert!(change["Statement"][1]["Condition"].is_object() && !change.to_string().contains("\"*:*\""));
    }

    #[test]
    fn the_cluster_roles_have_nothing_but_lines_that_yaml_knows() {
        for name in ["kubernetes-read", "kubernetes-change"] {
            let document = of(name).document;
            let (head, rules) = document.split_once("rules:\n").unwrap();
            assert!(head.starts_with("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"), "{head}");
            let lines: Vec<&str> = rules.lines().collect();
            for three in lines.chunks(3) {
                for (line, field) in three.iter().zip(["  - apiGroups: ", "    resources: ", "    verbs: "]) {
                    let list = line.strip_prefix(field).unwrap_or_else(|| panic!("{line}"));
                    // A list of quoted words is the same in YAML and in JSON.
                    let words: Vec<String> = serde_json::from_str(list).unwrap();
                    assert!(!words.is_empty(), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_redis_user_who_reads_may_send_nothing_that_writes() {
        let words = of("redis-read").document;
        for word in words.split_whitespace().filter_map(|word| word.strip_prefix('+')) {
            assert!(!word.starts_with('@') && !["set", "del", "eval", "keys", "lpush"].contains(&word), "{word}");
        }
    }
}
