"""How the workers that ``TF_CONFIG`` names meet before a run: each comes to the first one.

Until TensorFlow's own servers run, which wait for each other in silence, the first worker listens
at its address. The others tell it who they are and what versions they have; it tells them for whom
it waits, then to go on, or why not. A message is a line of json.
"""

import contextlib
import json
import os
import re
import socket
import sys
import time
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from vae_gan_tf.errors import UserError
from vae_gan_tf.version import __version__

VARIABLE = "TF_CONFIG"

ADDRESS = re.compile(r"[\w.-]+:(\d{1,5})", re.ASCII)
"""A host and its port."""

SAID_EVERY = 60.0
"""Seconds after which a worker that waits says again for whom."""


class Cluster(NamedTuple):
    """The workers, and which of them this process is."""

    addresses: list[str]
    """Of each, "host:port"; the first leads."""
    place: int
    """That of this one."""

    def name(self, index: int) -> str:
        """A worker in a sentence: "worker 1 (host:port)"."""
        return f"worker {index} ({self.addresses[index]})"


def cluster() -> Cluster | None:
    """The workers that ``TF_CONFIG`` names; None if it is not set, or names a single one.

    Raises:
        UserError: it is no json, names no workers, or this process is none of them.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    try:
        config = json.loads(text)
        jobs, task = config["cluster"], config["task"]
        addresses = [*jobs.get("chief", []), *jobs.get("worker", [])]
        kind, index = task["type"], task["index"]
        if type(index) is not int and not str(index).isdecimal():
            raise ValueError("no index")
        index = int(index)
        place = index + len(jobs.get("chief", [])) * (kind == "worker")
        known = kind in jobs and 0 <= index < len(jobs[kind])
        found = [ADDRESS.fullmatch(address) for address in addresses]
        ports = [int(each[1]) if each else 0 for each in found]  # 0 is refused below
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        without = f" without {error}" if isinstance(error, KeyError) else ""
        raise UserError(
            f"{VARIABLE} is {text!r}{without}, and json such as "
            '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", '
            '"index": 0}} is expected'
        ) from error
    if kind not in ("chief", "worker") or not known:
        raise UserError(
            f"{VARIABLE} says that this is {kind} {index}, and the workers that it names are "
            f"{', '.join(addresses) or 'none'}; one of these expected, or their chief"
        )
    for address, port in zip(addresses, ports, strict=True):
        if not 0 < port < 2**16:
            raise UserError(
                f"{VARIABLE} names the worker {address}, and host:port is expected, with a port "
                "from 1 to 65535"
            )
    if twice := [each for each in addresses if addresses.count(each) > 1]:
        raise UserError(f"{VARIABLE} names {twice[0]} twice, and each worker has its own address")
    return Cluster(addresses, place) if len(addresses) > 1 else None


def meet(them: Cluster, minutes: float) -> None:
    """Waits until all workers are there.

    Args:
        them: the workers.
        minutes: how long to wait.

    Raises:
        UserError: on each worker, if one did not come or has other versions.
    """
    (_follow if them.place else _lead)(them, minutes)


def _check_port(them: Cluster) -> None:
    """Raises a UserError where TensorFlow could not listen at the port of this worker."""
    try:
        socket.create_server(("", int(them.addresses[them.place].rpartition(":")[2]))).close()
    except OSError as error:
        raise UserError(
            f"{them.name(them.place)} cannot listen at its port: {error.strerror}"
        ) from error


def _versions(them: Cluster) -> dict[str, str]:
    """What all workers must have the same of."""
    return {
        "addresses": ", ".join(them.addresses),
        "python": ".".join(map(str, sys.version_info[:2])),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "vae_gan_tf": __version__,
    }


def _lead(them: Cluster, minutes: float) -> None:
    """Waits for all workers at the own address, and tells them to go on, or why not."""
    port = them.addresses[0].rpartition(":")[2]
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(socket.create_server(("", int(port))))
        except OSError as error:
            raise UserError(
                f"{them.name(0)} cannot listen at its port: {error.strerror}"
            ) from error
        server.settimeout(0.5)
        here: dict[int, socket.socket] = {}
        versions = {0: _versions(them)}
        wait = _Wait(minutes)
        while missing := [i for i in range(len(them.addresses)) if i and i not in here]:
            whom = "waiting for " + ", ".join(map(them.name, missing))
            if wait.over():
                sentence = f"{whom}: not there after {minutes:g} minutes"
                _tell(here, {"refused": sentence})
                raise UserError(sentence)
            if wait.to_say():
                print(whom, file=sys.stderr, flush=True)
                _tell(here, {"said": whom})
            try:
                other, _ = server.accept()
            except TimeoutError:
                continue
            stack.enter_context(other)
            with contextlib.suppress(OSError, ValueError, RecursionError):
                other.settimeout(5)
                message = json.loads(other.makefile().readline())
                known = range(1, len(them.addresses))
                # Others may come to this port as well.
                if isinstance(message, dict) and message.get("worker") in [*known]:
                    index = message["worker"]
                    if isinstance(its := message.get("versions"), dict):
                        versions[index], here[index] = its, other
        for index, its in versions.items():
            for name, version in versions[0].items():
                if its.get(name) != version:
                    sentence = (
                        f"{them.name(0)} has {name} {version}, {them.name(index)} has "
                        f"{its.get(name)}; all workers must have the same"
                    )
                    _tell(here, {"refused": sentence})
                    raise UserError(sentence)
        _tell(here, {"go": True})


def _follow(them: Cluster, minutes: float) -> None:
    """Comes to the leader, and goes on when all are there."""
    host, _, port = them.addresses[0].rpartition(":")
    _check_port(them)
    message = {"worker": them.place, "versions": _versions(them)}
    whom, wait = f"waiting for {them.name(0)}", _Wait(minutes)
    answer: dict[str, Any] = {}
    while not (wait.over() or answer.keys() & {"go", "refused"}):
        if wait.to_say():
            print(whom, file=sys.stderr, flush=True)
        try:
            with socket.create_connection((host, int(port)), timeout=5) as leader:
                leader.sendall((json.dumps(message) + "\n").encode())
                leader.settimeout(60 * minutes)
                for line in leader.makefile():
                    said = json.loads(line)
                    answer = said if isinstance(said, dict) else {}
                    if "said" in answer:
                        print(answer["said"], file=sys.stderr, flush=True)
        except socket.gaierror:
            whom = f"waiting for {them.name(0)}, a host whose name is not known here"
        except (OSError, ValueError, RecursionError):  # not there yet, or gone again
            pass
        time.sleep(0.5)
    if "go" not in answer:
        late = f"{whom}: not there after {minutes:g} minutes"
        raise UserError(answer.get("refused", late))


def _tell(others: dict[int, socket.socket], message: dict[str, Any]) -> None:
    for other in others.values():
        with contextlib.suppress(OSError):  # it has gone, which is noticed later
            other.sendall((json.dumps(message) + "\n").encode())


class _Wait:
    """The clock of a worker that waits."""

    def __init__(self, minutes: float):
        self._end = time.monotonic() + 60 * minutes
        self._said = time.monotonic()

    def over(self) -> bool:
        return time.monotonic() > self._end

    def to_say(self) -> bool:
        """Whether it is time to say for whom; then the next time is later."""
        if time.monotonic() - self._said < SAID_EVERY:
            return False
        self._said = time.monotonic()
        return True
