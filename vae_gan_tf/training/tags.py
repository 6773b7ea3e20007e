"""The names of what TensorBoard shows: one tag a quantity, in groups in the order to read them.

TensorBoard sorts groups by name, hence their numbers. A quantity that is measured in training and
in validation has one tag, of two runs.
"""

from collections.abc import Mapping
from typing import Any

GROUPS = (
    "loss",
    "elbo",
    "generator",
    "discriminator",
    "scores",
    "speed",
    "gradients",
    "weights",
    "learning_rate",
)
"""The groups in their order."""

ONE_TAG = {
    "generator/kl": "elbo/kl",
    "unlabelled/elbo": "elbo/elbo",
    "unlabelled/reconstruction": "elbo/reconstruction",
    "unlabelled/kl": "elbo/kl",
    "unlabelled/entropy": "elbo/entropy",
    "labelled/elbo": "elbo/labelled",
    "labelled/reconstruction": "elbo/labelled_reconstruction",
    "labelled/kl": "elbo/labelled_kl",
    "labelled/feature": "generator/labelled_feature",
    "labelled/pixel": "generator/labelled_pixel",
    "labelled/drawn": "generator/labelled_drawn",
    "labelled/reconstructed": "generator/labelled_reconstructed",
    "unlabelled/feature": "generator/feature",
    "unlabelled/pixel": "generator/pixel",
    "unlabelled/drawn": "generator/drawn",
    "unlabelled/reconstructed": "generator/reconstructed",
    "classification/loss": "loss/classification",
    "consistency/loss": "loss/consistency",
    "classification/entropy": "elbo/entropy",
    "classification/error": "scores/classification_error",
}
"""The names under which steps give a quantity, where it has another tag."""


def tag(name: str) -> str:
    """The tag of a quantity by the name that a step gives it: "elbo/kl" becomes "2 elbo/kl".

    The loss itself is "1 loss": TensorBoard shows it before its parts.

    A name of a group that is not one of `GROUPS` stays as it is.
    """
    group, slash, rest = ONE_TAG.get(name, name).partition("/")
    return f"{GROUPS.index(group) + 1} {group}{slash}{rest}" if group in GROUPS else name


def tagged(values: Mapping[str, float]) -> dict[str, float]:
    """The values by their tags."""
    return {tag(name): value for name, value in values.items()}


def comparable(model: Any, values: Mapping[str, float]) -> dict[str, float]:
    """What an evaluation gives, without its loss where another one is trained on.

    Args:
        model: tells by ``validates_loss`` whether it is the same.
        values: by name.
    """
    return {name: it for name, it in values.items() if name != "loss" or model.validates_loss}


def renamed(prefix: str, values: Mapping[str, float]) -> dict[str, float]:
    """The values under another prefix: "elbo/kl" becomes "test/kl"."""
    return {f"{prefix}/{name.split('/')[-1]}": value for name, value in values.items()}
