//! Which IAM action each request of this Source needs, and what is lost without it: the one table that least-privilege
//! policies are written from.

/// One IAM action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// As a policy names it (`ecs:ListClusters`).
    pub action: &'static str,
    /// What is read by it.
    pub gives: &'static str,
}

const fn may(action: &'static str, gives: &'static str) -> Permission {
    Permission { action, gives }
}

/// All that reading needs. Every action works on `Resource: "*"`; the source is the "Actions, resources, and condition keys"
/// page of each service in the Service Authorization Reference. None of them changes anything.
pub const READING: &[Permission] = &[
    may("ecs:ListClusters", "which ECS clusters there are"),
    may("ecs:DescribeClusters", "names, tags and state of clusters"),
    may("ecs:ListServices", "which services there are"),
    may("ecs:DescribeServices", "counts, deployments, events and load balancers of services"),
    may("ecs:ListTasks", "which tasks run, and which were stopped"),
    may("ecs:DescribeTasks", "state, health, image digests and stop reasons of tasks"),
    may("ecs:DescribeTaskDefinition", "images, health checks and log groups of services"),
    may("application-autoscaling:DescribeScalableTargets", "limits of what scales services by itself"),
    may("application-autoscaling:DescribeScalingPolicies", "by which metric services are scaled"),
    may("elasticloadbalancing:DescribeTargetGroups", "target groups of services"),
    may("elasticloadbalancing:DescribeTargetHealth", "which targets answer, and why others do not"),
    may("elasticloadbalancing:DescribeLoadBalancers", "addresses of load balancers"),
    may("elasticloadbalancing:DescribeListeners", "ports of load balancers"),
    may("elasticloadbalancing:DescribeRules", "host names that lead to a service"),
    may("sqs:ListQueues", "which queues there are"),
    may("sqs:GetQueueAttributes", "depth, messages in flight, dead-letter queue of queues"),
    may("cloudwatch:DescribeAlarms", "metric and composite alarms"),
    may("cloudwatch:DescribeAlarmHistory", "what an alarm went through, on its page"),
    may("cloudwatch:GetMetricData", "age of queues, figures of databases, the curve of an alarm"),
    may("rds:DescribeDBInstances", "databases"),
    may("rds:DescribeDBSnapshots", "when databases were last backed up"),
    may("rds:DescribeDBClusters", "up to when Aurora clusters can be brought back"),
    may("logs:GetLogEvents", "logs of a task"),
];
