"""The space of the codes, beyond the report: paths between images, and a picture of all of it.

Left, the way from one test image to another in the code of a VAE; right, what a VAE whose code has
two numbers draws for each of them. The PROJECTOR tab of TensorBoard shows where test images lie in
both codes, with labels and thumbnails, from the folders latent_space... of --runs_dir.

Draws MNIST unless --dataset names other sets. Trains what is not trained yet (the same command goes
on with a stopped run), then writes figures/latent_space-mnist.png and latent_space-mnist.json. With
another --preset its name takes the place of the data set's.
"""

import dataclasses
from collections.abc import Sequence

from vae_gan_tf import datasets
from vae_gan_tf.evaluation import latent_space
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.plotting import grids
from vae_gan_tf.training.summaries import Summaries

PATHS = 10
EMBEDDED = 1000
"""Test images shown in the projector, at most."""

MODELS = ("vae", "vae-2d")


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS), argv), figure)


def figure(options: Options) -> None:
    """Trains both VAEs, shows the two panels and writes the embeddings."""
    options = dataclasses.replace(options, datasets=options.datasets or (datasets.DEFAULT,))
    results = train_all(options, MODELS)
    panels = []
    for result in results:
        model, test = result.model, result.data.test
        if model.latent_size == 2:
            panel = grids.Panel(latent_space.manifold(model), f"{result.title}: all codes")
        else:
            pairs = min(PATHS, len(test.images) // 2)
            images, _ = test.at(slice(2 * pairs)).arrays()
            paths = latent_space.interpolate(model, images[::2], images[1::2])
            panel = grids.Panel(paths, f"{result.title}: from image to image")
        panels.append(panel)
    path = publish(options, "latent_space", grids.page(panels), results)
    for result, panel in zip(results, panels, strict=True):
        folder = options.runs_dir / path.stem / result.record["weights"]["name"]
        if result.taken and (folder / "validation" / "projector_config.pbtxt").exists():
            continue  # the last file of an earlier command
        images, labels = result.data.test.at(slice(EMBEDDED)).arrays()
        with Summaries(folder) as summaries:
            summaries.begin(0)
            summaries.images(0, "latent space", grids.tile(panel.images)[None])
            summaries.embeddings(result.model.encode(images).mean(), labels, images)
