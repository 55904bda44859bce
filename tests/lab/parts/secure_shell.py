"""The ssh part: an SSH daemon on loopback behind which the `docker` part's engine answers, and a client configuration with hosts for
each way it can go: `lab` (all well), `lab-unknown` (its host key was never seen), `lab-changed` (another key is on record),
`lab-bare` (no docker on the far side)."""
from pathlib import Path

from . import engine, places, servers
from .debian import programs
from .shell import run, succeeds, wait

PORT, BARE = places.PORT["ssh"], places.PORT["ssh_bare"]


def up():
    """Brings up the daemon and the engine behind it. `PATH_FIRST` goes first in PATH: its `ssh` reads the lab's configuration."""
    docker = engine.up("docker")
    sshd, ssh, keygen = programs("sshd", "ssh", "ssh-keygen")
    home = places.folder("ssh", 0o700)
    for key in ("host", "other", "user"):
        if not (home / key).exists():
            run(keygen, "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", home / key)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)         # where sshd separates privileges
    _server(home, docker)
    _client(home, ssh)
    servers.start("sshd", sshd, "-D", "-e", "-f", home / "sshd_config")
    wait("sshd", lambda: succeeds(home / "bin/ssh", "-o", "BatchMode=yes", "lab", "true"), 30, servers.Server("sshd"))
    return {"PATH_FIRST": str(home / "bin"), "HOST": "ssh://lab", "UNKNOWN": "ssh://lab-unknown", "CHANGED": "ssh://lab-changed", "BARE": "ssh://lab-bare",
            "CONFIG": str(home / "config"), "SERVER": "sshd"}


def _server(home, docker):
    (home / "authorized").write_text((home / "user.pub").read_text())
    (home / "sshd_config").write_text(
        f"Port {PORT}\nPort {BARE}\nListenAddress 127.0.0.1\nHostKey {home}/host\nAuthorizedKeysFile {home}/authorized\nPidFile {home}/sshd.pid\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nMaxStartups 50\n"
        f"PrintMotd no\nSetEnv DOCKER_HOST={docker['DOCKER_HOST']} DOCKER_CONFIG={docker['DOCKER_CONFIG']}\n"
        f"Match LocalPort {BARE}\n  ForceCommand echo 'sh: 1: docker: not found' >&2; exit 127\n")


def _client(home, ssh):
    key = lambda name: " ".join((home / f"{name}.pub").read_text().split()[:2])
    for name, line in (("known", f"[127.0.0.1]:{PORT} {key('host')}\n[127.0.0.1]:{BARE} {key('host')}\n"), ("known-changed", f"[127.0.0.1]:{PORT} {key('other')}\n"),
                       ("known-nothing", "")):
        (home / name).write_text(line)
    hosts = {"lab": ("known", PORT), "lab-unknown": ("known-nothing", PORT), "lab-changed": ("known-changed", PORT), "lab-bare": ("known", BARE)}
    (home / "config").write_text("".join(
        f"Host {name}\n  HostName 127.0.0.1\n  Port {port}\n  User root\n  IdentityFile {home}/user\n  IdentitiesOnly yes\n  UserKnownHostsFile {home}/{known}\n"
        "  GlobalKnownHostsFile none\n" for name, (known, port) in hosts.items()))
    wrapper = places.folder("ssh/bin") / "ssh"
    if ssh == str(wrapper):                                     # a caller whose PATH begins with it: it must not call itself
        ssh = "/usr/bin/ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {ssh} -F {home}/config "$@"\n')
    wrapper.chmod(0o755)
