"""Presets as data: what each changes, model by model and data set by data set.

``report`` is as the sections of the report say; what it does not say is as the originals' programs
had it, or else found here (docs/trials.md). ``improved`` goes beyond it, for some models.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from vae_gan_tf.catalogue import Catalogue

Changes = Mapping[str, Any]
"""Settings by name."""

Presets = Mapping[str, Mapping[str, Changes]]
"""Preset, or "always", to data set, or `ANY`, to the settings that change."""

ANY = "*"
"""Every data set; what a data set by name changes comes after it."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """What a preset changes for every model."""

    help: str
    changes: Changes = dataclasses.field(default_factory=dict)
    factors: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Settings that are multiplied, after all changes."""
    only_some_models: bool = False
    """Whether only those models have it whose entry says what it changes for them."""
    unasked: str | None = None
    """The only data set that figures show unasked; None for all of theirs."""


PRESETS: Catalogue[Preset] = Catalogue(
    "preset",
    {
        "report": Preset("as the report says"),
        "improved": Preset("beyond the report, for some models", only_some_models=True),
        "quick": Preset(
            "recognisable digits in a few minutes",
            {"epochs": 5},
            {"learning_rate": 2},
            unasked="mnist",
        ),
        "smoke": Preset(
            "seconds, to see that all works",
            {"epochs": 2, "batch_size": 20, "images": 100},
            unasked="mnist",
        ),
    },
)

# 512 units are the originals' for SVHN; of svhn_small 200 tell as much (docs/trials.md).
DATA_SETS: Mapping[str, Changes] = {"svhn": {"units": 512}, "svhn_extra": {"units": 512}}
"""What a data set changes for every model."""

SVHN_SMALL_EPOCHS: dict[str, Any] = {"epochs": 31}
"""When CVAE stopped on svhn_small (see `WITH_PATIENCE`); other models take as many steps."""

WITH_PATIENCE: dict[str, Any] = {"epochs": 100, "patience": 10}
"""CVAE and the simple networks stop on svhn_small when the validation bound no longer rises."""

SAME_STEPS: Presets = {"report": {"svhn_small": SVHN_SMALL_EPOCHS}}
EARLY_STOPPING: Presets = {"report": {"svhn_small": WITH_PATIENCE}}

GAN: dict[str, Any] = {"learning_rate": 1e-4}
"""Section 6: the rate of the adversarial models."""

ORIGINALS: dict[str, Any] = {
    "kl_weight": 10.0,
    "adversarial_weight": 100.0,
    "feature_variance": 50.0,
}
"""The weights of the originals' programs, which the report does not give. With them the code of a
VAE-GAN tells nothing of an SVHN image, and the semi-supervised model takes one class for all images
(docs/trials.md): these have the equations as printed, all weights 1."""

FEW_STEPS: dict[str, Any] = {"batch_size": 25, "labelled_batch": 50, "precision": "mixed_bfloat16"}
"""Where the sum over y takes long: fewer images without a label a step, more steps an epoch."""

# The discriminator alone is told the classes of real images.
_CLASSES_OF_REAL_IMAGES: dict[str, Any] = {
    "known_classes": True,
    "information": 0.5,
    "reconstruction": "cross_entropy",
    "kl_weight": 1.0,
    "learning_rate": 5e-4,
    "learning_rate_decay": "cosine",
    "momentum": 0.5,
    "epochs": 8,
}

VAE: Presets = {"report": {ANY: {"epochs": 10}, "svhn_small": SVHN_SMALL_EPOCHS}}
# Reconstructions at full weight were not tried with it (docs/trials.md).
_IMPROVED_VAE_GAN: dict[str, Any] = {
    "architecture": "improved",
    "adversarial_weight": 1000.0,
    "reconstructed_weight": 0.1,
    "gradient_penalty": 0.1,
    **_CLASSES_OF_REAL_IMAGES,
    "epochs": 12,
}
# 8 000 images make few steps, and the discriminator soon knows them by heart; the code of an image
# of many colours has more to tell.
_FEW_IMAGES_VAE_GAN: dict[str, Any] = {
    "augmentation": True,
    "adversarial_weight": 100.0,
    "kl_weight": 0.25,
}
VAE_GAN: Presets = {
    "always": {ANY: GAN, "mnist": ORIGINALS},
    **VAE,
    "improved": {
        "mnist": _IMPROVED_VAE_GAN,
        "svhn_small": _IMPROVED_VAE_GAN | SVHN_SMALL_EPOCHS | _FEW_IMAGES_VAE_GAN,
    },
}
CVAE: Presets = EARLY_STOPPING

# A discriminator normalised by images, convolutions of size 4, a falling learning rate.
_IMPROVED_CVAE_GAN: dict[str, Any] = {
    "architecture": "improved",
    "learning_rate": 5e-4,
    "momentum": 0.5,
    "learning_rate_decay": "cosine",
    "precision": "fastest",
}
_IMPROVED_CVAE_GAN_SVHN: dict[str, Any] = {
    **_IMPROVED_CVAE_GAN,
    "reconstruction": "cross_entropy",
    "kl_weight": 4.0,
}
_FEW_IMAGES: dict[str, Any] = {
    "augmentation": True,
    "label_weight": 0.1,
    "precision": "float32",
    "epochs": 2 * SVHN_SMALL_EPOCHS["epochs"],
}
_IMPROVED_CVAE_GAN_MNIST: dict[str, Any] = {
    **_IMPROVED_CVAE_GAN,
    "kl_weight": 3.0,
    "feature_variance": 10.0,
}
CVAE_GAN: Presets = {
    "always": {ANY: GAN | ORIGINALS},
    "report": {"svhn_small": SVHN_SMALL_EPOCHS},
    "quick": {"mnist": _IMPROVED_CVAE_GAN_MNIST | {"epochs": 2}},
    "improved": {
        "mnist": _IMPROVED_CVAE_GAN_MNIST | {"epochs": 10, "label_weight": 0.1},
        "svhn": _IMPROVED_CVAE_GAN_SVHN,
        "svhn_extra": _IMPROVED_CVAE_GAN_SVHN,
        "svhn_small": _IMPROVED_CVAE_GAN_SVHN | _FEW_IMAGES,
    },
}

SIMPLE: dict[str, Any] = {"architecture": "fully_connected", "epochs": 20}
"""The simple networks of section 4.4: 20 epochs for SVHN, 100 for MNIST."""

VAE_2D: Presets = {
    "always": {ANY: SIMPLE | {"latent_size": 2}, "mnist": {"epochs": 100}},
    **EARLY_STOPPING,
}
CVAE_SIMPLE: Presets = {"always": {ANY: SIMPLE, "mnist": {"epochs": 100}}, **EARLY_STOPPING}
COMPLETING: Presets = {
    "always": {ANY: SIMPLE, "mnist": {"epochs": 100, "binarise_given": True}},
    **EARLY_STOPPING,
}

# With alpha / N = 0.1 few classes are learned in so few epochs (docs/trials.md).
_FEW_LABELS: dict[str, Any] = {"labels": 1000, "units": 1024, "classification_weight": 50.0}
_IMPROVED_FEW_LABELS: dict[str, Any] = {
    "architecture": "improved",
    "shift": 2,
    "learning_rate_decay": "cosine",
    "epochs": 3,
    **FEW_STEPS,
}
# Enough images for the 1000 labels of table 1.
_SMOKE: Presets = {
    "smoke": {ANY: {"batch_size": 100, "labelled_batch": 20, "images": 1500, "units": 64}}
}
_QUICK_FEW_LABELS: dict[str, Any] = {
    "epochs": 1,
    "batch_size": 50,
    "learning_rate": 5e-4,
    "precision": "fastest",
}
SEMI_SUPERVISED: Presets = {
    "always": {ANY: _FEW_LABELS},
    **SAME_STEPS,
    **_SMOKE,
    "quick": {"mnist": _IMPROVED_FEW_LABELS | _QUICK_FEW_LABELS},
    "improved": {"mnist": _IMPROVED_FEW_LABELS | {"consistency": 30.0, "epochs": 6}},
}
_IMPROVED_FEW_LABELS_GAN: dict[str, Any] = {
    **_IMPROVED_FEW_LABELS,
    "learning_rate": 1e-3,
    "discriminator_learning_rate": 3e-4,
    "reconstruction": "cross_entropy",
}
SEMI_SUPERVISED_GAN: Presets = {
    "always": {ANY: GAN | _FEW_LABELS},
    **SAME_STEPS,
    **_SMOKE,
    "quick": {"mnist": _IMPROVED_FEW_LABELS_GAN | _QUICK_FEW_LABELS},
    "improved": {"mnist": _IMPROVED_FEW_LABELS_GAN},
}

_RECURRENT: dict[str, Any] = {"architecture": "recurrent", "units": 256, "latent_size": 10}
_DRAW_GAN: dict[str, Any] = GAN | _RECURRENT | {"reconstruction": "squared_error"}
DRAW: Presets = {"always": {ANY: _RECURRENT}, **SAME_STEPS}
CDRAW_GAN: Presets = {"always": {ANY: _DRAW_GAN}, **SAME_STEPS}
_IMPROVED_DRAW_GAN: dict[str, Any] = {
    "generator_first": True,
    "discriminator": "improved",
    "adversarial_weight": 100.0,
    "gradient_penalty": 0.3,
    **_CLASSES_OF_REAL_IMAGES,
}
DRAW_GAN: Presets = {**CDRAW_GAN, "improved": {"mnist": _IMPROVED_DRAW_GAN}}
