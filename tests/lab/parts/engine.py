"""The Docker parts: engines of our own beside any other, each with its bridge, its address pool and no rule in the machine's
firewall; Docker Compose as a plugin; and the registry that gives the images their digests."""
import os
import signal
import subprocess
import urllib.request

from . import golang, images, places, servers
from .debian import programs
from .shell import Failed, run, succeeds, wait


def up(part):
    """Brings up `docker` or `docker2` and returns what a test needs to know of it."""
    if os.geteuid() != 0:
        raise Failed("a Docker engine of our own needs root")
    dockerd, docker, _, _ = programs("dockerd", "docker", "ip", "iptables")
    home, host = places.folder(part, 0o700), f"unix://{places.LAB}/{part}/docker.sock"
    bridge, address, pool = places.NET[part]
    _bridge(bridge, address)
    servers.start(server(part), dockerd, "--data-root", home / "data", "--exec-root", home / "exec", "--pidfile", home / "dockerd.pid",
                  "-H", host, "--bridge", bridge, "--default-address-pool", f"base={pool},size=24", "--iptables=false", "--ip-masq=false", "--ip-forward=false",
                  "--config-file", _settings(home))
    _registry()
    wait(f"the engine {part}", lambda: succeeds(docker, "-H", host, "version"), 60, servers.Server(server(part)))
    images.make(host)
    plugins = places.folder("docker-cli/cli-plugins")
    plugin, compose = plugins / "docker-compose", golang.program("docker-compose")
    if not (plugin.is_symlink() and os.readlink(plugin) == compose):
        plugin.unlink(missing_ok=True)
        plugin.symlink_to(compose)
    return {"DOCKER_HOST": host, "REGISTRY": images.REGISTRY, "DOCKER": docker, "COMPOSE": compose, "DOCKER_CONFIG": str(plugins.parent), "SERVER": server(part)}


def server(part):
    """The name of a part's engine among the servers."""
    return {"docker": "dockerd", "docker2": "dockerd2"}[part]


def _settings(home):
    """An empty settings file of our own, so that the machine's own daemon.json has no say."""
    file = home / "daemon.json"
    file.write_text("{}\n")
    return file


def _bridge(name, address):
    if not succeeds("ip", "link", "show", name):
        run("ip", "link", "add", name, "type", "bridge")
        run("ip", "addr", "add", address, "dev", name)
    run("ip", "link", "set", name, "up")


def _registry():
    (registry,) = programs("docker-registry")
    home = places.folder("registry")
    settings = home / "registry.yml"
    settings.write_text(f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {home}/data}}}}\nlog: {{level: error}}\nhttp: {{addr: '{images.REGISTRY}'}}\n")
    servers.start("registry", registry, "serve", settings)
    wait("the registry", _answers, 30, servers.Server("registry"))


def _answers():
    try:
        with urllib.request.urlopen(f"http://{images.REGISTRY}/v2/", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def before_down(part):
    """Takes every container off an engine that runs, so that its end leaves no process of theirs behind; a frozen one is thawed."""
    if not servers.alive(server(part)):
        return
    servers.send(server(part), signal.SIGCONT)
    docker, host = programs("docker")[0], f"unix://{places.LAB}/{part}/docker.sock"
    ask = lambda *a: run(docker, "-H", host, *a, check=False, timeout=60).split()
    try:
        left = ask("ps", "-aq")
        if left:
            ask("rm", "-f", "-v", *left)
        nets = ask("network", "ls", "-q", "--filter", "type=custom")
        if nets:
            ask("network", "rm", *nets)
    except subprocess.TimeoutExpired:
        pass                                              # an engine that does not answer is ended all the same


def after_down(part):
    """Removes the part's bridge."""
    if succeeds("ip", "link", "show", places.NET[part][0]):
        run("ip", "link", "del", places.NET[part][0])
