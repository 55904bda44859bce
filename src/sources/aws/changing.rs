//! Which IAM actions the verbs need that change something, beside all that reading needs.

use super::permissions::Permission;

const fn may(action: &'static str, gives: &'static str) -> Permission {
    Permission { action, gives }
}

/// One line for each; the source is that of [`super::permissions::READING`].
pub const CHANGING: &[Permission] = &[
    may("ecs:UpdateService", "another count, another task definition, tasks started anew"),
    may("ecs:RegisterTaskDefinition", "a revision with another image"),
    may("ecs:ListTaskDefinitions", "the revisions that a service could return to"),
    may("ecs:StopTask", "one task stopped"),
    may("ecs:ExecuteCommand", "a shell in a task"),
    may("iam:PassRole", "the roles of a task definition, handed on as they are"),
    may("application-autoscaling:RegisterScalableTarget", "limits of what scales a service"),
    may("cloudwatch:DisableAlarmActions", "an alarm silenced"),
    may("cloudwatch:EnableAlarmActions", "and no longer"),
    may("sqs:PurgeQueue", "a queue emptied"),
    may("sqs:StartMessageMoveTask", "dead letters put back"),
];
