"""The front part: nginx on loopback with a certificate that ends in ten days, and a Postgres that wants a password, in clear for
`watch` and over TLS for `secure`."""
import glob
import os
import pwd
from pathlib import Path

from . import places, servers
from .debian import find, package, programs
from .shell import Failed, run, succeeds, wait

HTTP, HTTPS, SQL = places.PORT["front_http"], places.PORT["front_https"], places.PORT["postgres"]
DAYS, PASSWORD = 10, "lab-password"
# Postgres never runs as root, and its own user may not enter root's cache folder.
DATA = Path("/var/tmp/quarterdeck-lab/postgres")


def up():
    """Brings up both. `CA` vouches for the certificate, `PASSWORD` is that of both users of Postgres."""
    nginx, openssl, setpriv = programs("nginx", "openssl", "setpriv")
    home = places.folder("front")
    # What one of them still shows must not be changed beneath it.
    if not (servers.alive("nginx") or servers.alive("postgres")):
        _certificate(home, openssl)
    _nginx(home, nginx)
    _postgres(home, setpriv)
    return {"HTTP": f"http://localhost:{HTTP}", "HTTPS": f"https://localhost:{HTTPS}", "TLS": f"localhost:{HTTPS}", "CA": str(home / "ca.pem"),
            "POSTGRES": f"localhost:{SQL}", "PASSWORD": PASSWORD, "NGINX": "nginx", "SERVER": "postgres"}


def _certificate(home, openssl):
    run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Lab Front Authority", "-days", "3650", "-keyout", home / "ca.key", "-out", home / "ca.pem")
    run(openssl, "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", home / "server.key", "-out", home / "server.csr")
    (home / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run(openssl, "x509", "-req", "-in", home / "server.csr", "-CA", home / "ca.pem", "-CAkey", home / "ca.key", "-CAcreateserial", "-days", DAYS, "-extfile", home / "names",
        "-out", home / "server.pem")


def _nginx(home, nginx):
    (home / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\nuser root;\npid {home}/nginx.pid;\nerror_log {home}/error.log;\nevents {{ worker_connections 256; }}\n"
        f"http {{\n  access_log off;\n  client_body_temp_path {home}/body;\n  proxy_temp_path {home}/proxy;\n  fastcgi_temp_path {home}/fastcgi;\n"
        f"  uwsgi_temp_path {home}/uwsgi;\n  scgi_temp_path {home}/scgi;\n"
        f"  server {{ listen 127.0.0.1:{HTTP}; return 301 https://localhost:{HTTPS}$request_uri; }}\n"
        f"  server {{\n    listen 127.0.0.1:{HTTPS} ssl;\n    ssl_certificate {home}/server.pem;\n    ssl_certificate_key {home}/server.key;\n"
        "    location = /health { return 200 'all is well\\n'; }\n    location = /broken { return 503 'no database\\n'; }\n    location / { return 404; }\n  }\n}\n")
    servers.start("nginx", nginx, "-c", home / "nginx.conf", "-e", home / "error.log")
    wait("nginx", lambda: _listens(HTTPS), 30, servers.Server("nginx"))


def _postgres(home, setpriv):
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        package("postgresql")
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))
    if not found:
        raise Failed("no `postgres` below /usr/lib/postgresql although the package is installed")
    bin = Path(found[-1]).parent
    owner = pwd.getpwnam("postgres")
    as_owner = (setpriv, "--reuid", owner.pw_uid, "--regid", owner.pw_gid, "--clear-groups")
    DATA.parent.mkdir(parents=True, exist_ok=True)
    DATA.parent.chmod(0o755)
    if not (DATA / "PG_VERSION").exists():
        DATA.mkdir(exist_ok=True)
        os.chown(DATA, owner.pw_uid, owner.pw_gid)
        run(*as_owner, bin / "initdb", "-D", DATA, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale", "C.UTF-8", cwd="/")
    if not servers.alive("postgres"):
        for name, mode in (("server.pem", 0o644), ("server.key", 0o600)):
            (DATA / name).write_bytes((home / name).read_bytes())
            os.chown(DATA / name, owner.pw_uid, owner.pw_gid)
            (DATA / name).chmod(mode)
        (DATA / "pg_hba.conf").write_text("host all postgres 127.0.0.1/32 trust\nhost all watch 127.0.0.1/32 scram-sha-256\nhostssl all secure 127.0.0.1/32 scram-sha-256\n")
    servers.start("postgres", *as_owner, bin / "postgres", "-D", DATA, "-p", SQL, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "ssl=on",
                  "-c", "ssl_cert_file=server.pem", "-c", "ssl_key_file=server.key", "-c", "max_connections=20", "-c", "fsync=off")
    psql = (bin / "psql", "-h", "127.0.0.1", "-p", SQL, "-U", "postgres", "-d", "postgres", "-qtAX")
    wait("postgres", lambda: succeeds(*psql, "-c", "SELECT 1"), 30, servers.Server("postgres"))
    for user in ("watch", "secure"):
        if run(*psql, "-c", f"SELECT 1 FROM pg_roles WHERE rolname = '{user}'") != "1":
            run(*psql, "-c", f"CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'")


def _listens(port):
    return succeeds(find("python3"), "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)")
