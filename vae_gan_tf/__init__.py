"""The models of "When Variational Auto-encoders meet Generative Adversarial Networks" (2016).

`networks` has the networks of the report, `datasets` MNIST and SVHN, `scores` scores of images,
`style` and `completion` what figures 8 and 9 measure, `callbacks` what Keras' ``fit`` takes. All
but the first are imported on first use.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from vae_gan_tf import networks  # Keras finds their layers when it loads a model
from vae_gan_tf.conditions import Condition, ImageCondition, LabelCondition, NoCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.likelihoods import Bernoulli, Categorical, Gaussian, Likelihood
from vae_gan_tf.models.adversarial import (
    CVAEGAN,
    VAEGAN,
    CrossEntropy,
    JudgingVAEGAN,
    SemiSupervisedVAEGAN,
    SquaredError,
)
from vae_gan_tf.models.classifying import ClassifyingVAEGAN
from vae_gan_tf.models.consistency import Consistency
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import CDRAW, DRAW
from vae_gan_tf.models.export import export
from vae_gan_tf.models.semi_supervised import Objective, SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE, Elbo
from vae_gan_tf.pretrained import list_pretrained, load_pretrained
from vae_gan_tf.version import __version__

if TYPE_CHECKING:
    from vae_gan_tf import callbacks, datasets
    from vae_gan_tf.evaluation import completion, scores, style

__all__ = [
    "CDRAW",
    "CVAE",
    "CVAEGAN",
    "DRAW",
    "VAE",
    "VAEGAN",
    "Bernoulli",
    "Categorical",
    "ClassifyingVAEGAN",
    "Condition",
    "Consistency",
    "CrossEntropy",
    "Elbo",
    "Gaussian",
    "ImageCondition",
    "JudgingVAEGAN",
    "LabelCondition",
    "Likelihood",
    "NoCondition",
    "Objective",
    "SemiSupervisedVAE",
    "SemiSupervisedVAEGAN",
    "SquaredError",
    "UserError",
    "__version__",
    "callbacks",
    "completion",
    "datasets",
    "export",
    "list_pretrained",
    "load_pretrained",
    "networks",
    "scores",
    "style",
]

_ON_FIRST_USE = {
    "callbacks": "vae_gan_tf.callbacks",
    "completion": "vae_gan_tf.evaluation.completion",
    "datasets": "vae_gan_tf.datasets",
    "scores": "vae_gan_tf.evaluation.scores",
    "style": "vae_gan_tf.evaluation.style",
}


def __getattr__(name: str) -> ModuleType:
    if name in _ON_FIRST_USE:
        return importlib.import_module(_ON_FIRST_USE[name])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
