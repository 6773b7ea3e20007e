"""The models of "When Variational Auto-encoders meet Generative Adversarial Networks" (2016).

`networks` has the networks of the report, `datasets` MNIST and SVHN, `scores` scores of images.
"""

__version__ = "0.1.0"

from vae_gan_tf import networks  # Keras finds their layers when it loads a model
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
)
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.export import export
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, Elbo
from vae_gan_tf.pretrained import load_pretrained

__all__ = [
    "CDRAW",
    "CVAE",
    "CVAEGAN",
    "DRAW",
    "VAE",
    "VAEGAN",
    "Bernoulli",
    "Categorical",
    "CrossEntropy",
    "Elbo",
    "Gaussian",
    "ImageCondition",
    "JudgingVAEGAN",
    "LabelCondition",
    "Objective",
    "SemiSupervisedVAE",
    "SemiSupervisedVAEGAN",
    "SquaredError",
    "UserError",
    "export",
    "load_pretrained",
    "networks",
]
