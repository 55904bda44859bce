"""The lab's processes: each in its own session, known by its pid and the time it started, so that no stranger is ever stopped."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from . import places
from .shell import Failed


def born(pid):
    """When a process started, in clock ticks since boot, or None where it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    rest = stat[stat.rindex(")") + 2:].split()
    return None if rest[0] == "Z" else rest[19]


def _file(name):
    return places.folder("pids") / f"{name}.json"


def _known(name):
    file = _file(name)
    return json.loads(file.read_text()) if file.exists() else {}


def log(name):
    """The file that holds what a server says."""
    return places.folder("log") / f"{name}.log"


class Server:
    """A server by its name, as `shell.wait` asks of it."""

    def __init__(self, name):
        self.name = name

    def alive(self):
        return alive(self.name)

    def tail(self):
        file = log(self.name)
        return file.read_text(errors="replace").strip()[-400:] if file.exists() else ""


def alive(name):
    """The pid of a server of the lab, or 0."""
    known = _known(name)
    return known["pid"] if known and born(known["pid"]) == known["born"] else 0


def start(name, *argv, **env):
    """Starts a server once. One that runs with other arguments (a newer version, another port) is stopped first."""
    words = [str(a) for a in argv]
    if alive(name):
        if _known(name)["argv"] == words and _known(name)["env"] == env:
            return
        stop(name)
    with open(log(name), "ab") as out:
        p = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, cwd=places.LAB, env=dict(os.environ, **env))
    _file(name).write_text(json.dumps({"pid": p.pid, "born": born(p.pid), "argv": words, "env": env}))


def again(name):
    """Starts a stopped server as it was started last."""
    known = _known(name)
    if not known:
        raise Failed(f"no server {name!r} has been started")
    start(name, *known["argv"], **known["env"])


def send(name, number):
    """Sends a signal to a server that runs."""
    pid = alive(name)
    if not pid:
        raise Failed(f"the server {name!r} does not run")
    os.kill(pid, number)


def stop(name, how=signal.SIGTERM, seconds=20, forget=True):
    """Ends a server and waits for its end; what does not end in time is killed with its session. A frozen one is thawed first."""
    pid = alive(name)
    if pid:
        os.kill(pid, how)
        os.kill(pid, signal.SIGCONT)
        if not _gone(pid, seconds):
            os.killpg(pid, signal.SIGKILL)
            _gone(pid, 10)
    if forget:
        _file(name).unlink(missing_ok=True)


def _gone(pid, seconds):
    end = time.monotonic() + seconds
    while born(pid):
        try:
            os.waitpid(pid, os.WNOHANG)                   # only where we are its parent
        except ChildProcessError:
            pass
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
