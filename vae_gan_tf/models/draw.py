"""Section 2.4: DRAW, which draws an image in T steps (Gregor et al. 2015), and conditional DRAW.

A code z is a sequence z_1 ... z_T, each N(0, I). With c_t the canvas after step t, h^dec_t the
hidden state of the decoder and D(x | c) the likelihood with the canvas as its parameters, a step is

    x^_t     = x - mean of D(. | c_{t-1})
    h^enc_t  = LSTM^enc([read(x, x^_t, h^dec_{t-1}), h^dec_{t-1}], h^enc_{t-1})
    z_t      ~ q(z_t | h^enc_t), a Gaussian with diagonal covariance
    h^dec_t  = LSTM^dec(z_t, h^dec_{t-1})
    c_t      = c_{t-1} + write(h^dec_t).

The loss of an image is L^x + L^z, with L^x = -log D(x | c_T) and L^z the sum over the steps of
KL(q(z_t | h^enc_t) || N(0, I)): the bound (1), for q(z | x) is the product of the q(z_t | h^enc_t).
Its KL divergence is exact given z_1 ... z_{t-1}, which are sampled. c_0 and the first states are
learned, as in the paper. `CDRAW` gives y to encoder and decoder in every step.
"""

from typing import Any, NamedTuple

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from vae_gan_tf.attention import Window
from vae_gan_tf.checks import TensorLike, checked_tensor
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.seeds import Seed, split_seed, stateless_seed
from vae_gan_tf.models.vae import (
    VAE,
    Generated,
    Inference,
    deviation,
    for_each,
    gaussian,
    log_pixels,
)
from vae_gan_tf.serialization import registered


class Steps(NamedTuple):
    """Images as they are drawn, step by step."""

    images: tf.Tensor
    """The mean of the likelihood of each canvas c_1 ... c_T, [batch, T, height, width, channels];
    the last is what `VAE.sample` or `VAE.reconstruct` gives."""
    canvases: tf.Tensor
    """c_1 ... c_T, [batch, T, height, width, channels * parameters of the likelihood]."""
    read: Window | None
    """Where the encoder read in each step, each number [batch, T]; None of samples, and of a model
    that reads the whole image."""
    write: Window | None
    """Where the decoder wrote in each step; None of a model that writes to the whole image."""


STATES = ("canvas", "decoder_hidden", "decoder_cell", "encoder_hidden", "encoder_cell")
"""The tensors that a step passes to the next; the values before the first step are learned."""

ENCODED = ("mean", "log_variance", "encoder_hidden", "encoder_cell", "read")
"""The outputs of the encoder, in their order; "read" only with attention."""

DECODED = ("canvas", "decoder_hidden", "decoder_cell", "write")
"""The outputs of the decoder; "canvas" is what is added to it, "write" only with attention."""


def _swapped(values: tf.Tensor) -> tf.Tensor:
    """The values with batch and time swapped, [batch, T, ...] <-> [T, batch, ...]."""
    return tf.transpose(values, [1, 0, *range(2, values.shape.rank)])


def _named(names: tuple[str, ...], outputs: list[tf.Tensor]) -> dict[str, tf.Tensor]:
    """A network's outputs by name, in float32; the last name may have none."""
    return {name: tf.cast(output, tf.float32) for name, output in zip(names, outputs, strict=False)}


@registered
class DRAW(VAE):
    """DRAW (section 2.4, figure 4): a `VAE` whose codes are [batch, T, latent_size].

    Args:
        encoder: the network of a step, see `networks.draw_encoder`.
        decoder: the network of a step, see `networks.draw_decoder`.
        steps: T.
        judged: how many of the last canvases an adversarial model may show its discriminator, of
            each image one of them chosen at random; 1 for the last alone, T for "a discriminator
            on every canvas of the sequence", as section 4.6 proposes.
        *args: those of `VAE`.
        **kwargs: those of `VAE`.

    Raises:
        UserError: T is below 1, ``judged`` is not from 1 to T, or the networks do not fit together.
    """

    arguments = (*VAE.arguments, "steps", "judged")
    encoder_inputs = 5
    decoder_inputs = 3
    encoder_outputs = (4, 5)
    decoder_outputs = (3, 4)

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *args: Any,
        steps: int,
        judged: int = 1,
        **kwargs: Any,
    ):
        if not isinstance(steps, int) or steps < 1:
            raise UserError(f"DRAW of {steps} steps asked for, at least 1 expected")
        if not 1 <= judged <= steps:
            raise UserError(f"{judged} canvases of {steps} to be judged, 1 to {steps} expected")
        super().__init__(encoder, decoder, *args, **kwargs)
        self.steps = steps
        self.judged = judged
        self.code_shape = (steps, self.latent_size)
        shapes = self._shapes(encoding=True)
        self.first = {
            name: self.add_weight(shape=shapes[name], initializer="zeros", name=f"first_{name}")
            for name in STATES
        }

    def _check_networks(self) -> None:
        """Raises a UserError unless encoder, decoder and likelihood fit together."""
        inputs = len(self.encoder.inputs), len(self.decoder.inputs)
        if inputs[0] < self.encoder_inputs or inputs[1] < self.decoder_inputs:
            raise UserError(
                f"an encoder of {inputs[0]} inputs and a decoder of {inputs[1]} given, networks of "
                f"a step of DRAW with at least {self.encoder_inputs} and {self.decoder_inputs} "
                "expected"
            )
        super()._check_networks()
        expected, units = self.encoder.inputs[2].shape[-1], self.decoder.inputs[1].shape[-1]
        if units != expected:
            raise UserError(
                f"a decoder of {units} units given with an encoder that reads the state of one of "
                f"{expected}"
            )

    def _shapes(self, encoding: bool) -> dict[str, tuple[int, ...]]:
        """The shape, without batch, of all that a step gives, with an image to encode or without.

        Names are those of `STATES`, `ENCODED` and `DECODED`, and "z".
        """
        tensors = {"z": self.decoder.inputs[0]}
        tensors |= zip(DECODED, self.decoder.outputs, strict=False)
        if encoding:
            tensors |= zip(ENCODED, self.encoder.outputs, strict=False)
        return {name: tuple(tensor.shape[1:]) for name, tensor in tensors.items()}

    def _run(
        self, z: tf.Tensor, x: tf.Tensor | None, condition: list[tf.Tensor], training: bool
    ) -> dict[str, tf.Tensor]:
        """The T steps.

        They are a loop of the graph. Unrolled, a step of training would take a twentieth less
        time, and T = 64 a minute to compile.

        Args:
            z: codes [batch, T, latent_size] or, where images are encoded, noise of that shape.
            x: images to encode, or None.
            condition: the vectors y in a list, or nothing.
            training: whether batch normalisation uses the statistics of this batch.

        Returns:
            The tensors of each step, [batch, T, ...], by the names of `_shapes`.
        """

        def step(before: dict[str, tf.Tensor], z: tf.Tensor) -> dict[str, tf.Tensor]:
            after: dict[str, tf.Tensor] = {}
            if x is not None:
                after = self._encoder_step(before, x, z, condition, training)
                z = after["z"]
            return after | self._decoder_step(before, z, condition, training)

        count, shapes = tf.shape(z)[0], self._shapes(encoding=x is not None)
        first = {name: tf.zeros([count, *shape]) for name, shape in shapes.items()}
        learned = [name for name in STATES if name in first]
        first |= {name: tf.repeat(self.first[name].value[None], count, 0) for name in learned}
        steps = tf.scan(step, _swapped(z), first)
        return {name: _swapped(values) for name, values in steps.items()}

    def _encoder_step(
        self,
        before: dict[str, tf.Tensor],
        x: tf.Tensor,
        noise: tf.Tensor,
        condition: list[tf.Tensor],
        training: bool,
    ) -> dict[str, tf.Tensor]:
        error = x - self.likelihood(before["canvas"]).mean()
        states = (before[name] for name in ("decoder_hidden", "encoder_hidden", "encoder_cell"))
        outputs = self.encoder([x, error, *states, *condition], training=training)
        after = _named(ENCODED, outputs)
        z = after["mean"] + deviation(after["log_variance"]) * noise
        return {**after, "z": z}

    def _decoder_step(
        self,
        before: dict[str, tf.Tensor],
        z: tf.Tensor,
        condition: list[tf.Tensor],
        training: bool,
    ) -> dict[str, tf.Tensor]:
        states = (before[name] for name in ("decoder_hidden", "decoder_cell"))
        outputs = self.decoder([z, *states, *condition], training=training)
        after = _named(DECODED, outputs)
        return {**after, "canvas": before["canvas"] + after["canvas"], "z": z}

    def _encoded(
        self,
        x: TensorLike,
        y: TensorLike | None,
        seed: Seed | None,
        training: bool = False,
    ) -> dict[str, tf.Tensor]:
        """The steps with images: with a seed z_t is sampled, without one it is the mean."""
        x, *condition = tf.nest.flatten(self.checked(x, y))
        shape = [tf.shape(x)[0], *self.code_shape]
        noise = (
            tf.zeros(shape)
            if seed is None
            else tf.random.stateless_normal(shape, stateless_seed(seed))
        )
        return self._run(noise, x, condition, training)

    def _decoded(
        self, z: TensorLike, y: TensorLike | None, training: bool = False
    ) -> dict[str, tf.Tensor]:
        """The steps of codes that are there already."""
        z = checked_tensor("codes", z, self.code_shape)
        z, *condition = tf.nest.flatten(self.with_condition(z, y))
        return self._run(z, None, condition, training)

    def encode(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        training: bool = False,
        seed: Seed | None = None,
    ) -> tfd.Distribution:
        """q(z | x, y) along one sequence of codes: the product of the q(z_t | h^enc_t).

        h^enc_t depends on z_1 ... z_{t-1}. With a seed these are sampled; without one each is the
        mean of its distribution, so that ``decode(encode(x).mean())`` is what ``reconstruct(x)``
        gives. Arguments and errors else are those of `VAE.encode`.

        Returns:
            A distribution with batch shape [batch] and event shape [T, latent_size].
        """
        return self._posterior(self._encoded(x, y, seed, training))

    def decode(
        self, z: TensorLike, y: TensorLike | None = None, training: bool = False
    ) -> tfd.Distribution:
        """p(x | z): the likelihood of the last canvas, of codes z [batch, T, latent_size]."""
        return self.likelihood(self._decoded(z, y, training)["canvas"][:, -1])

    def infer(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        seed: Seed | None = None,
        training: bool = False,
    ) -> Inference:
        """Encodes images, which decodes them as well; see `encode` on what is sampled."""
        run = self._encoded(x, y, seed, training)
        return Inference(self._posterior(run), run["z"], self.likelihood(run["canvas"][:, -1]))

    def generate(self, x: TensorLike, y: TensorLike | None, seed: Seed) -> Generated:
        """A reconstruction of each image, drawn while it is encoded, and as many new images.

        Of each image there is one of the last ``judged`` canvases; the likelihood is that of the
        last. Else this is `VAE.generate`.
        """
        for_posterior, for_prior, *for_canvases = split_seed(seed, 4)
        z = self.prior().sample(tf.shape(x)[0], seed=for_prior)
        encoded = self._encoded(x, y, for_posterior, training=True)
        decoded = self._decoded(z, y, training=True)
        return Generated(
            self._shown_canvas(encoded, for_canvases[0]),
            self._shown_canvas(decoded, for_canvases[1]),
            tfd.kl_divergence(self._posterior(encoded), self.prior()),
            self.likelihood(encoded["canvas"][:, -1]),
        )

    def _shown_canvas(self, run: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        """The image on one of the last ``judged`` canvases, chosen anew for each of the batch."""
        count, first = tf.shape(run["canvas"])[:1], self.steps - self.judged
        step = tf.random.stateless_uniform(count, seed, first, self.steps, tf.int32)
        return self.likelihood(tf.gather(run["canvas"], step, axis=1, batch_dims=1)).mean()

    def log_weights(
        self,
        x: TensorLike,
        y: TensorLike | None = None,
        count: int = 1,
        seed: Seed = 0,
        pixels: TensorLike | None = None,
    ) -> tf.Tensor:
        """The log-weights of `VAE.log_weights`; an image is encoded anew for each of its codes."""
        x = tf.repeat(self.checked_images(x), count, axis=0)
        y = for_each(lambda values: tf.repeat(values, count, axis=0), y)
        posterior, z, likelihood = self.infer(x, y, seed)
        log_ratio = self.prior().log_prob(z) - posterior.log_prob(z)
        weights = log_ratio + log_pixels(likelihood, x, pixels)
        return tf.transpose(tf.reshape(weights, [-1, count]))

    def _posterior(self, run: dict[str, tf.Tensor]) -> tfd.Distribution:
        return gaussian(run["mean"], run["log_variance"], rank=2)

    def sample_steps(self, asked: TensorLike, seed: Seed = 0) -> Steps:
        """The images of ``sample(asked, seed)`` as they are drawn."""
        count, y = self.condition.asked(asked)
        return self.decode_steps(self.prior().sample(count, seed=stateless_seed(seed)), y)

    def decode_steps(self, z: TensorLike, y: TensorLike | None = None) -> Steps:
        """The images of codes z [batch, T, latent_size] as they are drawn."""
        return self._shown(self._decoded(z, y))

    def reconstruct_steps(
        self, x: TensorLike, y: TensorLike | None = None, seed: Seed | None = None
    ) -> Steps:
        """The images of ``reconstruct(x, y, seed)`` as they are drawn."""
        return self._shown(self._encoded(x, y, seed))

    def _shown(self, run: dict[str, tf.Tensor]) -> Steps:
        canvases = run["canvas"]
        flat = tf.reshape(canvases, [-1, *canvases.shape[2:]])
        images = tf.reshape(self.likelihood(flat).mean(), [-1, self.steps, *self.image_shape])
        read, write = (Window.of(run[name]) if name in run else None for name in ("read", "write"))
        return Steps(images, canvases, read, write)


@registered
class CDRAW(DRAW, CVAE):
    """Conditional DRAW (section 2.4): a `DRAW` and a `CVAE`.

    Args:
        encoder: the network of a step, with y.
        decoder: the network of a step, with y.
        condition: what the side information is.
        **kwargs: those of `DRAW`.
    """

    arguments = (*DRAW.arguments, "condition")
