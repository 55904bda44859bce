"""What is in the cluster from the start: namespaces, rights, nodes, the definitions of KEDA's and Argo's objects, and how pods go."""
import json

NAMESPACES = ("shop-dev", "shop-staging", "shop-prod")
GROUPS = ["", "apps", "batch", "autoscaling", "policy", "events.k8s.io", "networking.k8s.io", "discovery.k8s.io", "keda.sh", "argoproj.io", "metrics.k8s.io"]
BUT_PODS = ("namespaces nodes services events deployments deployments/scale statefulsets daemonsets replicasets jobs cronjobs horizontalpodautoscalers "
            "poddisruptionbudgets ingresses endpointslices scaledobjects rollouts").split()
READ = ["get", "list", "watch"]


def objects(nodes):
    """Everything the part applies, as one List."""
    items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in NAMESPACES]
    items += [_crd("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"), _crd("argoproj.io", "v1alpha1", "Rollout", "rollouts", scale=True)]
    items += _rights() + [_node(i) for i in range(nodes)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def _crd(group, version, kind, plural, scale=False):
    """Just enough of a definition: any content is kept, the status has its own door."""
    sub = {"status": {}} | ({"scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}} if scale else {})
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    if scale:
        count = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"replicas": {"type": "integer"}}}
        schema["properties"] = {"spec": count, "status": count}
    return {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": f"{plural}.{group}"},
            "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
                     "versions": [{"name": version, "served": True, "storage": True, "subresources": sub, "schema": {"openAPIV3Schema": schema}}]}}


def _rights():
    api = "rbac.authorization.k8s.io"
    role = lambda name, what, where=None: {"apiVersion": f"{api}/v1", "kind": "Role" if where else "ClusterRole",
                                           "metadata": {"name": name} | ({"namespace": where} if where else {}),
                                           "rules": [{"apiGroups": GROUPS, "resources": what, "verbs": READ}]}
    bind = lambda name, user, where=None: {"apiVersion": f"{api}/v1", "kind": "RoleBinding" if where else "ClusterRoleBinding",
                                           "metadata": {"name": f"{name}-{user}"} | ({"namespace": where} if where else {}),
                                           "roleRef": {"apiGroup": api, "kind": "Role" if where else "ClusterRole", "name": name},
                                           "subjects": [{"apiGroup": api, "kind": "User", "name": user}]}
    pods = ["pods", "pods/log"]
    return [role("lab-read", BUT_PODS + pods + ["configmaps"]), bind("lab-read", "reader"), role("lab-but-pods", BUT_PODS), bind("lab-but-pods", "limited"),
            role("lab-pods", pods, "shop-staging"), bind("lab-pods", "limited", "shop-staging"), role("lab-pods", pods, "shop-dev"), bind("lab-pods", "limited", "shop-dev")]


def _node(i):
    room = {"cpu": "512", "memory": "1Ti", "pods": "1000"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{i:02d}", "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": f"node-{i:02d}", "type": "kwok"}}, "status": {"allocatable": room, "capacity": room}}


def _box(name, number):
    """A container as a real one looks: environment, limits and a probe make a pod of about 7 kB."""
    return {"name": name, "image": f"registry.example/{name}:1.{number}", "env": [{"name": f"SETTING_{i:02d}", "value": "x" * 24} for i in range(14)],
            "resources": {k: {"cpu": "10m", "memory": "16Mi"} for k in ("requests", "limits")}, "readinessProbe": {"httpGet": {"path": "/health", "port": 80}}}


def deployments(pods, per):
    """Deployments that hold `pods` pods together, at most `per` in each, over ten namespaces."""
    items = []
    for i in range(-(-pods // per)):
        name = {"app": f"svc-{i:02d}"}
        items.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name["app"], "namespace": f"load-{i % 10}", "labels": name | {"load": "yes"}},
                      "spec": {"replicas": min(per, pods - i * per), "selector": {"matchLabels": name}, "template": {"metadata": {"labels": name},
                               "spec": {"containers": [_box(c, i) for c in ("main", "sidecar")], "terminationGracePeriodSeconds": 0}}}})
    return items


def load(pods, per):
    """The same with their namespaces, as one List."""
    spaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"load-{i}"}} for i in range(10)]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": spaces + deployments(pods, per)})


# ---- how pods go: what a kubelet would report ----------------------------------------------------------------------
def _condition(kind, true, reason=""):
    return (f"- lastTransitionTime: {{{{ $now | Quote }}}}\n  status: \"{true}\"\n  type: {kind}\n" + (f"  reason: {reason}\n" if reason else ""))


def _status(ready, state, restarts=0, last="", phase="Running"):
    """The status template of one way to go; `state` and `last` are YAML of a container's state."""
    conditions = _condition("PodScheduled", "True") + _condition("Initialized", "True")
    for kind in ("Ready", "ContainersReady"):
        conditions += _condition(kind, "True" if ready else "False", "" if ready else "ContainersNotReady")
    box = ("- image: {{ .image | Quote }}\n  imageID: {{ .image | Quote }}\n  name: {{ .name | Quote }}\n"
           f"  ready: {str(ready).lower()}\n  started: {str(ready).lower()}\n  restartCount: {restarts}\n  state: {state}\n" + (f"  lastState: {last}\n" if last else ""))
    place = ('hostIP: {{ NodeIPWith .spec.nodeName | Quote }}\npodIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) '
             '( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}\n')
    return (f"{{{{ $now := Now }}}}\nconditions:\n{conditions}containerStatuses:\n{{{{ range .spec.containers }}}}\n{box}{{{{ end }}}}\n"
            f"{place}phase: {phase}\nstartTime: {{{{ $now | Quote }}}}\n")


RUNNING = "{running: {startedAt: {{ $now | Quote }}}}"
ENDED = "{terminated: {exitCode: 1, reason: Error, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}"
OOM = "{terminated: {exitCode: 137, reason: OOMKilled, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}"
BACK_OFF = '{waiting: {reason: CrashLoopBackOff, message: "back-off 5m0s restarting failed container"}}'
PULL = "{waiting: {reason: ImagePullBackOff, message: 'Back-off pulling image {{ .image }}'}}"
GONE = {"key": ".metadata.deletionTimestamp", "operator": "Exists"}
HERE = {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"}
FRESH = {"key": ".status.podIP", "operator": "DoesNotExist"}
LABEL = '.metadata.labels["lab"]'
# The value of the label `lab` → the status of the pod, and the event that a kubelet would write beside it.
WAYS = {"crash-loop": (_status(False, BACK_OFF, 7, ENDED), ("Warning", "BackOff", "Back-off restarting failed container")),
        "oom": (_status(False, BACK_OFF, 4, OOM), ("Warning", "BackOff", "Back-off restarting failed container")),
        "image-pull": (_status(False, PULL, phase="Pending"), ("Warning", "Failed", "Failed to pull image: not found")),
        "not-ready": (_status(False, RUNNING), ("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"))}


def stages():
    """kwok's stages for pods: ready at once unless the label says otherwise; Jobs' pods complete; deletion at once."""
    out = [_stage("pod-ready", [HERE, FRESH, {"key": LABEL, "operator": "NotIn", "values": list(WAYS)}], {"statusTemplate": _status(True, RUNNING)})]
    for label, (status, (kind, reason, message)) in WAYS.items():
        out.append(_stage(f"pod-{label}", [HERE, FRESH, {"key": LABEL, "operator": "In", "values": [label]}],
                          {"event": {"type": kind, "reason": reason, "message": message}, "statusTemplate": status}))
    job = [{"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}, {"key": ".status.phase", "operator": "In", "values": ["Running"]}]
    out.append(_stage("pod-complete", [HERE, *job], {"statusTemplate": "phase: Succeeded\n"}))
    out.append(_stage("pod-delete", [GONE], {"finalizers": {"empty": True}, "delete": True}))
    return "---\n".join(json.dumps(s) + "\n" for s in out)


def _stage(name, selector, then):
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name},
            "spec": {"resourceRef": {"apiGroup": "v1", "kind": "Pod"}, "selector": {"matchExpressions": selector}, "next": then}}
