//! Which namespaces are looked into: those that the configuration names, else all but the system's own.

/// Namespaces of the system itself: watched only where they are asked for by name.
const SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];

/// So many namespaces are asked for one by one.
const FEW: usize = 4;

/// The namespaces in scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Names, `*` allowed at the end; empty: all but the system's.
    patterns: Vec<String>,
}

impl Scope {
    /// By the configuration.
    #[must_use]
    pub(crate) fn new(patterns: &[String]) -> Self {
        Self { patterns: patterns.iter().filter(|p| !p.is_empty()).cloned().collect() }
    }

    /// Whether a namespace is in scope.
    #[must_use]
    pub(crate) fn holds(&self, namespace: &str) -> bool {
        if self.patterns.is_empty() {
            return !SYSTEM.contains(&namespace);
        }
        self.patterns.iter().any(|p| match p.strip_suffix('*') {
            Some(start) => namespace.starts_with(start),
            None => p == namespace,
        })
    }

    /// The namespaces that are named whole, where these are few: then only they are asked for. Of many, each kind would
    /// cost a request and a watch per namespace; then the cluster is asked, and the rest left out here.
    #[must_use]
    pub(crate) fn named(&self) -> Option<&[String]> {
        let whole =
            (1..=FEW).contains(&self.patterns.len()) && self.patterns.iter().all(|p| !p.ends_with('*') && is_name(p));
        whole.then_some(&self.patterns[..])
    }

    /// The field selector that leaves the system's namespaces out on the server's side, for lists of the whole cluster.
    #[must_use]
    pub(crate) fn field_selector(&self) -> Option<String> {
        let all = SYSTEM.iter().filter(|n| !self.holds(n)).map(|n| format!("metadata.namespace!%3D{n}"));
        let selector = all.collect::<Vec<_>>().join(",");
        (!selector.is_empty()).then_some(selector)
    }
}

/// Whether text can stand in a path as a namespace (RFC 1123 label).
#[must_use]
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(patterns: &[&str]) -> Scope {
        Scope::new(&patterns.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn the_systems_own_namespaces_are_out_unless_named() {
        assert!(scope(&[]).holds("shop-prod") && !scope(&[]).holds("kube-system"));
        assert!(scope(&["kube-system"]).holds("kube-system") && !scope(&["kube-system"]).holds("shop"));
        assert!(scope(&["biz-*"]).holds("biz-prod") && !scope(&["biz-*"]).holds("shop"));
        assert!(scope(&["*"]).holds("kube-system") && scope(&["*"]).field_selector().is_none());
        assert!(scope(&[]).field_selector().is_some_and(|s| s.contains("metadata.namespace!%3Dkube-system")));
    }

    #[test]
    fn whole_names_are_asked_for_one_by_one() {
        assert_eq!(scope(&["a", "b"]).named().map(<[String]>::len), Some(2));
        assert_eq!((scope(&["a", "b-*"]).named(), scope(&[]).named(), scope(&["../x"]).named()), (None, None, None));
    }
}
