"""Where the lab lives: its folders under the cache folder, and its ports, all on loopback between 22000 and 22999."""
import os
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
LAB = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quarterdeck" / "lab"
PORT = {"ssh": 22022, "ssh_bare": 22023, "cm": 22257, "sched": 22259, "kwok": 22247, "etcd": 22379, "etcd_peer": 22380,
        "kube": 22443, "registry": 22500, "registry_debug": 22501,
        "rabbit": 22672, "rabbit_api": 22673, "rabbit_dist": 22674, "rabbit_epmd": 22675,
        "front_http": 22810, "front_https": 22843, "postgres": 22832,
        "prometheus": 22909, "alertmanager": 22913, "alertmanager_b": 22914, "alertmanager_cluster": 22916, "exporter": 22919,
        "redis": 22637, "redis_tls": 22638, "redis_replica": 22639,
        "aws": 22566, "aws_second": 22567}
# Each engine has a bridge and an address pool that no other engine of this machine uses.
NET = {"docker": ("qdlab0", "10.217.0.1/24", "10.218.0.0/16"), "docker2": ("qdlab1", "10.219.0.1/24", "10.220.0.0/16")}


def folder(name, mode=0o755):
    """A folder of the lab by its name below LAB, made where it is missing."""
    path = LAB / name
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(mode)
    return path
