"""Section 4.6: VAE-GAN and DRAW-GAN against a discriminator that knows the classes of real images.

Section 4.6 prints the discriminator of CVAE-GAN for DRAW-GAN, with its softmax of k + 1 classes,
whereas the generator there is given no label. Here real images come with their labels, and only
the discriminator sees these. With D(x) the k + 1 probabilities,

    L_D = CrossEntropy(D(x), y) + CrossEntropy(D(Dec(z)), y_fake) + CrossEntropy(D(x~), y_fake),

as in section 3.2, and where the generator of section 3.2 pays for the class that it was asked for,
this one pays for all that is none of the k: -log(1 - D_fake) of both images.

Nothing in this keeps the classes of drawn images even. With p(y | x) the probabilities of the k
classes, given that x is real, the generator also pays `information` times

    log k - I(y; Dec(z)) = log k - H(E_z p(y | Dec(z))) + E_z H(p(y | Dec(z))),

which is 0 where each drawn image is of one class for certain and all classes are drawn as often
(Springenberg 2016). The mean over z is that over the images of a batch.
"""

from typing import Any

import keras
import tensorflow as tf

from vae_gan_tf import replicas
from vae_gan_tf.checks import TensorLike, check_weight, shapes
from vae_gan_tf.conditions import LabelCondition, NoCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.models.adversarial import SoftmaxVAEGAN
from vae_gan_tf.models.seeds import Seed
from vae_gan_tf.models.vae import VAE, Generated, check_one_for_each, unpack_images
from vae_gan_tf.serialization import registered


@registered
class ClassifyingVAEGAN(SoftmaxVAEGAN):
    """A VAE without labels trained against a discriminator of k + 1 classes (section 4.6).

    `fit` takes batches (images, labels). Of a trained model nothing asks for a label.

    Args:
        generator: a `VAE` or `DRAW` without side information.
        discriminator: a network from images to features f_l and k + 1 logits.
        information: the weight of log k - I(y; Dec(z)) beside the adversarial terms, 0 for none.
        **kwargs: those of `VAEGAN`.

    Raises:
        UserError: the generator has side information, or the discriminator does not fit it.
    """

    arguments = (*SoftmaxVAEGAN.arguments, "information")

    def __init__(
        self, generator: VAE, discriminator: keras.Model, information: float = 0.0, **kwargs: Any
    ):
        if not isinstance(getattr(generator, "condition", None), NoCondition):
            raise UserError("a discriminator of classes needs a generator without labels")
        check_weight("information", information)
        super().__init__(generator, discriminator, **kwargs)
        self.information = information
        self.labels = LabelCondition(self.logits_expected() - 1)

    def logits_expected(self) -> int:
        """The number k + 1: those that the discriminator has, at least two."""
        return max(2, shapes(self.discriminator.outputs)[1][-1])

    def prepare(self, data: Any, seed: Seed) -> tuple[tf.Tensor, TensorLike | None, Generated]:
        """The images x, their labels y, and what is generated of them without these."""
        x, y = self._unpacked(data)
        return x, y, self.generator.generate(x, None, seed)

    def check(self, data: Any, training: bool) -> int:
        """The number of images in a batch, whose labels are looked at too where it is trained."""
        if training:
            self._unpacked(data)
        return super().check(data, training)

    def _unpacked(self, data: Any) -> tuple[tf.Tensor, tf.Tensor]:
        x, y = unpack_images(data)
        if y is None:
            raise UserError("a batch of images alone given, pairs (images, labels) expected")
        x, y = self.generator.checked_images(x), self.labels.given(y)
        check_one_for_each(y, x)
        return x, y

    def adversarial_cost(
        self, logits: tf.Tensor, y: TensorLike | None, real: tf.Tensor | None = None
    ) -> tf.Tensor:
        """-log(1 - D_fake), [batch]: what it costs to take images for one of the k classes."""
        return tf.nn.softplus(-self.log_odds(logits))

    def more_costs(self, drawn: tf.Tensor) -> dict[str, tf.Tensor]:
        """The term "classes" of the logits [batch, k + 1] of drawn images."""
        return {"classes": uninformed(drawn[:, :-1])}

    def weighted(self, terms: dict[str, tf.Tensor]) -> tf.Tensor:
        """The sum (2) of its terms, with their weights."""
        more = self.adversarial_weight * self.information * terms["classes"]
        return super().weighted(terms) + more


def uninformed(logits: tf.Tensor) -> tf.Tensor:
    """What the classes lack of log k nats, log k - I(y; x), of the logits [batch, k] of p(y | x).

    The images x are those of the batch: of one image it is log k, and has no gradient.
    """
    log_p = tf.nn.log_softmax(logits)
    p = tf.exp(log_p)
    mean = tf.reduce_mean(p, 0)
    # Of several replicas the mean over the images of all, and the gradient of the own ones.
    mean += tf.stop_gradient(replicas.mean([mean], tf.shape(p)[0])[0] - mean)
    certain = tf.reduce_mean(tf.reduce_sum(p * log_p, -1))
    even = tf.reduce_sum(tf.math.xlogy(mean, mean))
    return tf.math.log(float(logits.shape[-1])) + even - certain
