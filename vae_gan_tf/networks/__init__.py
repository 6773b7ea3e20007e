"""The networks of sections 4.3 to 4.6, as functional Keras models.

Section 4: batch normalisation on all layers except the output layers, weights from a zero-centred
normal distribution, whose standard deviation the report does not give: here it is Glorot's,
sqrt(2 / (inputs + outputs)), cut off at two standard deviations. (With DCGAN's 0.02 for all layers
the discriminator wins outright; see docs/differences.md.) A layer that is normalised needs no
bias.

Every network takes ``dtype``, a Keras dtype policy: "float32", "mixed_bfloat16" or "mixed_float16";
without one it follows Keras' global policy, as Keras' layers do. Inputs and outputs are float32,
and images [batch, height, width, channels], whatever ``keras.json`` says. ``condition_size`` is the
length of the vector y of side information, 0 for a network without one; a network with y takes the
pair (x, y) or (z, y). ``widen`` is the factor by which layers grow: section 4.3 says 8/7 for SVHN.
"""

from vae_gan_tf.networks.augmentation import moved_and_cut
from vae_gan_tf.networks.blocks import IMPROVED, IMPROVED_DISCRIMINATOR, REPORT, Style
from vae_gan_tf.networks.convolutional import (
    convolutional_decoder,
    convolutional_encoder,
    discriminator,
)
from vae_gan_tf.networks.fully_connected import fully_connected_decoder, fully_connected_encoder
from vae_gan_tf.networks.layers import (
    BatchNormalization,
    Bias,
    ImageNormalization,
    PooledConvolution,
    Read,
    UpsampledDeconvolution,
    Windows,
    Write,
)
from vae_gan_tf.networks.recurrent import draw_decoder, draw_encoder
from vae_gan_tf.networks.semi_supervised import (
    convolutional_trunk,
    fully_connected_trunk,
    improved_decoder,
    improved_trunk,
    mean_head,
    upsampling_decoder,
)

__all__ = [
    "IMPROVED",
    "IMPROVED_DISCRIMINATOR",
    "REPORT",
    "BatchNormalization",
    "Bias",
    "ImageNormalization",
    "PooledConvolution",
    "Read",
    "Style",
    "UpsampledDeconvolution",
    "Windows",
    "Write",
    "convolutional_decoder",
    "convolutional_encoder",
    "convolutional_trunk",
    "discriminator",
    "draw_decoder",
    "draw_encoder",
    "fully_connected_decoder",
    "fully_connected_encoder",
    "fully_connected_trunk",
    "improved_decoder",
    "improved_trunk",
    "mean_head",
    "moved_and_cut",
    "upsampling_decoder",
]
