"""The likelihood of DRAW in nats, in the field's configuration (Gregor et al. 2015, table 2).

T = 64 steps, windows of 2 x 2 read and of 5 x 5 written, codes z_t of 100 numbers, on MNIST with
pixels of two values. They are drawn by their grey values with --binarise_seed: those of validation
and test images once, those of training images anew for each batch. With --fixed_pixels all are
drawn once; where the field's own draw, TFDS binarized_mnist, is prepared, it needs that flag and is
used.

A step of training takes four times as long with T = 64 as with T = 16. So the preset report trains
the weights, which do not depend on T, with 16 and with 32 steps first. Settings that flags override
are those of all three trainings, but for --draw_steps.

Trains the model, or goes on with a stopped run; then writes figures/draw_likelihood.png and .json
(with the name of the data set): the bound on the validation images after each epoch, and of the
test images the bound and the importance-weighted estimate with --samples codes an image.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import nats
from vae_gan_tf.experiments.flags import MNIST_FLAGS, Options, Script, parse, show
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.run import check_run_folder, train
from vae_gan_tf.experiments.scripts import stop
from vae_gan_tf.plotting import grids

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CONFIGURATION = {"draw_steps": 64, "read_size": 2, "write_size": 5, "latent_size": 100}
"""The configuration in Gregor et al. (2015), table 3."""

LONG = {
    "epochs": 14,
    "learning_rate": 3e-3,
    "learning_rate_decay": "cosine",
    "gradient_norm": 10.0,
}
"""What the preset report adds to it."""

SHORT: Sequence[dict[str, Any]] = (
    {"draw_steps": 16, "epochs": 6, "learning_rate_decay": "none"},
    {"draw_steps": 32, "epochs": 12, "learning_rate_decay": "none"},
)
"""What differs in the trainings before the last, in their order."""

FIELD = {"with attention": 80.97, "without attention": 87.40}
"""Negative bounds on the binarised test images in Gregor et al. (2015), table 2, in nats."""


def curve(stages: Mapping[int, Sequence[float]], test: nats.Nats) -> Figure:
    """The negative bound after each epoch, that of the test images, and the field's.

    Args:
        stages: of the validation images, in nats an image, by the steps T of each training; the
            last is that of the model.
        test: of the test images, by the model.
    """
    figure = grids.sheet(5, 3.4, layout="constrained")
    axes = figure.subplots()
    last = 0
    for number, (steps, validation) in enumerate(stages.items()):
        epochs = range(last + 1, last + 1 + len(validation))
        label = f"validation images, T = {steps}"
        axes.plot(epochs, validation, "o-", color=f"C{number}", markersize=3, label=label)
        last += len(validation)
    for score, label, marker in (
        (test.bound, "test images", "s"),
        (test.log_likelihood, "test images, importance-weighted", "D"),
    ):
        axes.errorbar(
            last,
            score.value,
            yerr=score.error,
            fmt=marker,
            fillstyle="none",
            color="black",
            label=label,
        )
    for (name, value), style in zip(FIELD.items(), ("--", ":"), strict=True):
        label = f"Gregor et al., {name}: {value:.2f}"
        axes.axhline(value, color="grey", linestyle=style, linewidth=1, label=label)
    seen = [bound for validation in stages.values() for bound in validation]
    low = min(*FIELD.values(), test.log_likelihood.value)
    axes.set_ylim(low - 2, max(seen[1:] or seen, default=test.bound.value) + 2)
    axes.set_xlabel("epochs")
    axes.set_ylabel("negative bound, nats an image")
    axes.legend(fontsize=7)
    return figure


DEFAULTS = {"samples": 20, "binarise_seed": 0, "fixed_pixels": False}
"""The script's own flags; with another value the json tells it among the overrides."""


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    text = "codes an image of the importance-weighted estimate, a multiple of 10"
    flags.DEFINE_integer(
        "samples", DEFAULTS["samples"], text, upper_bound=10**5, flag_values=values
    )
    text = "seed of the pixels' draw"
    flags.DEFINE_integer(
        "binarise_seed",
        DEFAULTS["binarise_seed"],
        text,
        lower_bound=0,
        upper_bound=2**31 - 1,
        flag_values=values,
    )
    text = "draw the pixels of training images once too"
    flags.DEFINE_bool("fixed_pixels", bool(DEFAULTS["fixed_pixels"]), text, flag_values=values)


def trainings(options: Options) -> list[Options]:
    """The options of each training, in order; the last is that of the model."""
    asked = dict(options.overrides)
    if options.preset != "report":
        return [dataclasses.replace(options, overrides=CONFIGURATION | asked)]
    whole = CONFIGURATION | LONG
    last = dataclasses.replace(options, overrides=whole | asked)
    short = [each for each in SHORT if each["draw_steps"] < last.overrides["draw_steps"]]
    return [
        *(
            dataclasses.replace(
                options,
                overrides=whole | each | asked | {"draw_steps": each["draw_steps"]},
                runs_dir=options.runs_dir / f"{each['draw_steps']}_steps_first",
            )
            for each in short
        ),
        last,
    ]


def main(argv: Sequence[str]) -> None:
    """Trains DRAW, measures it in nats and plots the curve."""
    options = parse(Script(__doc__, ("draw",), general=MNIST_FLAGS, define=define), argv)
    samples = options.script_flags["samples"]
    if samples < 10 or samples % 10:
        raise UserError(f"--samples must be a positive multiple of 10, not {samples}")
    own = options.script_flags
    anew = not own["fixed_pixels"]
    data = datasets.load_binarised(options.data_dir, own["binarise_seed"], anew)
    all_options = trainings(options)
    show(options, [each.settings("draw", data.name) for each in all_options])
    print(data.source)
    for each in all_options:
        check_run_folder(each, "draw", data)  # before the first training, not after it
    stages: dict[int, list[float]] = {}
    result = None
    for each in all_options:
        result = train(each, "draw", data, first=result)
        if result.interrupted:
            stop(result.interrupted)
        steps = int(result.record["settings"]["draw_steps"])
        stages[steps] = [-one["elbo/elbo"] for one in result.validations]
    assert result, "there is a training"
    images, _ = result.data.test.arrays()
    test = nats.nats(result.model, images, samples=samples)
    result.record["nats"] = {
        "samples": samples,
        "validation": stages[steps],
        "first": [{"draw_steps": it, "validation": stages[it]} for it in stages if it != steps],
        "test": {name: score._asdict() for name, score in test._asdict().items()},
        "field": FIELD,
    }
    for name, score in test._asdict().items():
        print(f"{name.replace('_', ' ')}: {score.value:.2f} ± {score.error:.2f} nats")
    changed = {name: value for name, value in own.items() if value != DEFAULTS[name]}
    told = dataclasses.replace(options, overrides={**options.overrides, **changed})
    publish(told, "draw_likelihood", curve(stages, test), [result])
