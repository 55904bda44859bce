//! What is asked of a Prometheus about each Service: the configuration's queries, else a built-in one for each of the usual
//! exporters whose metrics it has.

use crate::model::Queries;

/// A number of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    ErrorRatio,
    P95,
    Cpu,
    Memory,
}

impl Number {
    pub(super) const ALL: [Self; 4] = [Self::ErrorRatio, Self::P95, Self::Cpu, Self::Memory];

    /// The key of the configuration; words about what cannot be read begin with it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::ErrorRatio => "error_ratio",
            Self::P95 => "p95_seconds",
            Self::Cpu => "cpu_cores",
            Self::Memory => "memory_bytes",
        }
    }

    fn configured(self, queries: &Queries) -> Option<&str> {
        let own = match self {
            Self::ErrorRatio => &queries.error_ratio,
            Self::P95 => &queries.p95_seconds,
            Self::Cpu => &queries.cpu_cores,
            Self::Memory => &queries.memory_bytes,
        };
        own.as_deref().map(str::trim)
    }
}

/// Which labels of an exporter name the Service.
#[derive(Clone, Copy)]
enum Named {
    /// A proxy's own word for what it sends requests to: `api-shop-prod@docker`. Its other labels are those of the proxy.
    Traefik,
    /// The namespace and the name of a Kubernetes Service, under `exported_…` where the proxy's own labels took their place.
    Ingress,
    /// An application tells of itself: whatever its scrape says of it.
    Itself,
    /// cAdvisor in a kubelet: the pod, whose name begins with its Workload's.
    Pod,
    /// cAdvisor beside a Docker engine: the labels of Compose.
    Compose,
}

/// How a number is made of a metric.
#[derive(Clone, Copy)]
enum Shape {
    /// Requests counted by status, which stands in one of these labels: the share of those that are 5xx. Where there are no
    /// requests there is no share; where no status is told, neither.
    Errors(&'static [&'static str]),
    /// A histogram of seconds.
    Buckets,
    /// A counter of CPU seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One metric of one exporter.
pub(super) struct Known {
    pub(super) number: Number,
    pub(super) metric: &'static str,
    named: Named,
    shape: Shape,
}

/// Labels that hold the HTTP status, as client libraries of various languages call it.
const STATUS: &[&str] = &["code", "status", "status_code", "http_status_code", "http_response_status_code"];
/// What an application's scrape may say of it; without those that are not there the sum is the same.
const ITSELF: &str = "namespace, exported_namespace, project, environment, env, service, exported_service, service_name, app, \
                      job, container_label_com_docker_compose_project, container_label_com_docker_compose_service";
const COMPOSE: &str = "container_label_com_docker_compose_project, container_label_com_docker_compose_service";
/// Containers of pods; the sums over a whole pod and its sandbox are left out.
const CONTAINERS: &str = r#"container!="",container!="POD",pod!="""#;
/// A pod of a Deployment, of a StatefulSet, of a DaemonSet: what stands before is its Workload's name. Kubernetes makes names of
/// these letters alone (`k8s.io/apimachinery/pkg/util/rand`), so that no word is taken for one.
const POD_NAME: &str = "(.+?)(-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+|\
                        -[bcdfghjklmnpqrstvwxz2456789]{5})";

/// In this order: of two that tell the same of one Service the first one speaks, a proxy before the application.
pub(super) const KNOWN: &[Known] = &[
    known(Number::ErrorRatio, "traefik_service_requests_total", Named::Traefik, Shape::Errors(&["code"])),
    known(Number::ErrorRatio, "nginx_ingress_controller_requests", Named::Ingress, Shape::Errors(&["status"])),
    known(Number::ErrorRatio, "http_server_request_duration_seconds_count", Named::Itself, Shape::Errors(STATUS)),
    known(Number::ErrorRatio, "http_server_requests_seconds_count", Named::Itself, Shape::Errors(STATUS)),
    known(Number::ErrorRatio, "http_request_duration_seconds_count", Named::Itself, Shape::Errors(STATUS)),
    known(Number::ErrorRatio, "http_requests_total", Named::Itself, Shape::Errors(STATUS)),
    known(Number::P95, "traefik_service_request_duration_seconds_bucket", Named::Traefik, Shape::Buckets),
    known(Number::P95, "nginx_ingress_controller_request_duration_seconds_bucket", Named::Ingress, Shape::Buckets),
    known(Number::P95, "http_server_request_duration_seconds_bucket", Named::Itself, Shape::Buckets),
    known(Number::P95, "http_server_requests_seconds_bucket", Named::Itself, Shape::Buckets),
    known(Number::P95, "http_request_duration_seconds_bucket", Named::Itself, Shape::Buckets),
    known(Number::Cpu, "container_cpu_usage_seconds_total", Named::Pod, Shape::Seconds),
    known(Number::Cpu, "container_cpu_usage_seconds_total", Named::Compose, Shape::Seconds),
    known(Number::Memory, "container_memory_working_set_bytes", Named::Pod, Shape::Bytes),
    known(Number::Memory, "container_memory_working_set_bytes", Named::Compose, Shape::Bytes),
];

const fn known(number: Number, metric: &'static str, named: Named, shape: Shape) -> Known {
    Known { number, metric, named, shape }
}

impl Known {
    /// The whole expression.
    pub(super) fn expression(&self) -> String {
        let metric = self.metric;
        match self.shape {
            Shape::Errors(labels) => {
                let rates = |is: &str| {
                    let rate = |label: &&str| format!("rate({metric}{{{label}{is}}}[5m])");
                    let all = labels.iter().map(rate).collect::<Vec<_>>().join(" or ");
                    self.sum("", &all)
                };
                let (failed, all) = (rates(r#"=~"5..""#), rates(r#"!="""#));
                format!("({failed} or {all} * 0) / ({all} > 0)")
            }
            Shape::Buckets => format!("histogram_quantile(0.95, {})", self.sum("le, ", &format!("rate({metric}[5m])"))),
            Shape::Seconds => self.sum("", &format!("rate({metric}{{{}}}[5m])", self.selector())),
            Shape::Bytes => self.sum("", &format!("{metric}{{{}}}", self.selector())),
        }
    }

    fn selector(&self) -> &'static str {
        match self.named {
            Named::Pod => CONTAINERS,
            Named::Compose => r#"container_label_com_docker_compose_service!="""#,
            Named::Traefik | Named::Ingress | Named::Itself => "",
        }
    }

    /// The sum over everything but the labels that name the Service, and `beside`.
    fn sum(&self, beside: &str, vector: &str) -> String {
        let own =
            |label: &str, of: &str| format!(r#"label_replace({of}, "{label}", "$1", "exported_{label}", "(.+)")"#);
        match self.named {
            Named::Traefik => format!("sum by ({beside}service) ({})", own("service", vector)),
            Named::Ingress => {
                let named = own("namespace", &own("service", vector));
                format!("sum by ({beside}namespace, service) ({named})")
            }
            Named::Itself => format!("sum by ({beside}{ITSELF}) ({vector})"),
            Named::Pod => {
                let pods = format!("sum by (namespace, pod) ({vector})");
                format!(r#"sum by (namespace, service) (label_replace({pods}, "service", "$1", "pod", "{POD_NAME}"))"#)
            }
            Named::Compose => format!("sum by ({COMPOSE}) ({vector})"),
        }
    }
}

/// The built-in queries that the configuration leaves in place.
pub(super) fn built_in(queries: &Queries) -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().filter(|known| known.number.configured(queries).is_none())
}

/// What the configuration wants asked.
pub(super) fn own(queries: &Queries) -> impl Iterator<Item = (Number, String)> {
    let asked = Number::ALL.into_iter().filter_map(|number| Some((number, number.configured(queries)?)));
    asked.filter(|(_, query)| !query.is_empty()).map(|(number, query)| (number, query.to_owned()))
}

/// Which of the metrics of the built-in queries there are: one small answer instead of many empty ones.
pub(super) fn which(queries: &Queries) -> Option<String> {
    let mut metrics: Vec<&str> = built_in(queries).map(|known| known.metric).collect();
    metrics.dedup();
    (!metrics.is_empty()).then(|| format!(r#"group by (__name__) ({{__name__=~"{}"}})"#, metrics.join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(metric: &str) -> String {
        KNOWN.iter().find(|known| known.metric == metric).unwrap().expression()
    }

    #[test]
    fn a_share_is_of_requests_whose_status_is_known_and_none_of_none() {
        assert_eq!(
            expression("traefik_service_requests_total"),
            "(sum by (service) (label_replace(rate(traefik_service_requests_total{code=~\"5..\"}[5m]), \"service\", \"$1\", \
             \"exported_service\", \"(.+)\")) or sum by (service) (label_replace(rate(traefik_service_requests_total{code!=\"\"}[5m]), \
             \"service\", \"$1\", \"exported_service\", \"(.+)\")) * 0) / (sum by (service) \
             (label_replace(rate(traefik_service_requests_total{code!=\"\"}[5m]), \"service\", \"$1\", \"exported_service\", \
             \"(.+)\")) > 0)"
        );
        assert!(expression("http_requests_total").contains("{status_code=~\"5..\"}[5m]) or rate("));
    }

    #[test]
    fn no_query_is_longer_than_a_url_may_be() {
        for known in KNOWN {
            let expression = known.expression();
            assert!(expression.len() < 2600, "{}: {}", known.metric, expression.len());
            assert_eq!(expression.matches('(').count(), expression.matches(')').count(), "{expression}");
        }
    }

    #[test]
    fn what_is_configured_takes_the_place_of_what_is_built_in() {
        let queries =
            Queries { error_ratio: Some(" up ".into()), p95_seconds: Some(String::new()), ..Queries::default() };
        assert_eq!(own(&queries).collect::<Vec<_>>(), [(Number::ErrorRatio, "up".to_owned())]);
        assert!(built_in(&queries).all(|known| matches!(known.number, Number::Cpu | Number::Memory)));
        let wanted = "group by (__name__) ({__name__=~\"container_cpu_usage_seconds_total|container_memory_working_set_bytes\"})";
        assert_eq!(which(&queries).unwrap(), wanted);
        let none = Queries { cpu_cores: Some(String::new()), memory_bytes: Some(String::new()), ..queries };
        assert_eq!(which(&none), None);
    }
}
