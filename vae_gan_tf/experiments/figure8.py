"""Figure 8: images completed by a CVAE that is given their left half (section 4.4.1).

Each row shows a test image, what is given of it, and the image that the model samples. --given
names another part of the image, --completions samples several images a row. The json also tells how
well the missing pixels alone are predicted: an importance-weighted estimate of their likelihood
beside the cross-entropy of a network without z that is trained to predict them; and the bound on
the training images, in test mode, beside the training loss of the originals.

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure8.png and figure8.json. With another --preset or --given its name is added.
"""

from collections.abc import Sequence

import keras
import numpy as np
from absl import flags

from vae_gan_tf.datasets import parts
from vae_gan_tf.evaluation import completion, pictures
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.experiments.run import Result, record_training_bound, whole
from vae_gan_tf.experiments.zoo import COMPLETING
from vae_gan_tf.plotting import grids

TITLES = {
    "left": "Left\nhalf",
    "right": "Right\nhalf",
    "top": "Top\nhalf",
    "bottom": "Bottom\nhalf",
    "quadrant": "Quadrant",
    "middle_column": "Middle\ncolumn",
}

ORIGINALS = {"mnist": 78.6, "svhn": 1877.4}
"""The training loss that the originals reached, given the left half, in nats an image."""

PATIENCE = 5
"""Epochs without a better validation loss that end the training of the network without z."""


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    flags.DEFINE_enum(
        "given", "left", list(parts.PARTS), "the part of an image that is given", flag_values=values
    )
    text = "how many different images are sampled in a row"
    flags.DEFINE_integer("completions", 1, text, lower_bound=1, upper_bound=100, flag_values=values)


def missing_pixels(result: Result, part: str) -> dict:
    """How well model and network without z predict the missing pixels, in nats a test image."""
    settings, data = result.record["settings"], result.data
    keras.utils.set_random_seed(settings["seed"])
    network = completion.deterministic(
        data.image_shape,
        part,
        settings["units"],
        settings["learning_rate"],
    )
    print("Training the network without z that the completions are compared with")
    images, given = whole(data.train).arrays()
    history = network.fit(
        given,
        images,
        settings["batch_size"],
        settings["epochs"],
        validation_data=data.validation.arrays()[::-1],
        callbacks=[keras.callbacks.EarlyStopping(patience=PATIENCE, restore_best_weights=True)],
        verbose=2,
    )
    samples = 100
    return {
        "importance_weighted": summary(
            completion.missing_nats(result.model, data.test, part, samples), samples=samples
        ),
        "deterministic": summary(
            completion.deterministic_nats(network, data.test, part),
            epochs=len(history.epoch),
        ),
    }


def summary(nats: np.ndarray, **more) -> dict:
    """The mean over the test images, with its standard error."""
    error = float(nats.std() / np.sqrt(len(nats)))
    return {"nats": float(nats.mean()), "standard_error": error, **more}


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, tuple(COMPLETING.values()), define=define), argv), figure)


def figure(options: Options) -> None:
    """Trains a completing CVAE on each data set and completes a test image of each digit."""
    part, count = options.script_flags["given"], options.script_flags["completions"]
    results = train_all(options, [COMPLETING[part]])
    heads = ["Test\nimage", TITLES[part], "Generated\nimage", *[""] * (count - 1)]
    panels = []
    for result in results:
        images = pictures.completions(result.model, result.data.test, part, count=count)
        panels.append(grids.Panel(images, f"CVAE, {result.data.title}", column_labels=heads))
        if "scores" in result.record:
            record_training_bound(result, ORIGINALS if part == "left" else {})
            result.record["missing_pixels"] = missing_pixels(result, part)
    words = ["figure8", *([part] * (part != "left")), *([f"{count}completions"] * (count > 1))]
    publish(options, "-".join(words), grids.page(panels), results)
