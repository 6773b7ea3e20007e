"""CVAE, CVAE-GAN as reported and improved beside each other, one row a label (section 4.3).

Shows the networks that ship with the package, MNIST above SVHN, and writes
figures/side_by_side-pretrained.png and .json. The scores of these networks are those of
reproduce/scores.py.
"""

import dataclasses
import itertools
from collections.abc import Sequence

from vae_gan_tf.experiments import panels
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import shipped_all
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
    results = shipped_all(options, list(MODELS.values()), samples_alone=True)
    titles = itertools.cycle(MODELS)
    shown = [
        panels.of_samples(result.model, f"{title}, {result.data.title}")
        for title, result in zip(titles, results, strict=False)
    ]
    publish(options, "side_by_side", grids.page(shown, columns=len(MODELS)), results)
