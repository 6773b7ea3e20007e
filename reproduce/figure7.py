"""Figure 7: digits drawn by CVAE-GAN, one row a label, for MNIST and SVHN (section 4.3).

Over every MNIST digit stands D_y, the probability with which the discriminator takes it for a
real image of the asked label. Trains what is not trained yet (the same command goes on with a
stopped run), then writes figures/figure7.png and figure7.json. With another --preset its name is
added: --preset=quick gives recognisable digits in a few minutes, --preset=improved mends both
panels. Of the last the generator alone is kept, so there is no D_y.
"""

from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.models.adversarial import CVAEGAN
from vae_gan_tf.plotting import grids

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Trains CVAE-GAN on each data set and draws ten samples of each digit."""
    options = experiment.parse_flags(argv)
    results = experiment.train_all(options, ["cvae-gan"])
    panels = []
    for result in results:
        images = experiment.digits(result.model)
        titled = result.data.name == "mnist" and isinstance(result.model, CVAEGAN)
        titles = experiment.cell_probabilities(result.model, images) if titled else None
        panels.append(grids.Panel(images, result.title, cell_titles=titles))
    experiment.publish(options, "figure7", grids.page(panels), results)


if __name__ == "__main__":
    experiment.run_script(main)
