"""Servers that Debian does not carry, built from Go modules that `go/` pins; kept by content, so a second start builds nothing.

The key of a build is the hash of its go.mod, its go.sum, the Go version and the link flags: a changed pin builds anew beside the old.
"""
import fcntl
import hashlib
import os
import shutil
from functools import lru_cache

from . import places
from .shell import Failed, run

KUBE = "v1.36.3"
COMPOSE = "v5.5.1"
AT = "k8s.io/component-base/version"                    # without a version its clients cannot parse the server's
# Folder of the pins → (packages, link flags).
BUILDS = {
    "etcd": (["go.etcd.io/etcd/server/v3"], "-s -w"),
    "kwok": (["sigs.k8s.io/kwok/cmd/kwok"], "-s -w"),
    "compose": (["github.com/docker/compose/v5/cmd"], f"-s -w -X github.com/docker/compose/v5/internal.Version={COMPOSE}"),
    "kube": ([f"k8s.io/kubernetes/cmd/{n}" for n in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")],
             f"-s -w -X {AT}.gitVersion={KUBE} -X {AT}.gitMajor=1 -X {AT}.gitMinor={KUBE.split('.')[1]}"),
}
NAMES = {"etcd": "etcd", "kwok": "kwok", "compose": "docker-compose"}           # kube's programs carry their package's name


@lru_cache(maxsize=None)
def bin_folder(build):
    """The folder that holds the programs of one build; builds them where they are not there yet."""
    if not shutil.which("go"):
        raise Failed("Go is needed to build the lab's servers: no `go` in PATH")
    source, (packages, flags) = places.SOURCE / "go" / build, BUILDS[build]
    env = dict(os.environ, CGO_ENABLED="0", GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false -mod=readonly")
    pins = (source / "go.mod").read_bytes() + (source / "go.sum").read_bytes()
    key = hashlib.sha256(pins + repr((packages, flags, run("go", "env", "GOVERSION", env=env))).encode()).hexdigest()[:16]
    home = places.folder("programs")
    done = home / f"{build}-{key}"
    with open(home / f"{build}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            making = home / f"{build}-{key}.making"
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            out = making / NAMES[build] if build in NAMES else f"{making}/"
            run("nice", "-n", "10", "go", "build", f"-ldflags={flags}", "-o", out, *packages, cwd=source, env=env)
            making.rename(done)                           # whole or not at all, whenever this is ended
    return done


def program(name):
    """The path of a built program by its name."""
    build = next((b for b, n in NAMES.items() if n == name), "kube")
    return str(bin_folder(build) / name)
