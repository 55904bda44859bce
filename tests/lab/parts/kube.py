"""The Kubernetes part: etcd, kube-apiserver, controller-manager and scheduler as they are; kwok plays nodes and pods.

Everything but the kubelets is real: watches, RBAC, admission, rollouts, scheduling, events. Pods run at once; the label
`lab: crash-loop`, `image-pull` or `not-ready` on a pod's template makes kwok break it as a kubelet would report it.
"""
from . import golang, kube_keys, kube_world, places, servers
from .shell import run, wait

ETCD, PEER = (f"http://127.0.0.1:{places.PORT[p]}" for p in ("etcd", "etcd_peer"))
NODES = 20


def kubectl(*argv, **kw):
    """kubectl as the admin."""
    return run(golang.program("kubectl"), "--kubeconfig", places.LAB / "kube/admin.kubeconfig", *argv, **kw)


def up():
    """Brings up the control plane and its world; returns the kubeconfigs of its users."""
    home = places.folder("kube", 0o700)
    kube_keys.make(home)
    _etcd(home)
    _apiserver(home)
    wait("the API server", lambda: kubectl("get", "--raw", "/readyz", check=False) == "ok", 120, servers.Server("kube-apiserver"))
    _controllers(home)
    _kwok(home)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", data=kube_world.objects(NODES))
    wait("the service account of shop-prod", lambda: "default" in kubectl("get", "sa", "-n", "shop-prod", "-o", "name", check=False), 60)
    wait("the nodes", lambda: kubectl("get", "nodes", "--no-headers", check=False).count(" Ready") >= NODES, 60, servers.Server("kwok"))
    for crd in ("scaledobjects.keda.sh", "rollouts.argoproj.io"):
        kubectl("wait", "--for=condition=Established", f"crd/{crd}", "--timeout=30s")
    kube_keys.mint(home)
    users = {u.upper().replace("-", "_"): str(home / f"{u}.kubeconfig") for u in kube_keys.USERS}
    return {"KUBECONFIG": users["ADMIN"], **users, "KUBECTL": golang.program("kubectl"), "API": kube_keys.API, "SERVER": "kube-apiserver"}


def scale(pods, per=200):
    """Brings the cluster to N pods: Deployments of up to 200 in the namespaces load-0 … load-9; what is over the number goes."""
    wanted = {f"{d['metadata']['namespace']}/{d['metadata']['name']}" for d in kube_world.deployments(pods, per)}
    here = kubectl("get", "deploy", "-A", "-l", "load=yes", "-o", "jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{'\\n'}{end}").split()
    for extra in set(here) - wanted:
        kubectl("delete", "deploy", "-n", *extra.split("/"), "--cascade=foreground", "--timeout=300s")
    if wanted:
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", data=kube_world.load(pods, per))
    ready = "jsonpath={range .items[*]}{.status.readyReplicas}{'\\n'}{end}"
    wait(f"{pods} pods", lambda: sum(map(int, kubectl("get", "deploy", "-A", "-l", "load=yes", "-o", ready).split())) == pods, 1200)
    return {"PODS": str(pods)}


def _etcd(home):
    servers.start("etcd", golang.program("etcd"), "--name", "lab", "--data-dir", home / "etcd", "--listen-client-urls", ETCD, "--advertise-client-urls", ETCD,
                  "--listen-peer-urls", PEER, "--initial-advertise-peer-urls", PEER, "--initial-cluster", f"lab={PEER}", "--unsafe-no-fsync",
                  "--quota-backend-bytes", "4294967296", "--auto-compaction-mode", "periodic", "--auto-compaction-retention", "5m", "--log-level", "warn")


def _apiserver(home):
    p = home / "pki"
    servers.start("kube-apiserver", golang.program("kube-apiserver"), "--etcd-servers", ETCD, "--bind-address", "127.0.0.1", "--advertise-address", "127.0.0.1",
                  "--secure-port", places.PORT["kube"], "--tls-cert-file", p / "server.crt", "--tls-private-key-file", p / "server.key",
                  "--client-ca-file", p / "ca.crt", "--token-auth-file", p / "tokens.csv", "--service-account-issuer", kube_keys.ISSUER,
                  "--service-account-key-file", p / "sa.pub", "--service-account-signing-key-file", p / "sa.key",
                  "--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "RBAC", "--endpoint-reconciler-type", "none", "--event-ttl", "10m",
                  "--max-requests-inflight", "2000", "--max-mutating-requests-inflight", "1000", "--shutdown-delay-duration", "0s")


def _controllers(home):
    p = home / "pki"
    own = lambda user: ["--kubeconfig", home / f"{user}.kubeconfig", "--authentication-kubeconfig", home / f"{user}.kubeconfig",
                        "--authorization-kubeconfig", home / f"{user}.kubeconfig", "--bind-address", "127.0.0.1", "--leader-elect=false",
                        "--kube-api-qps", "400", "--kube-api-burst", "800"]
    servers.start("kube-controller-manager", golang.program("kube-controller-manager"), *own("cm"), "--secure-port", places.PORT["cm"],
                  "--use-service-account-credentials", "--root-ca-file", p / "ca.crt", "--service-account-private-key-file", p / "sa.key",
                  "--concurrent-deployment-syncs", "10", "--concurrent-replicaset-syncs", "20", "--node-monitor-grace-period", "300s")
    servers.start("kube-scheduler", golang.program("kube-scheduler"), *own("sched"), "--secure-port", places.PORT["sched"])


def _kwok(home):
    p, file, logs = home / "pki", home / "kwok.yaml", home / "pod.log"
    logs.write_text("".join(f'2026-01-01T00:00:{i % 60:02d}.{i:09d}Z stdout F level=info msg="request {i} done"\n' for i in range(2000)))
    file.write_text(kube_world.stages() + f"---\napiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {{name: all}}\nspec: {{logs: [{{logsFile: {logs}, follow: true}}]}}\n")
    servers.start("kwok", golang.program("kwok"), "--kubeconfig", home / "admin.kubeconfig", "--manage-all-nodes=false",
                  "--manage-nodes-with-annotation-selector", "kwok.x-k8s.io/node=fake", "--server-address", f"127.0.0.1:{places.PORT['kwok']}",
                  "--node-ip", "127.0.0.1", "--node-port", places.PORT["kwok"], "--tls-cert-file", p / "server.crt", "--tls-private-key-file", p / "server.key",
                  "--cidr", "10.0.0.0/14", "--node-lease-duration-seconds", "120", "--config", file)
