"""moto with what it lacks for us, run by the part's own Python as `aws_server.py PORT`.

The AWS SDK for Rust speaks to CloudWatch in CBOR (Smithy RPC v2), moto in JSON: between the two stands a translation of the bodies.
Composite alarms and the history of alarms are answered from what moto keeps of them; tasks run until they are stopped; targets whose address ends in `.13` are
unhealthy; and the access key says how the login fares: one that begins with EXPIRED is expired, with THROTTLED asks too much, with
DENIED may not use the service that its rest names (`DENIEDsqs`). The SSO portal gives the key `lab`.
"""
import io
import json
import re
import sys
import time
from datetime import datetime, timezone

import cbor2
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.ecs import models as containers
from moto.elbv2 import models as balancers
from moto.moto_api import state_manager
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

OPERATION = re.compile(r"^/service/(\w+)/operation/(\w+)$")
KEY = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")
WRONG = {"EXPIRED": ("ExpiredTokenException", "The security token included in the request is expired"),
         "THROTTLED": ("ThrottlingException", "Rate exceeded")}


def history(self):
    """DescribeAlarmHistory: moto keeps each state that was left, and the one that is."""
    alarm = self.cloudwatch_backend.alarms.get(self._get_param("AlarmName"))
    states = [(h[1], h[3], h[4]) for h in alarm.history] + [(alarm.state_reason, alarm.state_value, alarm.state_updated_timestamp)] if alarm else []
    turns = [{"AlarmName": alarm.name, "Timestamp": new[2], "HistoryItemType": "StateUpdate",
              "HistorySummary": f"Alarm updated from {old[1]} to {new[1]}",
              "HistoryData": json.dumps({"newState": {"stateValue": new[1], "stateReason": new[0]}})} for old, new in zip(states, states[1:])]
    return ActionResult({"AlarmHistoryItems": turns[::-1]})


def unlucky(health_for):
    """Targets with an unlucky address fail their checks."""
    def told(self, target, ec2_backend):
        if str(target["Id"]).endswith(".13"):
            return balancers.FakeHealthStatus(target["Id"], target.get("Port", self.port), self.health_check_port, "unhealthy",
                                              "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]")
        return health_for(self, target, ec2_backend)
    return told


def running(begin):
    """Containers that run; AWS writes their sizes as text."""
    def begun(self, task_definition):
        begin(self, task_definition)
        self.cpu, self.memory, self.last_status, self.exitCode = str(self.cpu or 0), str(self.memory or 0), "RUNNING", None
    return begun


CloudWatchResponse.describe_alarm_history = history
CloudWatchResponse.put_composite_alarm = CloudWatchResponse.put_metric_alarm
balancers.FakeTargetGroup.health_for = unlucky(balancers.FakeTargetGroup.health_for)
containers.Container.__init__ = running(containers.Container.__init__)
state_manager.set_transition("ecs::task", transition={"progression": "manual", "times": 10**9})   # a task runs until it is stopped


def plain(value):
    """What came in CBOR as JSON has it: moments as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def timed(value, name=""):
    """What moto says in JSON as CBOR has it: moments as moments, by the names of their fields."""
    if isinstance(value, dict):
        return {key: timed(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [timed(one, name) for one in value]
    if value is not None and re.search("Timestamps?$", name):
        if isinstance(value, str):
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
            value = (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
        return cbor2.CBORTag(1, float(value))
    return float(value) if name in ("Threshold", "Values", "Value") and isinstance(value, int) else value


def refusal(key, region, service):
    """The code and the words that a login gets, or None."""
    for word, answer in WRONG.items():
        if key.startswith(word):
            return answer
    if key.startswith("DENIED") and key[6:] == service:
        return "AccessDeniedException", f"User: arn:aws:iam::123456789012:user/watch is not authorized in {region}"
    return None


class Gate:
    """moto behind a door that looks at logins and understands CBOR."""

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        asked = OPERATION.match(environ["PATH_INFO"])
        if environ["PATH_INFO"] == "/federation/credentials":
            return self.portal(start_response)
        login = KEY.search(environ.get("HTTP_AUTHORIZATION", ""))
        refused = refusal(*login.groups()) if login else None
        if refused:
            return self.refuse(refused, bool(asked), "HTTP_X_AMZ_TARGET" in environ, start_response)
        return self.translated(asked, environ, start_response) if asked else self.app(environ, start_response)

    def portal(self, start_response):
        # The token stands in a header with an underscore, which this server does not pass on.
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"roleCredentials": {"accessKeyId": "lab", "secretAccessKey": "lab", "sessionToken": "lab",
                                                "expiration": int(time.time() * 1000) + 3600000}}).encode()]

    def refuse(self, refused, in_cbor, in_json, start_response):
        code, words = refused
        kind = "application/cbor" if in_cbor else "application/x-amz-json-1.1" if in_json else "text/xml"
        if in_cbor or in_json:
            body = {"__type": f"com.amazonaws#{code}", "message": words}
            answer = cbor2.dumps(body) if in_cbor else json.dumps(body).encode()
        else:
            code = code.removesuffix("Exception")
            answer = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{words}</Message></Error><RequestId>lab</RequestId></ErrorResponse>".encode()
        start_response("400 Bad Request", [("Content-Type", kind), ("Content-Length", str(len(answer)))] + [("smithy-protocol", "rpc-v2-cbor")] * in_cbor)
        return [answer]

    def translated(self, asked, environ, start_response):
        raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = json.dumps(plain(cbor2.loads(raw)) if raw else {}).encode()
        environ.update({"PATH_INFO": "/", "REQUEST_URI": "/", "RAW_URI": "/", "CONTENT_TYPE": "application/x-amz-json-1.0", "CONTENT_LENGTH": str(len(body)),
                        "HTTP_X_AMZ_TARGET": f"{asked[1]}.{asked[2]}", "wsgi.input": io.BytesIO(body)})
        environ.pop("HTTP_SMITHY_PROTOCOL", None)
        said = []
        answer = b"".join(self.app(environ, lambda status, headers, *_: said.append(status)))
        try:
            answer = cbor2.dumps(timed(json.loads(answer or b"{}")))
        except ValueError:
            pass                                              # not implemented: moto's page, as it is
        start_response(said[0], [("Content-Type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor"), ("Content-Length", str(len(answer)))])
        return [answer]


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), Gate(DomainDispatcherApplication(create_backend_app)), threaded=True)
