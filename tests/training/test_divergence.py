import keras
import numpy as np
import pytest

from vae_gan_tf.errors import Diverged
from vae_gan_tf.training.divergence import check_losses, check_weights


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_is_named(value):
    check_losses({"loss": 1e30, "elbo/kl": -0.0}, 7, 4)
    with pytest.raises(Diverged, match=rf"elbo/kl became {value} at step 7.* of step 4"):
        check_losses({"loss": 1.0, "elbo/kl": value}, 7, 4)
    with pytest.raises(Diverged, match=r"stopped \(a smaller learning rate may help\)$"):
        check_losses({"loss": value}, 2, 0)


def test_a_weight_that_is_not_finite_is_named():
    model = keras.Sequential([keras.Input([3]), keras.layers.Dense(2, name="code")], name="net")
    check_weights(model, 7, 4)
    model.layers[0].kernel.assign(np.array([[0, 1], [2, np.inf], [3, 4]]))
    with pytest.raises(Diverged, match=r"net/code/kernel is not finite after step 7.* of step 4"):
        check_weights(model, 7, 4)
