from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.models.nest import Nest


@dataclass(frozen=True)
class Two(Nest):
    one: tf.Tensor
    other: tf.Tensor


@dataclass(frozen=True)
class Three(Two):
    third: tf.Tensor


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "jit"])
def test_a_compiled_function_takes_and_returns_it(jit_compile):
    @tf.function(jit_compile=jit_compile)
    def doubled(given):
        return Three(given.one * 2, given.other * 2, given.third * 2)

    found = doubled(Three(tf.constant([1.0]), tf.constant([2.0, 3.0]), tf.constant(4.0)))
    assert type(found) is Three and isinstance(found, Two)
    for value, expected in zip(found, ([2], [4, 6], 8), strict=True):
        np.testing.assert_array_equal(value, expected)


def test_it_is_a_nest_of_its_fields():
    found = tf.nest.map_structure(lambda value: value + 1, {"in a dict": Three(1, 2, 3)})
    assert found == {"in a dict": Three(2, 3, 4)}


def test_it_is_unpacked_and_indexed():
    one, other = two = Two(5, 6)
    assert (one, other) == (two[0], two[-1]) == (5, 6)
    assert len(two) == 2
