"""Figure 7: digits sampled from CVAE-GAN, one row a label, for MNIST and SVHN (section 4.3).

Over every MNIST digit stands D_y, the probability with which the discriminator takes it for a
real image of the asked label. Trains what is not trained yet (the same command goes on with a
stopped run), then writes figures/figure7.png and figure7.json. With another --preset its name is
added: --preset=quick gives recognisable digits in a few minutes, --preset=improved mends both
panels. Of the last the generator alone is kept, so there is no D_y.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import panels
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.plotting import grids

TITLED = "mnist"
"""The family of data sets whose digits have D_y above them, as in the report."""

MODELS = ("cvae-gan",)


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS), argv), figure)


def figure(options: Options) -> None:
    """Trains CVAE-GAN on each data set and shows ten samples of each digit."""
    results = train_all(options, MODELS, samples_alone=True)
    shown = [
        panels.of_samples(
            result.model, result.title, result.data.family == TITLED, result.data.class_names
        )
        for result in results
    ]
    publish(options, "figure7", grids.page(shown), results)
