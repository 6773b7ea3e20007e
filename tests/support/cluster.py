"""Two workers on this machine."""

import json
import socket


def addresses():
    """Two addresses of this machine whose ports are free."""
    with socket.create_server(("localhost", 0)) as one, socket.create_server(("", 0)) as two:
        return [f"localhost:{each.getsockname()[1]}" for each in (one, two)]


def config(its, place, kind="worker"):
    return json.dumps({"cluster": {"worker": its}, "task": {"type": kind, "index": place}})
