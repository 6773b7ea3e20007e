import numpy as np
import tensorflow as tf

from vae_gan_tf.models.seeds import numbered_seed, split_seed, stateless_seed


def test_a_number_or_a_pair_is_a_seed():
    np.testing.assert_array_equal(stateless_seed(5), [5, 0])
    for pair in ([5, 6], np.array([5, 6]), tf.constant([5, 6])):
        np.testing.assert_array_equal(stateless_seed(pair), [5, 6])


def test_seeds_made_from_one_differ():
    seeds = np.array([split_seed(seed, 3) for seed in (0, 1, tf.constant([0, 1]))]).reshape(9, 2)
    assert len({tuple(seed) for seed in seeds}) == 9
    np.testing.assert_array_equal(split_seed(1, 3), seeds[3:6])


def test_a_numbered_seed_has_the_run_seed_and_the_number():
    for number in (3, tf.constant(3, tf.int64), tf.constant(3.0)):
        np.testing.assert_array_equal(numbered_seed(7, number), [7, 3])
        assert numbered_seed(7, number).dtype == tf.int32
