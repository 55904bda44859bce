"""The aws part: moto's server on loopback, in a Python of its own from PyPI, and a second one that tests may kill. What they
hold is made by the tests themselves (see `aws_world`), each in an account or region of its own."""
import urllib.request

from . import places, servers
from .python import python
from .shell import wait

PACKAGES = ["moto[server]==5.2.1", "boto3==1.44.5", "cbor2==6.2.1"]
SERVERS = {"moto": places.PORT["aws"], "moto-second": places.PORT["aws_second"]}


def up():
    """Brings up both servers. `PYTHON WORLD ENDPOINT ACCOUNT/REGION VERB …` changes what they hold."""
    program = python(PACKAGES)
    for name, port in SERVERS.items():
        servers.start(name, program, "-B", places.SOURCE / "parts/aws_server.py", port)
    for name, port in SERVERS.items():
        wait(f"the server {name}", lambda: _answers(port), 90, servers.Server(name))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in SERVERS.items()}
    return {"ENDPOINT": urls["moto"], "SECOND": urls["moto-second"], "PYTHON": program, "WORLD": str(places.SOURCE / "parts/aws_world.py"),
            "SERVER": "moto-second"}


def _answers(port):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).status == 200
    except OSError:
        return False
