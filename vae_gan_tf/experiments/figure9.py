"""Figure 9: the style of a test image transferred to all digits by a CVAE (section 4.4.2).

Each row shows a test image and what its code z, sampled from q(z | x, y), gives with each label.
--fresh_code samples a z for each label instead, as the published pictures did. The json tells how
far the style is kept: the correlation between an image and its outputs of stroke thickness and
slant for MNIST, of mean colour and contrast for SVHN, beside that of shuffled pairs; and for MNIST
the share of the outputs that a classifier reads as the asked digit. Each is a pair, the value and
its standard error. It also tells the bound on the training images, in test mode, beside which the
originals' training loss can be put.

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure9.png and figure9.json. With another --preset its name is added.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.evaluation import pictures, scores, style
from vae_gan_tf.experiments import panels
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.experiments.run import Result, record_training_bound
from vae_gan_tf.plotting import grids

ROWS = {"mnist": 12}
"""Rows of a panel, as in the originals; those of SVHN have one more."""

ORIGINALS = {"mnist": 94.2, "svhn": 1908.9}
"""The training loss that the originals reached, in nats an image."""

MEASURED = 1000
"""Test images, evenly spread over the set, that the style is measured on."""

MEASURES = {
    1: {"thickness": style.thickness, "slant": style.slant},
    3: {"mean_colour": style.mean_colour, "contrast": style.contrast},
}
"""What is measured of grey images and of colour images."""


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flag."""
    flags.DEFINE_bool("fresh_code", False, "sample a code anew for each label", flag_values=values)


def evenly(split: datasets.Split, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images evenly spread over the split, so many of them, and their labels."""
    total = len(split.images)
    return split.at(np.arange(count) * total // count).arrays()


def kept(result: Result, fresh_code: bool) -> dict:
    """How far the style of test images is kept, by the fitting measures."""
    images, labels = evenly(result.data.test, min(MEASURED, len(result.data.test.images)))
    targets = range(result.data.num_classes)
    outputs = style.transfer(result.model, images, labels, targets, fresh_code=fresh_code)
    record: dict[str, Any] = {"images": len(images)}
    for name, measure in MEASURES.get(images.shape[-1], {}).items():
        record[name] = style.kept(measure, images, outputs)._asdict()
    if images.shape[-1] == 1 and result.data.judge:
        asked = np.tile(targets, len(images))
        flat = np.reshape(outputs, [-1, *images.shape[1:]])
        record["label_accuracy"] = scores.label_accuracy(
            scores.judged(flat, asked, result.data.judge)
        )
    return record


MODELS = ("cvae-simple",)


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS, define=define), argv), figure)


def figure(options: Options) -> None:
    """Trains a simple CVAE on each data set and shows test images as all digits."""
    fresh_code = options.script_flags["fresh_code"]
    results = train_all(options, MODELS)
    shown = []
    for result in results:
        images, labels = evenly(result.data.test, ROWS.get(result.data.family, 13))
        targets = range(min(result.data.num_classes, pictures.MOST_CLASSES))
        outputs = style.transfer(result.model, images, labels, targets, fresh_code=fresh_code)
        names = panels.short(result.data.class_names)[: len(targets)]
        named = names or [f"Gen. {label}" for label in targets]
        shown.append(
            grids.Panel(
                np.concatenate([images[:, None], outputs], axis=1),
                f"CVAE, {result.data.title}",
                column_labels=["Input", *named],
            )
        )
        record_training_bound(result, ORIGINALS)
        result.record["style"] = kept(result, fresh_code)
    publish(options, f"figure9{'-fresh_code' * fresh_code}", grids.page(shown, columns=1), results)
