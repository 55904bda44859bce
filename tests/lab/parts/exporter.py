"""exporter.py PORT PROJECT: metrics as Traefik, an application and cAdvisor have them, of two services of one project.

Counters follow from the clock, so that every rate is known: of ten requests a second to `api` 0.6 fail, `web` fails never.
"""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT, PROJECT = int(sys.argv[1]), sys.argv[2]
BORN = time.time() - 600


def metrics():
    t = time.time() - BORN
    api = f'service="api-{PROJECT}@docker"'
    web = f'namespace="{PROJECT}",service="web"'
    compose = f'container_label_com_docker_compose_project="{PROJECT}",container_label_com_docker_compose_service="api"'
    pod = f'namespace="{PROJECT}",pod="web-7d4b9c6f5-x2x4z"'
    lines = ["# TYPE traefik_service_requests_total counter",
             f'traefik_service_requests_total{{{api},code="200",method="GET",protocol="http"}} {9.4 * t}',
             f'traefik_service_requests_total{{{api},code="500",method="GET",protocol="http"}} {0.6 * t}',
             f'traefik_service_requests_total{{service="dashboard@internal",code="500"}} {t}',
             "# TYPE traefik_service_request_duration_seconds histogram"]
    # Nine of ten within 100 ms, all within 200 ms: the 95th lies half way.
    lines += [f'traefik_service_request_duration_seconds_bucket{{{api},code="200",le="{le}"}} {share * t}' for le, share in (("0.1", 9), ("0.2", 10), ("+Inf", 10))]
    lines += ["# TYPE http_requests_total counter", f'http_requests_total{{{web},status="200"}} {5 * t}',
              # Without a status nobody knows what failed.
              f'http_requests_total{{namespace="{PROJECT}",service="untold"}} {5 * t}',
              "# TYPE http_request_duration_seconds histogram",
              # No request ever came: there is no quantile.
              *(f'http_request_duration_seconds_bucket{{{web},le="{le}"}} 0' for le in ("0.1", "+Inf")),
              "# TYPE container_cpu_usage_seconds_total counter",
              f"container_cpu_usage_seconds_total{{{compose},id=\"/a\"}} {0.5 * t}",
              f'container_cpu_usage_seconds_total{{{pod},container="web"}} {0.25 * t}',
              f'container_cpu_usage_seconds_total{{{pod},container=""}} {0.3 * t}',
              "# TYPE container_memory_working_set_bytes gauge",
              f"container_memory_working_set_bytes{{{compose},id=\"/a\"}} {128 << 20}",
              f'container_memory_working_set_bytes{{{pod},container="web"}} {64 << 20}',
              f'container_memory_working_set_bytes{{{pod},container=""}} {70 << 20}']
    return "\n".join(lines) + "\n"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = metrics().encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
