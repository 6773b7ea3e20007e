import numpy as np
import pytest
import tensorflow as tf

from vae_gan_tf.checks import check_values, checked_tensor
from vae_gan_tf.errors import UserError


def test_values_within_bounds_pass():
    check_values("numbers", tf.constant([0.0, 1.0]), 0, 1)
    check_values("numbers", tf.zeros([0]), 0, 1)


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
