"""Where a step is one of several replicas, each on a device of its own with a part of the batch.

Under a strategy of ``tf.distribute`` a replica has the losses, the noise and the statistics of its
own images. Keras sums the gradients of the replicas. What is here makes of this a step on the whole
batch: everything weighs by images, and a replica without any, as a last batch may leave it, adds
nothing. On one device each function gives what it was given.
"""

import contextlib
import contextvars
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

_filled: contextvars.ContextVar[tf.Tensor | None] = contextvars.ContextVar("filled", default=None)
"""Whether this replica has an image of its own, 1 or 0, while its step is made."""


def count() -> int:
    """The number of replicas of which this step is one; 1 on a single device."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def images(data: Any) -> tf.Tensor:
    """The number of images in what Keras passes to a step as data."""
    return tf.shape(keras.tree.flatten(data)[0])[0]


@contextlib.contextmanager
def filled(data: Any) -> Iterator[tuple[Any, tf.Tensor]]:
    """The data of a step, and how many images they have.

    A replica without images has one of zeros, on which its step is made and which counts for
    nothing: TensorFlow's convolutions and batch normalisation fail without any.

    Args:
        data: what Keras passes to a step.
    """
    number = images(data)
    if count() == 1:
        yield data, number
        return

    def fill(values: tf.Tensor | None) -> tf.Tensor | None:
        if values is None:  # weights of images, which Keras passes in any case
            return None
        values = tf.convert_to_tensor(values)
        lacking = tf.maximum(1 - tf.shape(values)[0], 0)
        zeros = tf.zeros(tf.concat([[lacking], tf.shape(values)[1:]], 0), values.dtype)
        return tf.ensure_shape(tf.concat([values, zeros], 0), [None, *values.shape[1:]])

    token = _filled.set(tf.minimum(number, 1))
    try:
        yield keras.tree.map_structure(fill, data), number
    finally:
        _filled.reset(token)


def share(number: tf.Tensor) -> tf.Tensor:
    """The share of the replica's images in those of all, between 0 and 1."""
    number, own = tf.cast(number, tf.float32), _filled.get()
    if own is not None:
        number *= tf.cast(own, tf.float32)
    return number / _all_reduced([number])[0]


def own_seed(seed: tf.Tensor) -> tf.Tensor:
    """The seed of this replica: of the first, and on a single device, the seed as it is."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return seed
    replica = tf.cast(context.replica_id_in_sync_group, seed.dtype)
    own = tf.random.experimental.stateless_fold_in(seed, replica)
    return tf.where(replica == 0, seed, own)


def mean(values: Sequence[tf.Tensor], number: tf.Tensor) -> list[tf.Tensor]:
    """Means over the images of all replicas, of values that are means over those of each.

    Args:
        values: float tensors.
        number: of the replica's images.
    """
    if count() == 1:
        return list(values)
    return _all_reduced(_weighted(values, number))


def logs(values: dict[str, tf.Tensor], number: tf.Tensor) -> dict[str, tf.Tensor]:
    """The `mean` of each log, by name."""
    return dict(zip(values, mean(list(values.values()), number), strict=True))


def gradients(
    values: Sequence[tf.Tensor | None], number: tf.Tensor, optimizer: keras.optimizers.Optimizer
) -> list[tf.Tensor | None]:
    """Gradients of which an optimizer makes the step of the whole batch, when Keras sums them.

    Args:
        values: of the replica's loss, None where a variable has none.
        number: of the replica's images.
        optimizer: that is to apply them. If it shortens gradients, it must see those of the whole
            batch; then they are shortened here, and what it sees is no longer than its limit. So
            must one that scales the loss: it looks whether they are finite.
    """
    replicas = count()
    if replicas == 1:
        return list(values)
    found = [each for each in values if each is not None]
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    clips = inner.clipnorm or inner.global_clipnorm or inner.clipvalue
    if clips or inner is not optimizer:
        scale = optimizer.scale_loss(1.0)
        whole = [each / scale for each in mean(found, number)]
        found = [each * scale / replicas for each in inner._clip_gradients(whole)]
    else:
        found = _weighted(found, number)
    rest = iter(found)
    return [None if each is None else next(rest) for each in values]


def _weighted(values: Sequence[tf.Tensor], number: tf.Tensor) -> list[tf.Tensor]:
    """The values times the share of the replica's images, 0 where it has none."""
    part = share(number)
    return [tf.math.multiply_no_nan(each, tf.cast(part, each.dtype)) for each in values]


def _all_reduced(values: list[tf.Tensor]) -> list[tf.Tensor]:
    """The sums over all replicas."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return values
    return context.all_reduce(tf.distribute.ReduceOp.SUM, values)
