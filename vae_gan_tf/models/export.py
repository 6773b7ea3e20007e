"""SavedModel export, for programs that have TensorFlow and not this package."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from vae_gan_tf import files
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.vae import VAE


def export(model: VAE | VAEGAN, folder: str | Path) -> None:
    """Writes a SavedModel with the endpoints sample, encode, decode, reconstruct and others.

    With ``served = tf.saved_model.load(folder)``, images x float32 [batch, height, width,
    channels] in [0, 1], codes z float32 [batch, latent_size], of DRAW [batch, T, latent_size], side
    information y (labels [batch], int32 or int64, float32 images, or what the condition specifies)
    and a seed int32 [2]:

    - ``served.sample(y, seed)``, without side information ``served.sample(count, seed)``: images;
    - ``served.encode(x, y)``: a dict of the "mean" and "stddev" of q(z | x, y), each of the shape
      of z;
    - ``served.decode(z, y)``: images, the mean of p(x | z, y);
    - ``served.reconstruct(x, y)``: images;
    - ``served.classify(x)`` of a semi-supervised model: the probabilities q(y | x), [batch, k];
    - ``served.discriminate(x)`` of an adversarial model: the probabilities D(x).

    A model without side information takes no y. Values are not checked. A SavedModel that is there
    already is replaced when the new one is written to its end.

    Raises:
        UserError: the folder cannot be written.
    """
    archive = keras.export.ExportArchive()
    archive.track(model)
    for name, endpoint in model.endpoints().items():
        archive.add_endpoint(name, _traced(*endpoint))
    with files.whole(Path(folder)) as path:
        archive.write_out(str(path), verbose=False)


def _traced(function: Callable[..., Any], specs: list[tf.TensorSpec]) -> Callable[..., Any]:
    """The function, traced for what is specified, and for integers of 64 bits in place of 32."""

    def call(*given: tf.Tensor) -> Any:
        if [each.dtype for each in given] == [spec.dtype for spec in specs]:
            return function(*given)
        return endpoint(
            *(tf.cast(each, spec.dtype) for each, spec in zip(given, specs, strict=True))
        )

    endpoint = tf.function(call, autograph=False)
    endpoint.get_concrete_function(*specs)
    wide = [_wide(spec) for spec in specs]
    if wide != specs:
        endpoint.get_concrete_function(*wide)
    return endpoint


def _wide(spec: tf.TensorSpec) -> tf.TensorSpec:
    """The specification of labels or a number in 64 bits, if it was in 32; a seed has 32."""
    if spec.dtype != tf.int32 or spec.name == "seed":
        return spec
    return tf.TensorSpec(spec.shape, tf.int64, spec.name)
