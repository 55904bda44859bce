"""The redis part: a Redis with a password, plain and with TLS; a replica of it; and a Python with BullMQ and Celery to fill it."""
from . import places, servers
from .debian import programs
from .python import python
from .shell import run, wait

PLAIN, TLS, REPLICA = (places.PORT[p] for p in ("redis", "redis_tls", "redis_replica"))
PASSWORD = "lab-secret"


def up():
    """Brings up both servers; `redis-server` saves nothing and listens on loopback alone."""
    server, client, openssl = programs("redis-server", "redis-cli", "openssl")
    home = places.folder("redis", 0o700)
    _keys(home, openssl)
    common = f"bind 127.0.0.1\nsave \"\"\nappendonly no\ndaemonize no\nenable-debug-command local\nrequirepass {PASSWORD}\nmasterauth {PASSWORD}\n"
    (home / "primary.conf").write_text(f"{common}port {PLAIN}\ndir {places.folder('redis/primary')}\ntls-port {TLS}\ntls-auth-clients no\n"
                                       f"tls-cert-file {home}/server.crt\ntls-key-file {home}/server.key\ntls-ca-cert-file {home}/ca.crt\n")
    (home / "replica.conf").write_text(f"{common}port {REPLICA}\ndir {places.folder('redis/replica')}\nreplicaof 127.0.0.1 {PLAIN}\n")
    for name, settings, port in (("redis", "primary", PLAIN), ("redis-replica", "replica", REPLICA)):
        servers.start(name, server, home / f"{settings}.conf")
        ask = [client, "-p", port, "--no-auth-warning", "-a", PASSWORD, "ping"]
        wait(f"the server {name}", lambda: "PONG" in run(*ask, check=False), 30, servers.Server(name))
    return {"URL": f"redis://127.0.0.1:{PLAIN}", "TLS": f"rediss://localhost:{TLS}", "REPLICA": f"redis://127.0.0.1:{REPLICA}", "CA": str(home / "ca.crt"),
            "FULL": f"redis://:{PASSWORD}@127.0.0.1:{PLAIN}", "PASSWORD": PASSWORD, "PORT": str(PLAIN), "REPLICA_PORT": str(REPLICA), "CLI": client,
            "PYTHON": python(), "SERVER": "redis"}


def _keys(home, openssl):
    """A certificate for localhost and the authority that vouches for it."""
    if (home / "server.crt").exists():
        return
    ssl = lambda *a: run(openssl, *a, cwd=home)
    ssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "3650", "-subj", "/CN=lab-redis-ca",
        "-addext", "basicConstraints=critical,CA:TRUE")
    ssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (home / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    ssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", "names", "-out", "server.crt")
