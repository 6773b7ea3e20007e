"""What the tests of several models share."""

import keras
import numpy as np
from keras import layers
from scipy import special

from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE


def gradient(function, weights):
    """Of a function of a list of arrays, by central differences."""
    found = []
    for weight in weights:
        found.append(np.zeros_like(weight))
        for place in np.ndindex(weight.shape):
            kept, values = weight[place], []
            for step in (1e-5, -1e-5):
                weight[place] = kept + step
                values.append(function(weights))
            weight[place] = kept
            found[-1][place] = (values[0] - values[1]) / 2e-5
    return found


def assert_same(one, other, rtol=0.0, atol=0.0):
    """Lists of arrays, one by one."""
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def numpy_weights(network):
    """The trainable variables in float64."""
    return [variable.numpy().astype(np.float64) for variable in network.trainable_variables]


def a_copy(network):
    """A network of its own, with the same weights."""
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    return copy


def check_draws(build, data, codes):
    """A step's codes derive from the run seed and the number of the step, and from nothing else.

    ``build(seed)`` gives a model whose decoder's codes are added to the list ``codes``; returns
    those of a step.
    """

    def draws(steps, seed=0, first=0):
        model = build(seed)
        model.compile(keras.optimizers.SGD(0.0))
        model.optimizer.iterations.assign(first)
        for _ in range(steps):
            model.train_step(data)
        found = codes[:]
        codes.clear()
        return found

    unbroken = draws(3)
    assert_same(unbroken, draws(3))
    assert_same(unbroken[2:], draws(1, first=2))
    different = [*unbroken, *draws(2, seed=1)]
    for number, one in enumerate(different):
        for other in different[:number]:
            assert np.abs(one - other).min() > 0
    return unbroken[0]


def linear_discriminator(logits):
    """For images of 2 x 2: three features, each a tanh, so that NumPy can follow."""
    image = keras.Input([2, 2, 1])
    features = layers.Dense(3, activation="tanh")(layers.Flatten()(image))
    model = keras.Model(image, [features, layers.Dense(logits)(features)])
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    return model


def linear_semi_supervised(objective, **kwargs):
    """Images of 2 x 2, three classes and no batch normalisation, so that NumPy can follow."""
    image, product, code = keras.Input([2, 2, 1]), keras.Input([3]), keras.Input([2])
    y, label = keras.Input([3]), keras.Input([3])
    flat = layers.Flatten()(image)
    product_of_x = layers.Dense(3, use_bias=False)(flat)
    logits = layers.Dense(3, name="logits")(flat)
    trunk = keras.Model(image, [product_of_x, layers.Dense(2)(flat), logits])
    hidden = layers.Activation("tanh")(layers.Add()([product, layers.Dense(3)(y)]))
    head = keras.Model([product, y], layers.Dense(2)(hidden))
    logits = layers.Dense(4)(layers.Concatenate()([code, label]))
    decoder = keras.Model([code, label], layers.Reshape([2, 2, 1])(logits))
    model = SemiSupervisedVAE(trunk, head, decoder, LabelCondition(3), objective, **kwargs)
    rng = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.7, size=variable.shape))
    return model


def follow(weights, x, y):
    """Section 2.3 for one image and one label in float64, of a linear model.

    Gives q(y | x) for all labels, and mean and standard deviation of q(z | x, y).
    """
    product, variance, variance_bias, logits, logits_bias, of_y, bias, mean, mean_bias, *_ = weights
    x = x.reshape(-1)
    hidden = np.tanh(x @ product + of_y[y] + bias)
    return (
        special.softmax(x @ logits + logits_bias),
        hidden @ mean + mean_bias,
        np.exp(0.5 * (x @ variance + variance_bias)),
    )


def norms(gradients, **networks):
    """The logs of the norms of gradients, by how many of the variables, in order, a network has."""
    found, start = {}, 0
    for name, count in networks.items():
        own = gradients[start : start + count]
        found[f"gradients/{name}"] = np.sqrt(sum(np.sum(np.square(each)) for each in own))
        start += count
    return found


def counts(model):
    """How many variables encoder and decoder of a model have."""
    return {name: len(getattr(model, name).trainable_variables) for name in ("encoder", "decoder")}
