"""Training in 16 bits, by a loss scale around an optimizer and by policies of Keras."""

import keras
import numpy as np
import pytest
from support import models

from vae_gan_tf import networks
from vae_gan_tf.models.adversarial import generator

pytestmark = pytest.mark.every_kind


POLICIES = ("mixed_bfloat16", "mixed_float16")


@pytest.fixture
def policy(request):
    """Makes the policy of the test the global one."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def moves(kind, *optimizers, steps=1, **kwargs):
    """How far each trainable weight moves in some steps."""
    keras.utils.set_random_seed(0)
    model = models.KINDS[kind]()
    model.compile(*optimizers, run_eagerly=True, **kwargs)
    before = [weight.numpy() for weight in model.trainable_variables]
    model.fit(models.dataset(kind, 8 * steps, batch=8), verbose=0)
    return [
        weight.numpy() - old for weight, old in zip(model.trainable_variables, before, strict=True)
    ]


def scaled(rate):
    return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(rate), initial_scale=2.0**10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "given"),
    [*((kind, 1) for kind in models.KINDS), ("CVAE-GAN", 2)],
)
def test_a_scaled_loss_moves_the_weights_as_far(kind, given):
    """By one optimizer, of which a GAN makes two, or by two."""
    plain = moves(kind, *[keras.optimizers.SGD(0.01) for _ in range(given)])
    found = moves(kind, *[scaled(0.01) for _ in range(given)])
    for one, other in zip(plain, found, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-6)


def length(changes):
    return np.sqrt(sum(np.sum(np.square(each)) for each in changes))


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
@pytest.mark.parametrize("kind", ["VAE", "M2", "CVAE-GAN"])
def test_the_scale_that_keras_puts_around_an_optimizer(kind, policy):
    """Keras leaves out steps until it fits, so the weights move somewhat less."""
    unscaled, found = (
        length(moves(kind, keras.optimizers.SGD(0.01), steps=4, auto_scale_loss=scale))
        for scale in (False, True)
    )
    assert unscaled / 10 < found < 2 * unscaled


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES, indirect=True)
@pytest.mark.parametrize("kind", models.KINDS)
def test_a_kind_under_a_global_policy(kind, policy):
    """Built without a dtype, it computes by the policy, samples and is trained."""
    model = models.KINDS[kind]()
    layers = generator(model).decoder.layers
    assert policy.removeprefix("mixed_") in {layer.compute_dtype for layer in layers}
    asked = 4 if kind in models.WITHOUT_Y else models.side_information(kind, 4)
    images = model.sample(asked)
    assert images.dtype == "float32" and np.all(np.isfinite(images))
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    history = model.fit(models.dataset(kind, 8, batch=8), verbose=0).history
    assert np.all(np.isfinite([*history.values()]))


@pytest.mark.parametrize("policy", POLICIES, indirect=True)
def test_a_discriminator_with_glimpses_under_a_global_policy(policy):
    network = networks.discriminator((16, 16, 1), 1, glimpses=1)
    _, logits = network(np.zeros([2, 16, 16, 1], np.float32))
    assert logits.shape == (2, 1)
