"""CVAE, CVAE-GAN as reported and improved beside each other, one row a label (section 4.3).

Draws by the networks that ship with the package, MNIST above SVHN, and writes
figures/side_by_side-pretrained.png and .json. The scores of these networks are those of
reproduce/scores.py.
"""

import dataclasses
from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import grids

MODELS = {
    "CVAE": ("report", "cvae"),
    "CVAE-GAN": ("report", "cvae-gan"),
    "CVAE-GAN, improved": ("improved", "cvae-gan"),
}
"""Preset and model of each panel."""

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Draws ten samples of each digit by each model."""
    options = experiment.parse_flags(argv)
    experiment.check_only_ships(options)
    names, missing = experiment.figure_datasets(options, [model for _, model in MODELS.values()])
    for sentence in missing:
        print(sentence)
    results, panels = [], []
    for name in names:
        data = experiment.load_data(options, name)
        for title, (preset, model) in MODELS.items():
            results.append(experiment.shipped(preset, model, data))
            images = experiment.digits(results[-1].model)
            panels.append(grids.Panel(images, f"{title}, {experiment.dataset_title(data)}"))
    picture = grids.page(panels, columns=len(MODELS))
    of_shipped = dataclasses.replace(options, pretrained=True)
    experiment.publish(of_shipped, "side_by_side", picture, results)


if __name__ == "__main__":
    experiment.run_script(main)
