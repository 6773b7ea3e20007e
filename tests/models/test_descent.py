import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.models.descent import batches_seen, descend


def test_a_step_goes_down_the_gradient():
    place = keras.Variable([3.0, -1.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(place.value**2)
    optimizer = keras.optimizers.SGD(0.25)
    descend(optimizer, tape, loss, [place])
    np.testing.assert_allclose(place, [1.5, -0.5])
    assert int(optimizer.iterations) == 1


def test_a_scaled_loss_makes_the_same_step():
    place = keras.Variable([3.0, -1.0])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.25), 2.0**10)
    optimizer.build([place])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(place.value**2)
    descend(optimizer, tape, loss, [place])
    np.testing.assert_allclose(place, [1.5, -0.5])
    assert int(batches_seen(optimizer)) == 1


@pytest.mark.parametrize("scale", [1.0, 2.0**10])
def test_the_norm_of_the_gradient_of_each_network(scale):
    networks = {name: keras.Sequential([keras.Input([2]), keras.layers.Dense(3)]) for name in "ab"}
    variables = [variable for it in networks.values() for variable in it.trainable_variables]
    optimizer = keras.optimizers.SGD(0.0)
    if scale > 1:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, scale)
    optimizer.build(variables)
    x = tf.constant([[1.0, 2.0], [3.0, -1.0]])
    with tf.GradientTape() as tape:  # the gradient of the kernel is x^T 1, that of the biases 2
        loss = tf.reduce_sum(networks["a"](x)) + 2 * tf.reduce_sum(networks["b"](x))
    norms = descend(optimizer, tape, loss, variables, networks=networks)
    norm = np.sqrt(3 * (4**2 + 1**2) + 3 * 2**2)
    expected = {"gradients/a": norm, "gradients/b": 2 * norm}
    assert {name: float(value) for name, value in norms.items()} == pytest.approx(expected)


def test_batches_are_counted_where_gradients_are_accumulated():
    place = keras.Variable([1.0])
    optimizer = keras.optimizers.SGD(0.25, gradient_accumulation_steps=4)
    optimizer.build([place])
    for count in range(6):
        assert int(batches_seen(optimizer)) == count
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(place.value)
        descend(optimizer, tape, loss, [place])
    assert int(optimizer.iterations) == 1
