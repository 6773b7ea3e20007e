import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf.models.descent import descend


def test_a_step_goes_down_the_gradient():
    place = keras.Variable([3.0, -1.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(place.value**2)
    optimizer = keras.optimizers.SGD(0.25)
    descend(optimizer, tape, loss, [place])
    np.testing.assert_allclose(place, [1.5, -0.5])
    assert int(optimizer.iterations) == 1
