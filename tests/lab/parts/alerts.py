"""The alerts part: a Prometheus with rules that fire, wait, fail and are inhibited, an exporter whose counters grow, and two
Alertmanagers in one cluster that are both told of every alert."""
import json
import signal
import sys
import urllib.request
from pathlib import Path

from . import places, servers
from .debian import programs
from .shell import wait

PROMETHEUS, FIRST, SECOND, EXPORTER = (places.PORT[p] for p in ("prometheus", "alertmanager", "alertmanager_b", "exporter"))
# The project (or namespace) that the alerts and the exporter speak of.
PROJECT = "alerts-dev"


def _rule(name, expr, labels, annotations=None, **more):
    return {"alert": name, "expr": expr, "labels": labels, "annotations": annotations or {}, **more}


API, WEB = ({"namespace": PROJECT, "service": service} for service in ("api", "web"))
RULES = [
    _rule("Api5xx", "vector(6.1) > 5", {"severity": "critical", **API},
          {"summary": "error ratio {{ $value }} %", "value": "{{ $value }}", "runbook_url": "https://runbooks.example/api-5xx"}),
    _rule("Slow", "vector(1) > 0", {"severity": "warning", **API}, {"summary": "p95 is high"}, **{"for": "10h"}),
    _rule("Quiet", "vector(1) > 0", {"severity": "warning", **WEB}, {"summary": "to be silenced"}),
    _rule("NodeDown", 'up{job="dead"} == 0', {"severity": "critical", "zone": "lab"}, {"description": "nobody answers\nat {{ $labels.instance }}"}),
    _rule("Behind", "vector(1) > 0", {"severity": "warning", "zone": "lab", **WEB}, {"summary": "follows from the node"}),
    _rule("ByContainer", "vector(1) > 0", {"severity": "info", "container_label_com_docker_compose_project": PROJECT,
                                           "container_label_com_docker_compose_service": "web"}, {"summary": "by the labels of Compose"}),
    _rule("Hostile", "vector(1) > 0", {"severity": "info"}, {"summary": "red \x1b[31m and \u202eturned"}),
    _rule("Broken", 'vector(1) / on() (label_replace(vector(1), "a", "1", "", "") or label_replace(vector(1), "a", "2", "", ""))', {"severity": "warning"}),
]


def up():
    """Brings all four up, each on loopback alone."""
    prometheus, alertmanager = programs("prometheus", "prometheus-alertmanager")
    home = places.folder("alerts")
    rules, text = home / "rules.json", json.dumps({"groups": [{"name": "lab", "interval": "1s", "rules": RULES}]})
    others = rules.exists() and rules.read_text() != text
    rules.write_text(text)
    target = lambda port: {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    (home / "prometheus.json").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s", "external_labels": {"replica": "a", "cluster": "lab"}},
        "rule_files": [str(rules)],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{FIRST}", f"127.0.0.1:{SECOND}"]}]}]},
        "scrape_configs": [{"job_name": "dead", **target(1)}, {"job_name": "lab", "honor_labels": True, **target(EXPORTER)}]}))
    (home / "alertmanager.json").write_text(json.dumps({
        "route": {"receiver": "none", "group_wait": "0s"}, "receivers": [{"name": "none"}],
        "inhibit_rules": [{"source_matchers": ['alertname="NodeDown"'], "target_matchers": ['alertname="Behind"'], "equal": ["zone"]}]}))
    servers.start("exporter", sys.executable, "-B", Path(__file__).with_name("exporter.py"), EXPORTER, PROJECT)
    cluster = places.PORT["alertmanager_cluster"]
    for name, port, own, peers in (("alertmanager", FIRST, cluster, []), ("alertmanager-b", SECOND, cluster + 1, [f"--cluster.peer=127.0.0.1:{cluster}"])):
        servers.start(name, alertmanager, f"--config.file={home}/alertmanager.json", f"--storage.path={places.folder('alerts/' + name)}",
                      f"--web.listen-address=127.0.0.1:{port}", f"--cluster.listen-address=127.0.0.1:{own}", "--cluster.settle-timeout=2s",
                      "--cluster.gossip-interval=100ms", *peers)
        wait(name, lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 40, servers.Server(name))
    servers.start("prometheus", prometheus, f"--config.file={home}/prometheus.json", f"--storage.tsdb.path={places.folder('alerts/tsdb')}",
                  f"--web.listen-address=127.0.0.1:{PROMETHEUS}", "--storage.tsdb.retention.time=1h",
                  # An Alertmanager that is found late, or comes back, is told soon.
                  "--rules.alert.resend-delay=5s")
    wait("Prometheus", lambda: answers(f"http://127.0.0.1:{PROMETHEUS}/-/ready"), 60, servers.Server("prometheus"))
    if others:
        servers.send("prometheus", signal.SIGHUP)
    return {"PROMETHEUS": f"http://127.0.0.1:{PROMETHEUS}", "ALERTMANAGER": f"http://127.0.0.1:{FIRST}", "SECOND": f"http://127.0.0.1:{SECOND}",
            "PROJECT": PROJECT, "SERVER": "prometheus", "SERVER_A": "alertmanager", "SERVER_B": "alertmanager-b"}


def answers(url):
    """Whether it answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False
