"""Images made on the spot for the five fleets' services: a static busybox and a small site that says who it is, pushed to the lab's
own registry so that each has a digest. `FLEET/SERVICE:1` and `:2` are good releases, `:bad` never passes its health check."""
import hashlib
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import places
from .debian import programs
from .shell import run, succeeds

REGISTRY = f"127.0.0.1:{places.PORT['registry']}"
# What each fleet runs (one line per system); a service in WORKERS serves nothing, so nothing can prove its health.
FLEETS = {"biz": "traefik frontend ml-service airflow-web airflow-scheduler airflow-worker rabbitmq postgres",
          "aicommunity": "app worker postgres redis",
          "te-explico": "backend ai-inference frontend",
          "competitoriq": "api worker frontend db redis",
          "infra": "app postgres redis nginx"}
WORKERS = {"airflow-scheduler", "airflow-worker", "worker"}
VERSIONS = ("1", "2", "bad")
HEALTH = "HEALTHCHECK --interval=2s --timeout=3s --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/health"
SERVE = """#!/bin/sh
# Serves /health and /version, or works quietly; ends at once on SIGTERM.
trap 'exit 0' TERM INT
echo "$NAME $VERSION is up on $(hostname)"
[ "$VERSION" = bad ] || echo ok > /www/health
echo "$VERSION" > /www/version
[ "$KIND" = worker ] || httpd -p 80 -h /www
while :; do sleep 3600 & wait $!; done
"""


def root(busybox):
    """The root file system of every image, as a tar that is the same byte for byte each time, so that engines keep one layer."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("bin", "www", "tmp"):
            tar.addfile(_entry(name, tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755))
        for name, data in (("bin/busybox", Path(busybox).read_bytes()), ("bin/serve", SERVE.encode())):
            entry = _entry(name, tarfile.REGTYPE, 0o755)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        for name in run(busybox, "--list").split():
            if name != "busybox":
                link = _entry(f"bin/{name}", tarfile.SYMTYPE, 0o777)
                link.linkname = "busybox"
                tar.addfile(link)
    return out.getvalue()


def _entry(name, kind, mode):
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, 0
    return entry


def make(host):
    """Makes on one engine what it lacks of the images and pushes it; a mark of their content skips even the asking."""
    busybox, docker = programs("busybox", "docker")
    tar = places.folder("images") / "root.tar"
    data = root(busybox)
    key = hashlib.sha256(data + repr((FLEETS, sorted(WORKERS), VERSIONS, HEALTH, REGISTRY)).encode()).hexdigest()
    mark = Path(f"{host.removeprefix('unix://')}.images")
    if mark.exists() and mark.read_text() == key and succeeds(docker, "-H", host, "image", "inspect", f"{REGISTRY}/infra/nginx:bad"):
        return
    tar.write_bytes(data)
    wanted = [(fleet, service, version) for fleet, services in FLEETS.items() for service in services.split() for version in VERSIONS]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda w: _one(docker, host, tar, *w), wanted))
    mark.write_text(key)


def _one(docker, host, tar, fleet, service, version):
    reference = f"{REGISTRY}/{fleet}/{service}:{version}"
    works = service in WORKERS
    changes = [f"ENV NAME={fleet}/{service} VERSION={version} KIND={'worker' if works else 'server'} PATH=/bin", "CMD " + json.dumps(["/bin/serve"]),
               *([] if works else ["EXPOSE 80", HEALTH])]
    run(docker, "-H", host, "import", *[a for c in changes for a in ("--change", c)], tar, reference)
    run(docker, "-H", host, "push", "-q", reference)
