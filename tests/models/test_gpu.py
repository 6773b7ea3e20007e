"""Every operation of a step has a kernel for GPUs, where TensorFlow was built with them."""

import keras
import pytest
import tensorflow as tf
from support import models
from tensorflow.python.framework import kernels

pytestmark = [pytest.mark.slow, pytest.mark.every_kind]


def operations(function):
    """The types of all operations in a traced function and in those that it calls."""
    definition = function.graph.as_graph_def()
    nodes = [*definition.node]
    for inner in definition.library.function:
        nodes += inner.node_def
    called = {inner.signature.name for inner in definition.library.function}
    return {node.op for node in nodes} - called


def on_gpu(operation):
    registered = kernels.get_registered_kernels_for_op(operation).kernel
    return any(kernel.device_type in ("GPU", "DEFAULT") for kernel in registered)


@pytest.mark.skipif(not on_gpu("Conv2D"), reason="this build of TensorFlow has no kernels for GPUs")
@pytest.mark.parametrize("kind", models.KINDS)
def test_a_gpu_has_every_operation_of_a_training_step(kind):
    model = models.KINDS[kind]()
    model.compile(keras.optimizers.Adam(1e-3))
    for optimizer in ("optimizer", "discriminator_optimizer"):
        if hasattr(model, optimizer) and not getattr(model, optimizer).built:
            getattr(model, optimizer).build(model.trainable_variables)
    batch = tf.nest.map_structure(tf.constant, models.arrays(kind, 4))
    batch = batch if batch[1] is not None else batch[:1]
    traced = tf.function(model.train_step).get_concrete_function(batch)
    assert not [operation for operation in operations(traced) if not on_gpu(operation)]
