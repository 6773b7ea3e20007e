"""Small models of every kind, on images of 8 x 8 with three classes, and data for them."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

import vae_gan_tf
from vae_gan_tf import ImageCondition, LabelCondition, Objective, networks

SHAPE, HALF, CLASSES = (8, 8, 1), (8, 4, 1), 3


def small_networks(condition_size: int = 0) -> tuple[keras.Model, keras.Model]:
    """Encoder and decoder of section 4.3 with a sixteenth of the filters."""
    size = {"condition_size": condition_size, "latent_size": 4}
    return (
        networks.convolutional_encoder(SHAPE, **size, widen=1 / 16),
        networks.convolutional_decoder(SHAPE, **size, widen=1 / 16),
    )


def small_discriminator(logits: int) -> keras.Model:
    return networks.discriminator(SHAPE, logits, widen=1 / 16)


def vae(**kwargs):
    return vae_gan_tf.VAE(*small_networks(), **kwargs)


def cvae(**kwargs):
    return vae_gan_tf.CVAE(*small_networks(CLASSES), LabelCondition(CLASSES), **kwargs)


def completing(**kwargs):
    return vae_gan_tf.CVAE(*small_networks(8 * 4), ImageCondition(HALF), **kwargs)


def semi_supervised(**kwargs):
    return vae_gan_tf.SemiSupervisedVAE(
        networks.fully_connected_trunk(SHAPE, CLASSES, 4, units=16),
        networks.mean_head(CLASSES, 4, units=16, activation="softplus"),
        networks.fully_connected_decoder(SHAPE, CLASSES, 4, units=16),
        LabelCondition(CLASSES),
        Objective.per_image(10, 40),
        **kwargs,
    )


def _step_networks(condition_size: int = 0) -> tuple[keras.Model, keras.Model]:
    size = {"condition_size": condition_size, "latent_size": 3, "units": 8}
    return networks.draw_encoder(SHAPE, **size), networks.draw_decoder(SHAPE, **size)


def draw(**kwargs):
    return vae_gan_tf.DRAW(*_step_networks(), steps=3, **kwargs)


def cdraw(**kwargs):
    return vae_gan_tf.CDRAW(*_step_networks(CLASSES), LabelCondition(CLASSES), steps=3, **kwargs)


def vae_gan(**kwargs):
    return vae_gan_tf.VAEGAN(vae(), small_discriminator(1), **kwargs)


def cvae_gan(**kwargs):
    return vae_gan_tf.CVAEGAN(cvae(), small_discriminator(CLASSES + 1), **kwargs)


def semi_supervised_gan(**kwargs):
    return vae_gan_tf.SemiSupervisedVAEGAN(
        semi_supervised(), small_discriminator(CLASSES + 1), **kwargs
    )


def judging_gan(**kwargs):
    return vae_gan_tf.JudgingVAEGAN(semi_supervised(), **kwargs)


def draw_gan(**kwargs):
    pixels = {"reconstruction": vae_gan_tf.SquaredError()}
    return vae_gan_tf.VAEGAN(draw(), small_discriminator(1), **(pixels | kwargs))


def cdraw_gan(**kwargs):
    pixels = {"reconstruction": vae_gan_tf.SquaredError()}
    return vae_gan_tf.CVAEGAN(cdraw(), small_discriminator(CLASSES + 1), **(pixels | kwargs))


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
}
"""The twelve kinds of model, each made by a function."""

SEMI_SUPERVISED = ("M2", "M2 with GAN", "M2 whose classifier is the discriminator")
WITHOUT_Y = ("VAE", "VAE-GAN", "DRAW", "DRAW-GAN")


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
    return ((x, y), images(count, seed + 1)) if kind in SEMI_SUPERVISED else (x, y)


def dataset(kind: str, count: int = 50, batch: int = 10, seed: int = 0) -> tf.data.Dataset:
    """A tf.data set of training batches for this kind."""
    x, y = arrays(kind, count, seed)
    return tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(batch)


def validation(kind: str, count: int = 50, batch: int = 10, seed: int = 0) -> tf.data.Dataset:
    """A tf.data set of batches to evaluate a model of this kind on."""
    x, y = images(count, seed), side_information(kind, count, seed)
    return tf.data.Dataset.from_tensor_slices(x if y is None else (x, y)).batch(batch)
