"""CVAE, CVAE-GAN as reported and improved beside each other, one row a label (section 4.3).

Shows the networks that ship with the package, MNIST above SVHN, and writes
figures/side_by_side-pretrained.png and .json. The scores of these networks are those of
reproduce/scores.py.
"""

import dataclasses
from collections.abc import Sequence

from vae_gan_tf.evaluation import pictures
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.run import figure_datasets, load_data, shipped
from vae_gan_tf.plotting import grids

MODELS = {
    "CVAE": ("report", "cvae"),
    "CVAE-GAN": ("report", "cvae-gan"),
    "CVAE-GAN, improved": ("improved", "cvae-gan"),
}
"""Preset and model of each panel."""


def main(argv: Sequence[str]) -> None:
    """Shows ten samples of each digit by each model."""
    script = Script(__doc__, settings=(), general=("dataset", "figures_dir", "data_dir"))
    options = dataclasses.replace(parse(script, argv), pretrained=True)
    names, missing = figure_datasets(options, [model for _, model in MODELS.values()])
    for sentence in missing:
        print(sentence)
    results, panels = [], []
    for name in names:
        data = load_data(options, name)
        for title, (preset, model) in MODELS.items():
            results.append(shipped(preset, model, data))
            images = pictures.samples(results[-1].model)
            panels.append(grids.Panel(images, f"{title}, {data.title}"))
    publish(options, "side_by_side", grids.page(panels, columns=len(MODELS)), results)
