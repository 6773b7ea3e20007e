"""The likelihood of DRAW in nats, in the field's configuration (Gregor et al. 2015, table 2).

T = 64 steps, windows of 2 x 2 read and of 5 x 5 written, codes z_t of 100 numbers, on MNIST with
pixels of two values. The field's own draw of these, TFDS binarized_mnist, is used where it is
prepared; else the pixels are drawn by their grey values with --binarise_seed, once.

Trains the model, or goes on with a stopped run; then writes figures/draw_likelihood.png and .json
(with the name of the data set): the bound on the validation images after each epoch, and of the
test images the bound and the importance-weighted estimate with --samples codes an image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import nats
from vae_gan_tf.experiments.flags import MNIST_FLAGS, Script, parse, show
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.run import train
from vae_gan_tf.experiments.scripts import stop
from vae_gan_tf.plotting import grids

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIGURATION = {"draw_steps": 64, "read_size": 2, "write_size": 5, "latent_size": 100}
"""The configuration in Gregor et al. (2015), table 3."""

LONG = {"epochs": 30, "learning_rate_decay": "cosine", "gradient_norm": 10.0}
"""What the preset report adds to it: as many epochs as take two hours on two cores."""

FIELD = {"DRAW with attention": 80.97, "DRAW without attention": 87.40}
"""Negative bounds on the binarised test images in Gregor et al. (2015), table 2, in nats."""


def curve(validation: Sequence[float], test: nats.Nats) -> Figure:
    """The negative bound after each epoch, that of the test images, and the field's.

    Args:
        validation: of the validation images, in nats an image.
        test: of the test images.
    """
    figure = grids.sheet(5, 3.4, layout="constrained")
    axes = figure.subplots()
    epochs = range(1, len(validation) + 1)
    axes.plot(epochs, validation, "o-", markersize=3, label="validation images")
    for score, label, marker in (
        (test.bound, "test images", "s"),
        (test.log_likelihood, "test images, importance-weighted", "D"),
    ):
        place = len(validation), score.value
        axes.errorbar(*place, yerr=score.error, fmt=marker, fillstyle="none", label=label)
    for (name, value), style in zip(FIELD.items(), ("--", ":"), strict=True):
        axes.axhline(
            value, color="grey", linestyle=style, linewidth=1, label=f"{name}: {value:.2f}"
        )
    axes.set_ylim(
        min(*FIELD.values(), test.log_likelihood.value) - 2, max(validation[1:] or validation) + 2
    )
    axes.set_xlabel("epochs")
    axes.set_ylabel("negative bound, nats an image")
    axes.legend(fontsize=7)
    return figure


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    text = "codes an image of the importance-weighted estimate, a multiple of 10"
    flags.DEFINE_integer("samples", 20, text, upper_bound=10**5, flag_values=values)
    text = "seed of the pixels' draw"
    flags.DEFINE_integer(
        "binarise_seed", 0, text, lower_bound=0, upper_bound=2**31 - 1, flag_values=values
    )


def main(argv: Sequence[str]) -> None:
    """Trains DRAW, measures it in nats and plots the curve."""
    options = parse(Script(__doc__, ("draw",), general=MNIST_FLAGS, define=define), argv)
    samples = options.script_flags["samples"]
    if samples < 10 or samples % 10:
        raise UserError(f"--samples must be a positive multiple of 10, not {samples}")
    more = CONFIGURATION | (LONG if options.preset == "report" else {})
    data = datasets.load_binarised(options.data_dir, options.script_flags["binarise_seed"])
    whole = dataclasses.replace(options, overrides=more | dict(options.overrides))
    show(whole, [whole.settings("draw", data.name)])
    print(data.source)
    result = train(whole, "draw", data)
    if result.interrupted:
        stop(result.interrupted)
    images, _ = result.data.test.arrays()
    test = nats.nats(result.model, images, samples=samples)
    validation = [-each["elbo/elbo"] for each in result.validations]
    result.record["nats"] = {
        "samples": samples,
        "validation": validation,
        "test": {name: score._asdict() for name, score in test._asdict().items()},
        "field": FIELD,
    }
    for name, score in test._asdict().items():
        print(f"{name.replace('_', ' ')}: {score.value:.2f} ± {score.error:.2f} nats")
    publish(options, "draw_likelihood", curve(validation, test), [result])
