"""Figures 1 to 5: the structure of a model, read from its networks as they are built for MNIST."""

from collections.abc import Callable, Sequence
from typing import Any

from vae_gan_tf import datasets
from vae_gan_tf.experiments.flags import Script, parse, show
from vae_gan_tf.experiments.settings import DRAWING, FIELDS, NETWORKS, Images
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.plotting import diagrams
from vae_gan_tf.plotting.layout import Diagram

MNIST = Images((28, 28, 1), 10)

SHOWN = (
    *(name for name, field in FIELDS.items() if field.metadata["section"] in (NETWORKS, DRAWING)),
    *("glimpses", "discriminator"),
    *("labels", "objective", "classification_weight"),
    *("kl_weight", "feature_variance", "adversarial_weight"),
)
"""The settings that a diagram shows: of networks, and the weights in a loss."""


def figure(
    argv: Sequence[str], doc: str, name: str, model: str, diagram: Callable[[Any], Diagram]
) -> None:
    """Builds a model and draws its structure.

    Args:
        argv: of the script.
        doc: what the script's help says it does.
        name: of the figure.
        model: its name in the zoo.
        diagram: gives the model's diagram.
    """
    general = ("preset", "figures_dir", "show_settings")
    options = parse(Script(doc, (model,), SHOWN, general=general), argv)
    settings = options.settings(model, datasets.DEFAULT)
    show(options, [settings])
    built = build_model(settings, MNIST)
    name += f"-{options.preset}" * (options.preset != "report")
    diagrams.save(diagram(built), options.figures_dir, name, custom=bool(options.overrides))
