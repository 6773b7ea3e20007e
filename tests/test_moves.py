import numpy as np
import tensorflow as tf

from vae_gan_tf.moves import moved


def test_moves_that_are_stacked_in_a_graph():
    images = np.random.default_rng(0).uniform(0.1, 1, [10, 5, 5, 1]).astype(np.float32)
    down, right = np.arange(10, dtype=np.int32) % 3 - 1, np.arange(10, dtype=np.int32) % 2
    found = tf.function(lambda x, a, b: moved(x, tf.stack([a, b], 1), (1, 1)))(images, down, right)
    expected = moved(images, np.stack([down, right], 1), (1, 1))
    np.testing.assert_array_equal(found, expected)


def test_images_are_moved_each_by_its_own_and_left_black_behind():
    images = np.random.default_rng(0).uniform(0.1, 1, [3, 5, 6, 2]).astype(np.float32)
    found = moved(images, np.int32([[0, 0], [2, -1], [-1, 3]]), (2, 3)).numpy()
    expected = np.zeros_like(images)
    expected[0] = images[0]
    expected[1, 2:, :-1] = images[1, :-2, 1:]
    expected[2, :-1, 3:] = images[2, 1:, :-3]
    np.testing.assert_array_equal(found, expected)
