"""SavedModel export, for programs that have TensorFlow and not this package."""

from pathlib import Path

import keras
import tensorflow as tf

from vae_gan_tf.models.vae import VAE


def export(model: VAE, folder: str | Path) -> None:
    """Writes a SavedModel with the endpoints sample, encode, decode and reconstruct.

    With ``served = tf.saved_model.load(folder)``, images x float32 [batch, height, width,
    channels] in [0, 1], codes z float32 [batch, latent_size], of DRAW [batch, T, latent_size], side
    information y (int32 labels [batch], or float32 images) and a seed int32 [2]:

    - ``served.sample(y, seed)``, without side information ``served.sample(count, seed)``: images;
    - ``served.encode(x, y)``: a dict of the "mean" and "stddev" of q(z | x, y), each of the shape
      of z;
    - ``served.decode(z, y)``: images, the mean of p(x | z, y);
    - ``served.reconstruct(x, y)``: images.

    A model without side information takes no y. Values are not checked.
    """
    image = tf.TensorSpec([None, *model.image_shape], tf.float32, name="x")
    code = tf.TensorSpec([None, *model.code_shape], tf.float32, name="z")
    seed = tf.TensorSpec([2], tf.int32, name="seed")
    condition = model.condition.specs()
    asked, *_ = [*condition, tf.TensorSpec([], tf.int32, name="count")]

    def encode(x: tf.Tensor, *y: tf.Tensor) -> dict[str, tf.Tensor]:
        posterior = model.encode(x, *y)
        return {"mean": posterior.mean(), "stddev": posterior.stddev()}

    archive = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint("sample", model.sample, [asked, seed])
    archive.add_endpoint("encode", encode, [image, *condition])
    archive.add_endpoint("decode", lambda z, *y: model.decode(z, *y).mean(), [code, *condition])
    archive.add_endpoint("reconstruct", lambda x, *y: model.reconstruct(x, *y), [image, *condition])
    archive.write_out(str(folder), verbose=False)
