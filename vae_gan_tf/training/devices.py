"""The devices that a run is spread over: one, or several, by ``tf.distribute``.

Those of one process are under a ``MirroredStrategy``, those of several under the strategy of their
`workers`.
"""

import contextlib
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from vae_gan_tf.errors import UserError
from vae_gan_tf.training import workers
from vae_gan_tf.training.meeting import VARIABLE

Step = Callable[[Any], dict[str, tf.Tensor]]

ALL = "all"
"""Stands for all devices that there are."""

PROCESSORS = Path("/proc/cpuinfo")
"""Where Linux tells what the processors have."""

FASTEST = "fastest"
"""Stands for the precision that the devices are fastest in."""

AMPERE = (8, 0)
"""The compute capability of the first GPUs with operations in bfloat16."""


def present() -> list[str]:
    """The names of the devices to train on: the GPUs, or where there are none the processors."""
    for kind in ("GPU", "CPU"):
        for device in tf.config.list_physical_devices(kind) if kind == "GPU" else []:
            # A program that has computed already keeps the memory policy that it began with.
            with contextlib.suppress(RuntimeError):
                tf.config.experimental.set_memory_growth(device, True)
        names = [device.name for device in tf.config.list_logical_devices(kind)]
        if names:
            return names
    return []


def precision(asked: str) -> str:
    """The Keras dtype policy that is asked for; that of `FASTEST` depends on the devices."""
    if asked != FASTEST:
        return asked
    return "mixed_bfloat16" if have_bfloat16() else "float32"


def have_bfloat16() -> bool:
    """Whether the devices to train on have operations in bfloat16, as far as can be told."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return all(each.get("compute_capability", (0, 0)) >= AMPERE for each in details)
    flags = set(PROCESSORS.read_text().split()) if PROCESSORS.exists() else set()
    return bool(flags & {"avx512_bf16", "amx_bf16"})


def warn_if_slow(policy: str) -> None:
    """Says so where a run computes in bfloat16 and the devices have no operations for it."""
    if policy == "mixed_bfloat16" and not have_bfloat16():
        print(
            "The devices here have no operations in bfloat16 and are slow in it; "
            "--precision=fastest takes float32"
        )


def make_deterministic() -> None:
    """Lets the same operations give the same numbers, bit for bit, from here on.

    Deterministic operations are not enough. TensorFlow's optimizer of graphs makes others of the
    same step in each process. And ``AddN``, which sums the gradients of what is used more than
    twice, begins with the first input that nothing else still needs; where operations run beside
    each other that depends on which ends first. So graphs stay as they are, and operations run one
    after the other, each of them on all cores.

    Raises:
        UserError: TensorFlow has begun to compute in this process.
    """
    try:
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise UserError(
            "--deterministic given in a process where TensorFlow has computed already; give it in "
            "a new one"
        ) from error
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    tf.config.experimental.enable_op_determinism()


def count(asked: str) -> int:
    """The number of devices that "all" or a number asks for.

    Raises:
        UserError: it is no number from 1 on, or there are fewer.
    """
    if (over := workers.strategy()) is not None:
        return _of_workers(asked, over.num_replicas_in_sync)
    if asked == "1":
        return 1
    there = len(present())
    number = there if asked == ALL else int(asked) if asked.isdecimal() else 0
    if not 1 <= number <= there:
        devices = f"{there} device{'s' * (there > 1)}"
        raise UserError(
            f"--devices={asked} given, and TensorFlow has {devices} here: GPUs, or where there are "
            f"none the processor; a number from 1 to {there} expected, or {ALL}"
        )
    return number


def _of_workers(asked: str, number: int) -> int:
    """The number of devices of all workers."""
    if asked not in ("1", ALL, str(number)):
        raise UserError(
            f"--devices={asked} given, and the workers of {VARIABLE} have {number} together"
        )
    return number


@functools.cache  # TensorFlow makes a strategy of several devices once in a process
def strategy(number: int) -> tf.distribute.Strategy:
    """The strategy of so many devices."""
    if (over := workers.strategy()) is not None:
        return over
    if number == 1:
        return tf.distribute.get_strategy()
    if not os.environ.get(VARIABLE):  # an empty one counts as none, but not for TensorFlow
        os.environ.pop(VARIABLE, None)
    return tf.distribute.MirroredStrategy(present()[:number])


def replicas(model: keras.Model) -> int:
    """How many replicas of a model there are, one a device."""
    return model.distribute_strategy.num_replicas_in_sync


def on_all(
    model: keras.Model, step: Step, jit: bool = False
) -> tf.types.experimental.PolymorphicFunction:
    """A model's step, compiled, on all its devices: each has a part of the batch.

    Args:
        model: made under a strategy, or none.
        step: its ``train_step`` or ``test_step``.
        jit: whether XLA compiles it.
    """
    over = model.distribute_strategy
    compiled = tf.function(step, jit_compile=True, autograph=False) if jit else step

    @tf.function(autograph=False)  # as in Keras' fit; converting the step takes long
    def run(batch: Any) -> dict[str, tf.Tensor]:
        logs = over.run(compiled, args=(batch,))  # the same on every replica
        return {name: over.experimental_local_results(each)[0] for name, each in logs.items()}

    return run


def spread(model: keras.Model, batches: tf.data.Dataset) -> Any:
    """Batches whose images are spread over the devices of a model."""
    if replicas(model) == 1:
        return batches
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return model.distribute_strategy.experimental_distribute_dataset(batches.with_options(options))


def validated(model: keras.Model, results: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """What an evaluation gave: of several replicas their metrics together, weighted by images."""
    if replicas(model) == 1:
        return results
    return {metric.name: metric.result() for metric in model.metrics}
