//! Who else decides about a Workload, as its labels, annotations and owner references tell.

use std::collections::HashMap;

use crate::model::{Labels, Owner, Text};

use super::super::lean::Meta;

/// The labels and annotations worth keeping, as one set.
#[must_use]
pub(crate) fn labels(meta: &Meta) -> Labels {
    let annotations = meta.annotations.iter().filter(|(k, _)| !meta.labels.contains_key(*k));
    Labels::keep(meta.labels.iter().chain(annotations).map(|(k, v)| (k.as_str(), v.as_str())))
}

/// Argo CD, Flux, Helm, any other manager that names itself, and owning objects.
#[must_use]
pub(crate) fn owners(meta: &Meta) -> Vec<Owner> {
    let get = |map: &HashMap<String, String>, key: &str| map.get(key).filter(|v| !v.is_empty()).cloned();
    let label = |key| get(&meta.labels, key);
    let note = |key| get(&meta.annotations, key);
    let mut found: Vec<(&str, String)> = Vec::new();
    if let Some(owner) = meta.owner_references.iter().find(|o| o.controller) {
        found.push((owner.kind.as_str(), owner.name.clone()));
    }
    let tracked = note("argocd.argoproj.io/tracking-id").and_then(|id| id.split(':').next().map(str::to_owned));
    found.extend(tracked.or_else(|| label("argocd.argoproj.io/instance")).map(|name| ("Argo CD", name)));
    found.extend(label("kustomize.toolkit.fluxcd.io/name").map(|name| ("Flux", name)));
    found.extend(label("helm.toolkit.fluxcd.io/name").map(|name| ("Flux", name)));
    found.extend(note("meta.helm.sh/release-name").map(|name| ("Helm", name)));
    let manager = label("app.kubernetes.io/managed-by");
    match manager.as_deref() {
        None | Some("kubectl") => {}
        Some("Helm") if found.iter().any(|(kind, _)| *kind == "Helm") => {}
        Some(kind) => {
            let name = label("app.kubernetes.io/instance").unwrap_or_else(|| meta.name.clone());
            found.push((kind, name));
        }
    }
    found.into_iter().map(|(kind, name)| Owner { kind: Text::name(kind), name: Text::name(&name) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Meta {
        let map = |all: &[(&str, &str)]| all.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        Meta { name: "web".into(), labels: map(labels), annotations: map(annotations), ..Meta::default() }
    }

    fn named(meta: &Meta) -> Vec<String> {
        owners(meta).iter().map(|o| format!("{} {}", o.kind, o.name)).collect()
    }

    #[test]
    fn managers_are_named_by_their_own_marks() {
        let helm = meta(&[("app.kubernetes.io/managed-by", "Helm")], &[("meta.helm.sh/release-name", "shop")]);
        assert_eq!(named(&helm), ["Helm shop"]);
        let argo = meta(&[], &[("argocd.argoproj.io/tracking-id", "shop-prod:apps/Deployment:shop/web")]);
        assert_eq!(named(&argo), ["Argo CD shop-prod"]);
        let flux = meta(&[("kustomize.toolkit.fluxcd.io/name", "apps")], &[]);
        assert_eq!(named(&flux), ["Flux apps"]);
        assert!(named(&meta(&[("app", "web")], &[])).is_empty());
    }

    #[test]
    fn kept_labels_hold_annotations_that_link() {
        let both = labels(&meta(&[("app", "web"), ("team", "x")], &[("meta.helm.sh/release-name", "shop")]));
        assert_eq!(both.iter().count(), 2);
        assert_eq!(both.get("meta.helm.sh/release-name").unwrap().raw(), "shop");
    }
}
