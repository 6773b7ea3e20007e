"""Figure 8: images completed by a CVAE that is given their left half (section 4.4.1).

Each row shows a test image, what is given of it, and the image that the model draws. --given names
another part of the image, --completions draws several images a row. The json also tells how well
the missing pixels alone are foretold: an importance-weighted estimate of their likelihood beside
the cross-entropy of a network without z that is trained to predict them; and the bound on the
training images, in test mode, beside the training loss of the originals.

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure8.png and figure8.json. With another --preset or --given its name is added.
"""

from collections.abc import Sequence

import keras
import numpy as np
from absl import flags

from vae_gan_tf.evaluation import completion
from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import grids

_GIVEN = flags.DEFINE_enum("given", "left", completion.PARTS, "the part of an image that is given")
_COMPLETIONS = flags.DEFINE_integer(
    "completions", 1, "how many different images are drawn in a row", lower_bound=1
)
flags.adopt_module_key_flags(experiment)

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


def missing_pixels(result: experiment.Result, part: str) -> dict:
    """How well model and network without z foretell the missing pixels, in nats a test image."""
    settings, data = result.record["settings"], result.data
    keras.utils.set_random_seed(settings["seed"])
    network = completion.deterministic(
        data.image_shape,
        part,
        settings["units"],
        settings["learning_rate"],
    )
    print("Training the network without z that the completions are compared with")
    images, given = data.train.arrays()
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
    """Trains a completing CVAE on each data set and draws a test image of each digit completed."""
    options = experiment.parse_flags(argv)
    part, count = _GIVEN.value, _COMPLETIONS.value
    results = experiment.train_all(options, [f"cvae-{part}"])
    panels = []
    for result in results:
        panels.append(
            grids.Panel(
                experiment.completions(result.model, result.data.test, part, count=count),
                experiment.dataset_title(result.data),
                column_labels=[
                    "Test\nimage",
                    TITLES[part],
                    "Generated\nimage",
                    *[""] * (count - 1),
                ],
            )
        )
        if "scores" in result.record:
            experiment.record_training_bound(result, ORIGINALS if part == "left" else {})
            result.record["missing_pixels"] = missing_pixels(result, part)
    words = ["figure8", *([part] * (part != "left")), *([f"{count}completions"] * (count > 1))]
    experiment.publish(options, "-".join(words), grids.page(panels), results)


if __name__ == "__main__":
    experiment.run_script(main)
