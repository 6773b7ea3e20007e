"""Figures 10 and 11: how DRAW and DRAW-GAN draw, as a picture and as an animation."""

import functools
from collections.abc import Sequence

import numpy as np
from absl import flags
from PIL import Image

from vae_gan_tf import datasets
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.evaluation import pictures
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.experiments.run import Result
from vae_gan_tf.experiments.settings import check_meaningful
from vae_gan_tf.files import write_whole
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.draw import DRAW, Steps
from vae_gan_tf.networks.recurrent import window_size
from vae_gan_tf.plotting import canvases, grids


def define(values: flags.FlagValues) -> None:
    """Defines the flags of both scripts."""
    flags.DEFINE_bool(
        "conditional", False, "conditional DRAW, a row for each label", flag_values=values
    )
    text = (
        "write a GIF as well: an image while it is read (green window) and drawn again (red "
        "window), and a sample"
    )
    flags.DEFINE_bool("animate", False, text, flag_values=values)


def reconstruction_steps(model: DRAW, split: datasets.Split) -> tuple[np.ndarray, Steps]:
    """Images and their reconstructions as they are drawn, with codes drawn from q(z | x).

    The images are the first five of the split; of a conditional model the first of each label.
    """
    conditional = isinstance(model.condition, LabelCondition)
    classes = np.unique(split.labels, return_index=True)[1][: pictures.MOST_CLASSES]
    places = classes if conditional else slice(5)
    images, labels = split.at(places).arrays()
    return images, model.reconstruct_steps(images, model.condition.given(labels), seed=0)


def sample_steps(model: DRAW) -> Steps:
    """Samples as they are drawn: five, or of a conditional model one of each label."""
    condition = model.condition
    if isinstance(condition, LabelCondition):
        return model.sample_steps(np.arange(min(condition.classes, pictures.MOST_CLASSES)), seed=0)
    return model.sample_steps(5, seed=0)


def figure(argv: Sequence[str], doc: str, name: str, model: str, conditional: str) -> None:
    """Trains a model on each data set and shows reconstructions beside samples.

    Args:
        argv: of the script.
        doc: what the script's help says it does.
        name: of the figure.
        model: its name in the zoo.
        conditional: that of the conditional model of --conditional.
    """
    options = parse(Script(doc, (model, conditional), define=define), argv)
    if options.script_flags["conditional"]:
        name, model = f"{name}-conditional", conditional
    for setting, value in options.overrides.items():
        check_meaningful(setting, [model], value)
    each_seed(options, functools.partial(_figure, name, model))


def _figure(name: str, model: str, options: Options) -> None:
    results = train_all(options, [model])
    panels = []
    for result in results:
        drawing = generator(result.model)
        _, again = reconstruction_steps(drawing, result.data.test)
        panels.append(canvases.panel(again, f"{result.title}: reconstructions"))
        panels.append(canvases.panel(sample_steps(drawing), f"{result.title}: samples"))
    path = publish(options, name, grids.page(panels), results)
    for result in results if options.script_flags["animate"] else []:
        # A panel of the picture is an animation of its own.
        ending = f"-{result.data.name}" if len(results) > 1 else ""
        animation = path.with_name(f"{path.stem}{ending}.gif")
        write_whole(animation, canvases.gif(animated(result)))
        print(f"Wrote {animation}")


def animated(result: Result) -> list[Image.Image]:
    """The frames of what the figure shows of a model."""
    model = generator(result.model)
    images, again = reconstruction_steps(model, result.data.test)
    sizes = window_size(model.encoder), window_size(model.decoder)
    return canvases.frames(images, again, sample_steps(model), sizes)
