"""Pythons of the lab's own, each with the packages that real producers, workers and servers are written with, pinned."""
import fcntl
import hashlib
import sys

from . import places
from .debian import package
from .shell import Failed, run, succeeds

PACKAGES = ["bullmq==3.4.4", "celery==5.7.0", "redis==8.1.0", "packaging==26.3"]


def python(packages=PACKAGES):
    """The path of the interpreter; its environment is made once for each set of packages."""
    key = hashlib.sha256(repr((packages, sys.version)).encode()).hexdigest()[:12]
    home = places.folder("python") / key
    with open(places.folder("python") / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "done").exists():
            if not succeeds(sys.executable, "-c", "import ensurepip, venv"):
                package("python3-venv")
            run(sys.executable, "-m", "venv", "--clear", home)
            try:
                run(home / "bin/pip", "install", "-q", "--disable-pip-version-check", *packages)
            except Failed as e:
                raise Failed(f"the Python packages {' '.join(packages)} cannot be installed: {e}") from e
            (home / "done").write_text("")
    return str(home / "bin/python")
