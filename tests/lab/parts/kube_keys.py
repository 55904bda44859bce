"""Who may come into the lab's cluster: keys, certificates, tokens, and one kubeconfig for each user.

`admin` may do all; `reader` may read all; `limited` may not read pods in shop-prod; `stranger` has a token that is not known;
`expired` has a service account's token past its end; `plugin` logs in by an exec plugin, `plugin-hangs` by one that never answers,
`plugin-asks` by one that wants a password from the terminal; `many` has a context for the admin, the reader and a dead address.
"""
import base64
import json
import secrets
import subprocess
import time

from . import golang, places
from .debian import programs
from .shell import run

API = f"https://127.0.0.1:{places.PORT['kube']}"
ISSUER = "https://kubernetes.default.svc"
USERS = ("admin", "reader", "limited", "stranger", "expired", "plugin", "plugin-hangs", "plugin-asks", "many")
CERTIFIED = {"server": ("/CN=kube-apiserver", "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"),
             "admin": ("/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth"),
             "cm": ("/CN=system:kube-controller-manager", "extendedKeyUsage=clientAuth"), "sched": ("/CN=system:kube-scheduler", "extendedKeyUsage=clientAuth")}
PLUGIN = """#!/bin/sh
# A login plugin: gives the reader's token, never answers, or asks the terminal and draws on it.
case "$1" in
  hang) while :; do sleep 3600; done ;;
  ask) printf '\\033[2J\\033[31mPassword: \\007' >&2; read -r answer || exit 1; echo "$answer" >/dev/null; exit 1 ;;
  *) printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$TOKEN" ;;
esac
"""


def make(home):
    """Makes all keys and kubeconfigs once."""
    pki = places.folder("kube/pki", 0o700)
    if (pki / "done").exists():
        return
    (openssl,) = programs("openssl")
    ssl = lambda *a: run(openssl, *a, cwd=pki)
    ssl("genrsa", "-out", "sa.key", "2048")
    ssl("rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")
    ssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "365", "-subj", "/CN=lab-ca")
    for name, (subject, extension) in CERTIFIED.items():
        (pki / "ext").write_text(extension)
        ssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        ssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "365", "-extfile", "ext", "-out", f"{name}.crt")
    token = {u: secrets.token_hex(16) for u in ("reader", "limited")}
    (pki / "tokens.csv").write_text("".join(f"{t},{u},{u}\n" for u, t in token.items()))
    plugin = places.folder("kube/bin") / "quarterdeck-lab-login"
    plugin.write_text(PLUGIN)
    plugin.chmod(0o755)
    for name in ("admin", "cm", "sched"):
        _config(home, name, {"client-certificate-data": _b64(pki / f"{name}.crt"), "client-key-data": _b64(pki / f"{name}.key")})
    for name in ("reader", "limited"):
        _config(home, name, {"token": token[name]})
    _config(home, "stranger", {"token": "no-such-token"})
    for name, word in (("plugin", "token"), ("plugin-hangs", "hang"), ("plugin-asks", "ask")):
        _config(home, name, {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(plugin), "args": [word], "interactiveMode": "IfAvailable",
                                      "env": [{"name": "TOKEN", "value": token["reader"]}]}})
    _many(home, token["reader"])
    (pki / "done").touch()


def mint(home):
    """Writes the kubeconfig whose token is signed by the cluster's own key and has ended an hour ago."""
    now = int(time.time())
    uid = run(golang.program("kubectl"), "--kubeconfig", home / "admin.kubeconfig", "get", "sa", "-n", "default", "default", "-o", "jsonpath={.metadata.uid}")
    claims = {"iss": ISSUER, "aud": [ISSUER], "sub": "system:serviceaccount:default:default", "iat": now - 7200, "nbf": now - 7200, "exp": now - 3600,
              "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "default", "uid": uid}}}
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")
    text = part({"alg": "RS256", "typ": "JWT"}) + b"." + part(claims)
    signed = subprocess.run([programs("openssl")[0], "dgst", "-sha256", "-sign", home / "pki/sa.key"], input=text, capture_output=True, check=True).stdout
    _config(home, "expired", {"token": (text + b"." + base64.urlsafe_b64encode(signed).rstrip(b"=")).decode()})


def _b64(path):
    return base64.b64encode(path.read_bytes()).decode()


def _config(home, name, user):
    _write(home, name, [("lab", API, name, user)])


def _many(home, token):
    reader = {"token": token}
    _write(home, "many", [("lab-one", API, "reader", reader), ("lab-two", API, "reader", reader), ("lab-dead", "https://127.0.0.1:9", "reader", reader)])


def _write(home, name, contexts):
    """A kubeconfig of (context, address, user name, user) rows; the first is the current one. JSON is YAML."""
    ca = _b64(home / "pki/ca.crt")
    body = {"apiVersion": "v1", "kind": "Config", "current-context": contexts[0][0],
            "clusters": [{"name": c, "cluster": {"server": api, "certificate-authority-data": ca}} for c, api, _, _ in contexts],
            "users": [{"name": n, "user": u} for n, u in {who: u for _, _, who, u in contexts}.items()],
            "contexts": [{"name": c, "context": {"cluster": c, "user": who}} for c, _, who, _ in contexts]}
    file = home / f"{name}.kubeconfig"
    file.write_text(json.dumps(body, indent=1) + "\n")
    file.chmod(0o600)
