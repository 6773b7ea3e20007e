from fractions import Fraction

import keras
import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.checks import (
    check_integer,
    check_network,
    check_values,
    check_weight,
    checked_images,
    checked_tensor,
    tensor_of_numbers,
)
from vae_gan_tf.errors import UserError


def test_values_within_bounds_pass():
    check_values("numbers", tf.constant([0.0, 1.0]), 0, 1)
    check_values("numbers", tf.zeros([0]), 0, 1)


@pytest.mark.parametrize("check", [tensor_of_numbers, checked_tensor, checked_images])
@pytest.mark.parametrize(
    ("value", "given"),
    [
        (None, "None"),
        ("word", "a value of type str"),
        ([[1.0], [2.0, 3.0]], "a value of type list"),
        (np.array(["7"]), "a value of type ndarray"),
    ],
)
def test_what_is_no_tensor_of_numbers(check, value, given):
    rest = () if check is tensor_of_numbers else ((1,),)
    with pytest.raises(UserError, match=f"^codes: {given} given, a tensor of numbers expected$"):
        check("codes", value, *rest)


@pytest.mark.parametrize("values", [[-1, 0], [0, 2], [0, np.nan]])
def test_values_out_of_bounds_are_found(values):
    with pytest.raises(UserError, match=r"^numbers must lie in \[0, 1\]; found "):
        check_values("numbers", tf.constant(values, tf.float32), 0, 1)


def test_values_in_a_graph_are_not_looked_at():
    tf.function(lambda: check_values("numbers", tf.constant([5.0]), 0, 1))()


def test_a_tensor_is_float32_and_has_its_shape():
    for value in (np.zeros([2, 3]), [[1, 2, 3]], tf.zeros([4, 3], tf.int32)):
        tensor = checked_tensor("codes", value, (3,))
        assert tensor.dtype == tf.float32
        np.testing.assert_array_equal(tensor, value)
    with pytest.raises(UserError, match=r"^codes: shape \[3\] given, \[batch, 3\] expected$"):
        checked_tensor("codes", np.zeros(3), (3,))


def test_images_of_8_bits_are_divided_by_255():
    numbers = np.arange(256, dtype=np.uint8).reshape(2, 8, 16, 1)
    for given in (numbers, tf.constant(numbers)):
        found = checked_images("images", given, (8, 16, 1))
        np.testing.assert_array_equal(found, numbers / np.float32(255))
    with pytest.raises(UserError, match=r"values of images must lie in \[0, 1\]; found 0.0 to 2"):
        checked_images("images", numbers.astype(np.int32), (8, 16, 1))


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def functional(outputs):
    x = keras.Input([2])
    return keras.Model(x, [keras.layers.Dense(1)(x) for _ in range(outputs)])


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Subclassed(), "^the encoder: Subclassed given, a functional keras.Model expected"),
        (keras.Sequential([keras.layers.Dense(2)]), "^the encoder: Sequential given, a functional"),
        (functional(3), "^the encoder: 3 outputs given, 1 or 2 expected$"),
    ],
)
def test_a_network_whose_ends_do_not_fit(network, message):
    with pytest.raises(UserError, match=message):
        check_network("the encoder", network, (1, 2))


NOT_POSITIVE = (-1.0, float("nan"), float("inf"), True, None, "2", 0, 1e39, 10**400, Fraction(1, 2))


def test_a_network_that_fits():
    check_network("the encoder", functional(2), (1, 2))
    check_network("the head", keras.Sequential([keras.Input([2]), keras.layers.Dense(1)]), (1,))


@pytest.mark.parametrize("value", NOT_POSITIVE)
def test_what_is_no_positive_weight(value):
    with pytest.raises(
        UserError, match=r"^gamma must be a number above 0 and finite in flo.*, not "
    ):
        check_weight("gamma", value, positive=True)


@pytest.mark.parametrize("value", [0, 0.0, 2, np.float32(0.5), np.int64(3)])
def test_weights(value):
    check_weight("gamma", value)


@pytest.mark.parametrize("value", [0, True, 1.0, "2", None])
def test_what_is_no_integer_of_at_least_one(value):
    with pytest.raises(UserError, match=r"^shift=.* given, an integer of at least 1 expected$"):
        check_integer("shift", value, least=1)


@pytest.mark.parametrize("value", [1, np.int8(3)])
def test_integers(value):
    check_integer("shift", value, least=1)
    check_integer("seed", -value)
