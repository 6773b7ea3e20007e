"""Figures 10 and 11: how DRAW draws, as a picture and as an animation.

`figure` is what the two scripts have in common, with the flags that only they have.
"""

from collections.abc import Sequence

import numpy as np
from absl import flags
from PIL import Image

from vae_gan_tf import datasets
from vae_gan_tf.attention import Windows
from vae_gan_tf.experiments import experiment
from vae_gan_tf.files import write_whole
from vae_gan_tf.models.adversarial import VAEGAN
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.draw import DRAW, Steps
from vae_gan_tf.plotting import canvases, grids

_CONDITIONAL = flags.DEFINE_bool("conditional", False, "conditional DRAW, a row for each label")
_ANIMATE = flags.DEFINE_bool(
    "animate",
    False,
    "write a GIF as well: an image while it is read (green window) and drawn again (red window), "
    "and a sample",
)


def reconstruction_steps(model: DRAW | VAEGAN, split: datasets.Split) -> tuple[np.ndarray, Steps]:
    """Images and the steps of their reconstructions, with codes sampled from q(z | x).

    The images are the first five of the split; of a conditional model the first of each label.
    """
    model = experiment.generator(model)
    conditional = isinstance(model, CVAE)
    places = np.unique(split.labels, return_index=True)[1] if conditional else slice(5)
    images, labels = split.at(places).arrays()
    return images, model.reconstruct_steps(images, labels if conditional else None, seed=0)


def sample_steps(model: DRAW | VAEGAN) -> Steps:
    """The steps of samples: of five, or of a conditional model one of each label."""
    model = experiment.generator(model)
    conditional = isinstance(model, CVAE)
    return model.sample_steps(np.arange(model.condition.classes) if conditional else 5, seed=0)


def figure(argv: Sequence[str], name: str, model: str) -> None:
    """Trains a model on each data set and shows the steps of reconstructions beside samples'.

    Args:
        argv: of the script.
        name: of the figure.
        model: of `settings.MODELS`, the one that is not conditional.
    """
    options = experiment.parse_flags(argv)
    results = experiment.train_all(options, [f"c{model}" if _CONDITIONAL.value else model])
    panels = []
    for result in results:
        _, steps = reconstruction_steps(result.model, result.data.test)
        panels.append(canvases.panel(steps, f"{result.title}: reconstructions"))
        panels.append(canvases.panel(sample_steps(result.model), f"{result.title}: samples"))
    name += "-conditional" if _CONDITIONAL.value else ""
    path = experiment.publish(options, name, grids.page(panels), results)
    for result in results if _ANIMATE.value else []:
        # A panel of the picture is an animation of its own.
        ending = f"-{result.data.name}" if len(results) > 1 else ""
        animation = path.with_name(f"{path.stem}{ending}.gif")
        write_whole(animation, canvases.gif(animated(result)))
        print(f"Wrote {animation}")


def animated(result: experiment.Result) -> list[Image.Image]:
    """The frames of what the figure shows of a model."""
    model = experiment.generator(result.model)
    read, written = (
        next((layer.size for layer in network.layers if isinstance(layer, Windows)), 0)
        for network in (model.encoder, model.decoder)
    )
    images, steps = reconstruction_steps(model, result.data.test)
    return canvases.frames(images, steps, sample_steps(model), (read, written))
