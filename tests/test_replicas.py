"""On one device; tests/training/test_replicas.py has two."""

import keras
import numpy as np
import tensorflow as tf

from vae_gan_tf import replicas


def test_a_single_device_gets_what_it_gave():
    assert replicas.count() == 1
    seed = tf.constant([3, 4])
    assert replicas.own_seed(seed) is seed
    values = [tf.constant(2.0), tf.constant([np.nan])]
    assert replicas.mean(values, tf.constant(5)) == values
    logs = {"loss": tf.constant(1.0)}
    assert replicas.logs(logs, tf.constant(5)) == logs
    optimizer = keras.optimizers.SGD(0.1, clipnorm=0.1)
    assert replicas.gradients([None, values[0]], tf.constant(5), optimizer) == [None, values[0]]


def test_images_are_counted_in_all_that_keras_passes():
    x, y = np.zeros([4, 2, 2, 1]), np.zeros(4)
    for data in (x, (x,), (x, y), ((x, y),), ((x, y), np.zeros([6, 2, 2, 1])), [tf.constant(x), y]):
        assert int(replicas.images(data)) == 4
