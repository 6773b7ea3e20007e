"""Small models of every kind, on images of 8 x 8 with three classes, and data for them."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

import vae_gan_tf
from vae_gan_tf import ImageCondition, LabelCondition, Objective, networks
from vae_gan_tf.likelihoods import Likelihood

SHAPE, HALF, CLASSES = (8, 8, 1), (8, 4, 1), 3
SIXTEENTH = {"widen": 1 / 16}
"""A sixteenth of the filters."""

LATENT, UNITS, STEPS = 4, 16, 2


def small_networks(
    condition_size: int = 0, parameters: int = 1, dtype: str = "float32"
) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder of section 4.3 with a sixteenth of the filters."""
    size = {"condition_size": condition_size, "latent_size": LATENT, "dtype": dtype, **SIXTEENTH}
    return (
        networks.convolutional_encoder(SHAPE, **size),
        networks.convolutional_decoder(SHAPE, **size, parameters=parameters),
    )


def small_discriminator(
    logits: int, shape: tuple[int, int, int] = SHAPE, dtype: str = "float32"
) -> keras.Model:
    return networks.discriminator(shape, logits, dtype=dtype, **SIXTEENTH)


def semi_supervised_networks(
    parameters: int = 1, dtype: str = "float32", convolutions: bool = False
) -> tuple[keras.Model, keras.Model, keras.Model]:
    """Trunk, head and decoder of section 4.5, or those of SVHN with a sixteenth of the filters."""
    size = {"latent_size": LATENT, "dtype": dtype}
    if convolutions:
        return (
            networks.convolutional_trunk(SHAPE, CLASSES, **size, **SIXTEENTH),
            networks.mean_head(CLASSES, units=64, **size),
            networks.upsampling_decoder(SHAPE, CLASSES, parameters=parameters, **size, **SIXTEENTH),
        )
    size["units"] = UNITS
    return (
        networks.fully_connected_trunk(SHAPE, CLASSES, **size),
        networks.mean_head(CLASSES, activation="softplus", **size),
        networks.fully_connected_decoder(SHAPE, CLASSES, parameters=parameters, **size),
    )


def _parameters(likelihood: Likelihood | None) -> int:
    return 1 if likelihood is None else likelihood.parameters


# Each model takes the arguments of its class by name, and the precision ``dtype`` of its networks.
# An adversarial model hands on to its generator what is an argument of a `VAE`.


def vae(likelihood=None, dtype="float32", **kwargs):
    parts = small_networks(0, _parameters(likelihood), dtype)
    return vae_gan_tf.VAE(*parts, likelihood=likelihood, **kwargs)


def cvae(condition=None, likelihood=None, dtype="float32", **kwargs):
    condition = condition or LabelCondition(CLASSES)
    parts = small_networks(condition.size, _parameters(likelihood), dtype)
    return vae_gan_tf.CVAE(*parts, condition, likelihood=likelihood, **kwargs)


def completing(**kwargs):
    return cvae(ImageCondition(HALF), **kwargs)


def semi_supervised(objective=None, likelihood=None, dtype="float32", convolutions=False, **kwargs):
    return vae_gan_tf.SemiSupervisedVAE(
        *semi_supervised_networks(_parameters(likelihood), dtype, convolutions),
        LabelCondition(CLASSES),
        objective or Objective.per_image(10, 40),
        likelihood=likelihood,
        **kwargs,
    )


def _step_networks(condition_size: int, parameters: int, dtype: str):
    size = {
        "condition_size": condition_size,
        "latent_size": LATENT - 1,
        "units": UNITS // 2,
        "dtype": dtype,
    }
    return (
        networks.draw_encoder(SHAPE, **size),
        networks.draw_decoder(SHAPE, **size, parameters=parameters),
    )


def draw(likelihood=None, dtype="float32", **kwargs):
    parts = _step_networks(0, _parameters(likelihood), dtype)
    return vae_gan_tf.DRAW(*parts, likelihood=likelihood, **{"steps": STEPS} | kwargs)


def cdraw(likelihood=None, dtype="float32", **kwargs):
    parts = _step_networks(CLASSES, _parameters(likelihood), dtype)
    return vae_gan_tf.CDRAW(
        *parts, LabelCondition(CLASSES), likelihood=likelihood, **{"steps": STEPS} | kwargs
    )


def _adversarial(kind, generator, logits, dtype="float32", **kwargs):
    """An adversarial model of a kind, with a generator made by a function."""
    names = ("seed", "kl_weight", "objective", "consistency", "likelihood")
    of_generator = {name: kwargs.pop(name) for name in names if name in kwargs}
    discriminator = small_discriminator(logits, dtype=dtype)
    return kind(generator(dtype=dtype, **of_generator), discriminator, **kwargs)


def vae_gan(**kwargs):
    return _adversarial(vae_gan_tf.VAEGAN, vae, 1, **kwargs)


def cvae_gan(**kwargs):
    return _adversarial(vae_gan_tf.CVAEGAN, cvae, CLASSES + 1, **kwargs)


def semi_supervised_gan(**kwargs):
    return _adversarial(vae_gan_tf.SemiSupervisedVAEGAN, semi_supervised, CLASSES + 1, **kwargs)


def judging_gan(**kwargs):
    def without_discriminator(generator, _, **kwargs):
        return vae_gan_tf.JudgingVAEGAN(generator, **kwargs)

    more = {"consistency": vae_gan_tf.Consistency(2.0, 1)}
    return _adversarial(without_discriminator, semi_supervised, CLASSES + 1, **(more | kwargs))


def draw_gan(**kwargs):
    pixels = {"reconstruction": vae_gan_tf.SquaredError()}
    return _adversarial(vae_gan_tf.VAEGAN, draw, 1, **(pixels | kwargs))


def classifying_gan(**kwargs):
    more = {"reconstruction": vae_gan_tf.SquaredError(), "information": 0.5}
    return _adversarial(vae_gan_tf.ClassifyingVAEGAN, draw, CLASSES + 1, **(more | kwargs))


def cdraw_gan(**kwargs):
    more = {"reconstruction": vae_gan_tf.SquaredError(), "label_weight": 0.5}
    return _adversarial(vae_gan_tf.CVAEGAN, cdraw, CLASSES + 1, **(more | kwargs))


KINDS: dict[str, Callable[..., keras.Model]] = {
    "VAE": vae,
    "CVAE of labels": cvae,
    "CVAE of images": completing,
    "M2": semi_supervised,
    "DRAW": draw,
    "conditional DRAW": cdraw,
    "VAE-GAN": vae_gan,
    "CVAE-GAN": cvae_gan,
    "M2 with GAN": semi_supervised_gan,
    "M2 whose classifier is the discriminator": judging_gan,
    "DRAW-GAN": draw_gan,
    "conditional DRAW-GAN": cdraw_gan,
    "DRAW-GAN of classes": classifying_gan,
}
"""The kinds of model, each made by a function."""

ADVERSARIAL = tuple(kind for kind in KINDS if "GAN" in kind or "discriminator" in kind)
SEMI_SUPERVISED = ("M2", "M2 with GAN", "M2 whose classifier is the discriminator")
WITHOUT_Y = ("VAE", "VAE-GAN", "DRAW", "DRAW-GAN", "DRAW-GAN of classes")
TRAINED_BY_LABELS = ("DRAW-GAN of classes",)
"""Those without side information whose discriminator takes the labels of the training images."""


def images(count: int = 50, seed: int = 0) -> np.ndarray:
    """Grey images [count, 8, 8, 1]."""
    return np.random.default_rng(seed).random([count, *SHAPE], np.float32)


def labels(count: int = 50, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, 1)).integers(0, CLASSES, count).astype(np.int32)


def side_information(kind: str, count: int = 50, seed: int = 0) -> np.ndarray | None:
    """What a model of this kind is given beside images: nothing, their left halves, labels."""
    if kind in WITHOUT_Y:
        return None
    if kind == "CVAE of images":
        return images(count, seed)[:, :, : HALF[1]]
    return labels(count, seed)


def arrays(kind: str, count: int = 50, seed: int = 0):
    """What ``fit`` takes for this kind: x and y."""
    x, y = images(count, seed), side_information(kind, count, seed)
    if kind in TRAINED_BY_LABELS:
        y = labels(count, seed)
    return ((x, y), images(count, seed + 1)) if kind in SEMI_SUPERVISED else (x, y)


def dataset(kind: str, count: int = 50, batch: int = 10, seed: int = 0) -> tf.data.Dataset:
    """A tf.data set of training batches for this kind."""
    x, y = arrays(kind, count, seed)
    return tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(batch)


def validation(kind: str, count: int = 50, batch: int = 10, seed: int = 0) -> tf.data.Dataset:
    """A tf.data set of batches to evaluate a model of this kind on."""
    x, y = images(count, seed), side_information(kind, count, seed)
    return tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(batch)


class Batches(keras.utils.PyDataset):
    """Batches of arrays, as Keras reads them by number."""

    def __init__(self, arrays):
        super().__init__()
        self.arrays = arrays

    def __len__(self):
        return 2

    def __getitem__(self, number):
        x, y = self.arrays
        batch = tf.nest.map_structure(lambda array: array[10 * number :][:10], x)
        return (batch,) if y is None else (batch, y[10 * number :][:10])


def generated(arrays):
    """Batches of arrays from a Python generator."""
    batches = Batches(arrays)
    return (batches[number] for number in range(2))
