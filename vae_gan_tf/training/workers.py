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
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from vae_gan_tf import files
from vae_gan_tf.errors import UserError
from vae_gan_tf.training.meeting import Cluster, cluster, meet

GONE = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.FailedPreconditionError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)
"""What TensorFlow raises where another worker has gone."""

MEETING_SECONDS = 90.0
"""How long TensorFlow's servers may take to meet, once all workers are there."""

WATCH = """
import os, select, signal, sys
pid, seconds, sentence = sys.argv[1:]
try:
    met = select.select([sys.stdin], [], [], float(seconds))[0]
except KeyboardInterrupt:
    met, sentence = [], "Stopped."
if not met:
    print(sentence, file=sys.stderr, flush=True)
    os.kill(int(pid), signal.SIGKILL)
"""
"""The program that ends another one after some seconds, or at Ctrl-C; not if that ended before."""

LETTERS = 10_000
"""Bytes of the longest text that workers compare."""

_joined: tf.distribute.Strategy | None = None
_cluster: Cluster | None = None


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
    meet(them, minutes)
    with _limited(them):
        _cluster, _joined = them, tf.distribute.MultiWorkerMirroredStrategy()
    if signal.getsignal(signal.SIGTERM) is not None:  # TensorFlow has taken it for itself
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))
    if them.place:
        print(f"{them.name(them.place)}: {them.name(0)} prints and writes for all", flush=True)
        files.write_nothing()
        sys.stdout = open(os.devnull, "w")


@contextlib.contextmanager
def _limited(them: Cluster) -> Iterator[None]:
    """Ends the program where TensorFlow's servers do not meet.

    They would wait for ever while no other thread of Python runs and no signal is heard, so another
    process watches this one.
    """
    sentence = (
        f"{them.name(them.place)}: another worker went away, or its port is taken; the same "
        "command on all of them begins again"
    )
    its = (sys.executable, "-c", WATCH, str(os.getpid()), str(MEETING_SECONDS), sentence)
    with subprocess.Popen(its, stdin=subprocess.PIPE) as watching:
        try:
            yield
        except tf.errors.OpError as error:
            raise UserError(
                f"{them.name(them.place)} cannot begin: {reason(error)}; is its port taken?"
            ) from error
        finally:
            watching.kill()


def leave_it_to_the_leader() -> None:
    """Ends the program with code 0 on all workers but the leader: one is enough for what follows.

    Raises:
        UserError: ``TF_CONFIG`` is wrong.
    """
    them = cluster()
    if them and them.place:
        print(f"{them.name(them.place)}: {them.name(0)} does this alone")
        sys.exit(0)


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


def compare(what: str, values: Mapping[str, Any]) -> None:
    """Compares values by name, such as the settings of a run, with those of the other workers.

    Raises:
        UserError: on each of them, if one has another value.
    """
    texts = _texts(json.dumps({name: str(value) for name, value in values.items()}))
    first, *others = map(json.loads, texts)
    for index, other in enumerate(others, 1):
        for name in first:
            if other.get(name) != first[name]:
                raise UserError(
                    f"{what} of the workers differ: {name} is {first[name]} on worker 0 and "
                    f"{other.get(name)} on worker {index}"
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
    except GONE as error:
        if _joined is None:
            raise
        raise UserError(
            f"another worker no longer answers ({reason(error)}); the same command on all of them "
            "goes on from the last checkpoint, if there is one"
        ) from error


def reason(error: tf.errors.OpError) -> str:
    """What an error of TensorFlow says first, but for where in the graph it was."""
    lines = [it.strip() for it in error.message.splitlines()]
    where = ("Graph execution", "Detected at", "File ")
    found = [it for it in lines if it and not it.startswith(where)]
    said = re.sub(r"\{\{.*?\}\} ?", "", (found or ["no reason given"])[0])
    return textwrap.shorten(said, 200, placeholder=" ...")


def _texts(text: str) -> list[str]:
    """The text of each worker, in their order."""
    if _joined is None or _cluster is None:
        return [text]
    letters = np.zeros([LETTERS], np.int32)
    given = np.frombuffer(text.encode()[:LETTERS], np.uint8)
    letters[: len(given)] = given
    rows = _gathered(letters)
    rows = rows[:: len(rows) // len(_cluster.addresses)]  # of the replicas of a worker the first
    return [bytes(row[row > 0].astype(np.uint8)).decode(errors="replace") for row in rows]


def _gathered(values: np.ndarray) -> np.ndarray:
    """The int32 values [n] of every replica, [replicas, n]."""
    return _gathering(_joined)(tf.constant(values)).numpy()


@functools.cache
def _gathering(over: Any) -> Any:
    """The compiled collective of a strategy."""

    @tf.function(reduce_retracing=True, autograph=False)
    def run(values: tf.Tensor) -> tf.Tensor:
        def on_each() -> tf.Tensor:
            return tf.distribute.get_replica_context().all_gather(values[None], axis=0)

        return over.experimental_local_results(over.run(on_each))[0]

    return run
