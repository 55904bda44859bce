"""The part rabbit: one RabbitMQ of Debian with its management API, in folders of its own and with an epmd of its own, and users
who may do what their names say."""
import base64
import json
import os
import urllib.error
import urllib.request

from . import places, servers
from .debian import programs
from .shell import Failed, wait

API = f"http://127.0.0.1:{places.PORT['rabbit_api']}"
# name: (password, tags, virtual hosts)
USERS = {"boss": ("boss-secret", "administrator", ["/", "second"]), "reader": ("reader-secret", "monitoring", ["/", "second"]),
         "narrow": ("narrow-secret", "management", ["/"]), "app": ("app-secret", "", ["/", "second"])}


def up():
    """Brings the broker up and returns what a test needs to know of it."""
    if os.geteuid() != 0:
        raise Failed("RabbitMQ of Debian's package is started by root")
    epmd, publish, consume = programs("epmd", "amqp-publish", "amqp-consume", "rabbitmq-server")[:3]
    home, port = places.folder("rabbit", 0o700), places.PORT
    plugins, settings = home / "plugins", home / "rabbitmq.conf"
    plugins.write_text("[rabbitmq_management].\n")
    settings.write_text(f"listeners.tcp.1 = 127.0.0.1:{port['rabbit']}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port['rabbit_api']}\n"
                        "collect_statistics_interval = 1000\ndisk_free_limit.absolute = 50MB\ndefault_user = boss\ndefault_pass = boss-secret\n"
                        "log.console = true\nlog.file = false\n")
    servers.start("epmd", epmd, "-port", port["rabbit_epmd"], "-address", "127.0.0.1")
    # The package's wrapper changes to its own user, who cannot enter a private home folder.
    server, control = (f"/usr/lib/rabbitmq/bin/{name}" for name in ("rabbitmq-server", "rabbitmqctl"))
    servers.start("rabbit", server, HOME=str(home), RABBITMQ_NODENAME="qdlab@localhost",
                  RABBITMQ_MNESIA_BASE=str(home / "db"), RABBITMQ_LOG_BASE=str(home / "log"), RABBITMQ_ENABLED_PLUGINS_FILE=str(plugins),
                  RABBITMQ_CONFIG_FILE=str(settings), RABBITMQ_CONF_ENV_FILE=str(home / "none"), RABBITMQ_DIST_PORT=str(port["rabbit_dist"]),
                  ERL_EPMD_PORT=str(port["rabbit_epmd"]), ERL_EPMD_ADDRESS="127.0.0.1",
                  # With "input" allowed the script becomes the broker instead of watching over it, so that its pid is the broker's.
                  RABBITMQ_ALLOW_INPUT="1",
                  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-noinput -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none")
    wait("RabbitMQ", lambda: ask("GET", "overview")[0] == 200, 300, servers.Server("rabbit"))
    _users()
    return {"API": API, "AMQP": f"127.0.0.1:{port['rabbit']}", "PUBLISH": publish, "CONSUME": consume, "SERVER": "rabbit", "CTL": control,
            "HOME": str(home), "EPMD_PORT": str(port["rabbit_epmd"]),
            **{f"{name.upper()}_PASSWORD": password for name, (password, _, _) in USERS.items()}}


def _users():
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    _do("PUT", "vhosts/second")
    for name, (password, tags, hosts) in USERS.items():
        _do("PUT", f"users/{name}", {"password": password, "tags": tags})
        for host in hosts:
            _do("PUT", f"permissions/{host.replace('/', '%2F')}/{name}", everything)


def _do(method, path, body=None):
    status, said = ask(method, path, body)
    if status >= 300:
        raise Failed(f"RabbitMQ answers {method} {path} with {status}: {said[:200]}")


def ask(method, path, body=None):
    """Status and body of one request to the management API as its administrator; status 0 where nobody answers."""
    login = base64.b64encode(b"boss:boss-secret").decode()
    data = None if method == "GET" else json.dumps(body or {}).encode()
    request = urllib.request.Request(f"{API}/api/{path}", data, {"Authorization": f"Basic {login}", "Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(errors="replace")
    except OSError as e:
        return 0, str(e)
