"""Several processes, on one machine or on many, that train one model together.

The environment variable ``TF_CONFIG`` names them as TensorFlow documents it, the same in all but
for the task, and each runs the same command:

    {"cluster": {"worker": ["host0:port", "host1:port"]}, "task": {"type": "worker", "index": 0}}

They wait for each other, compare their versions, and are from then on the replicas of one
``tf.distribute.MultiWorkerMirroredStrategy``. The first one, the leader, writes the files and
prints; the others, which run the same program, only compute. Each must see the run folder.
"""

import contextlib
import functools
import json
import os
import socket
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from vae_gan_tf import files
from vae_gan_tf.errors import UserError

VARIABLE = "TF_CONFIG"

SAID_EVERY = 60.0
"""Seconds after which a worker that waits says again for whom."""

LETTERS = 1000
"""Bytes of a text that workers compare."""


class Cluster(NamedTuple):
    """The workers, and which of them this process is."""

    addresses: list[str]
    """Of each, "host:port"; the first leads."""
    place: int
    """That of this one."""

    def name(self, index: int) -> str:
        """A worker in a sentence: "worker 1 (host:port)"."""
        return f"worker {index} ({self.addresses[index]})"


_joined: tf.distribute.Strategy | None = None
_cluster: Cluster | None = None


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
        kind, index = task["type"], int(task["index"])
        place = index + len(jobs.get("chief", [])) * (kind == "worker")
        known = kind in jobs and 0 <= index < len(jobs[kind])
        ports = [int(address.rpartition(":")[2]) for address in addresses]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{VARIABLE} is {text!r}, and json such as "
            '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", '
            '"index": 0}} is expected'
        ) from error
    if kind not in ("chief", "worker") or not known or not all(ports):
        raise UserError(
            f"{VARIABLE} says that this is {kind} {index}, and the workers that it names are "
            f"{', '.join(addresses) or 'none'}"
        )
    return Cluster(addresses, place) if len(addresses) > 1 else None


def join(minutes: float) -> None:
    """Waits for the other workers that ``TF_CONFIG`` names, if any, and becomes one of them.

    To be called before TensorFlow computes anything.

    Args:
        minutes: how long to wait.

    Raises:
        UserError: ``TF_CONFIG`` is wrong; a worker did not come, or has other versions.
    """
    global _joined, _cluster
    them = cluster()
    if them is None or _joined is not None:
        return
    if them.place:
        _follow(them, minutes)
    else:
        _lead(them, minutes)
    _cluster, _joined = them, tf.distribute.MultiWorkerMirroredStrategy()
    if them.place:
        print(f"{them.name(them.place)}: {them.name(0)} prints and writes for all", flush=True)
        files.write_nothing()
        sys.stdout = open(os.devnull, "w")


def strategy() -> tf.distribute.Strategy | None:
    """That of the workers; None where this process is alone."""
    return _joined


def leads() -> bool:
    """Whether this process is the leader, or alone."""
    return _cluster is None or _cluster.place == 0


@contextlib.contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """Where this worker writes what all must take part in writing: the folder, or a passing one."""
    if leads():
        yield folder
        return
    with tempfile.TemporaryDirectory() as passing:
        yield Path(passing)


def highest(number: int) -> int:
    """The highest of the numbers that the workers have, each calling this at the same moment."""
    return number if _joined is None else int(max(_gathered(np.array([number], np.int32))[:, 0]))


def wait_for_all() -> None:
    """Returns when every worker has called it."""
    highest(0)


def compare(what: str, text: str) -> None:
    """Compares a text, such as the settings of a run, with that of the other workers.

    Raises:
        UserError: on each of them, if one has another.
    """
    texts = _texts(text)
    for index, other in enumerate(texts):
        if other != texts[0]:
            raise UserError(
                f"{what} of the workers differ: {texts[0]} on worker 0, {other} on worker {index}"
            )


def check_folder(folder: Path) -> None:
    """Raises a UserError on all workers unless each sees the leader's files in a folder."""
    if _joined is None:
        return
    path = folder / "workers"
    if leads():
        path.write_text(uuid.uuid4().hex)
    wait_for_all()
    texts = _texts(path.read_text() if path.exists() else "nothing")
    if leads():
        path.unlink()
    for index, text in enumerate(texts):
        if text != texts[0]:
            raise UserError(
                f"worker {index} does not see the files of worker 0 in {folder}; all workers must "
                "share the run folder, on a network disk for instance (--runs_dir)"
            )


@contextlib.contextmanager
def together() -> Iterator[None]:
    """What is a user's mistake for one worker is one for all: each raises the same UserError."""
    mistake = None
    try:
        yield
    except UserError as error:
        mistake = error
    if _joined is None:
        if mistake:
            raise mistake
        return
    for index, sentence in enumerate(_texts(str(mistake or ""))):
        if sentence:
            raise UserError(sentence if index == 0 else f"worker {index}: {sentence}")


@contextlib.contextmanager
def attended() -> Iterator[None]:
    """Ends in one sentence where another worker has gone, which TensorFlow notices in a minute.

    Raises:
        UserError: it has.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if _joined is None:
            raise
        raise UserError(
            f"another worker no longer answers ({error.message.splitlines()[0][:200]}); the same "
            "command on all of them goes on from the last checkpoint"
        ) from error


def _texts(text: str) -> list[str]:
    """The text of each replica of each worker."""
    if _joined is None:
        return [text]
    letters = np.zeros([LETTERS], np.int32)
    given = np.frombuffer(text.encode()[:LETTERS], np.uint8)
    letters[: len(given)] = given
    rows = _gathered(letters)
    return [bytes(row[row > 0].astype(np.uint8)).decode(errors="replace") for row in rows]


def _gathered(values: np.ndarray) -> np.ndarray:
    """The int32 values [n] of every replica, [replicas, n]."""
    return _gather(tf.constant(values)).numpy()


@functools.cache
def _gathering() -> Any:
    over = strategy()
    assert over is not None

    @tf.function(reduce_retracing=True)
    def run(values: tf.Tensor) -> tf.Tensor:
        def one() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            return context.all_gather(values[None], axis=0)

        return over.experimental_local_results(over.run(one))[0]

    return run


def _gather(values: tf.Tensor) -> tf.Tensor:
    return _gathering()(values)


def _versions() -> dict[str, str]:
    """What all workers must have the same of."""
    import keras

    from vae_gan_tf.version import __version__

    return {
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
            server = stack.enter_context(
                socket.create_server(("", int(port)), reuse_port=hasattr(socket, "SO_REUSEPORT"))
            )
        except OSError as error:
            raise UserError(
                f"{them.name(0)} cannot listen at its port: {error.strerror}"
            ) from error
        server.settimeout(0.5)
        here: dict[int, socket.socket] = {}
        versions = {0: _versions()}
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
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                other.settimeout(5)
                message = json.loads(other.makefile().readline())
                index = int(message["worker"])
                versions[index], here[index] = dict(message["versions"]), other
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
    message = {"worker": them.place, "versions": _versions()}
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
                    answer = json.loads(line)
                    if "said" in answer:
                        print(answer["said"], file=sys.stderr, flush=True)
        except (OSError, ValueError):  # not there yet, or gone again
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
