"""Figure 6: digits sampled from CVAE, one row a label, for MNIST and SVHN (section 4.3).

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure6.png and figure6.json. With another --preset its name is added.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import panels
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.plotting import grids

MODELS = ("cvae",)


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS), argv), figure)


def figure(options: Options) -> None:
    """Trains CVAE on each data set and shows ten samples of each digit."""
    results = train_all(options, MODELS, samples_alone=True)
    shown = [
        panels.of_samples(result.model, result.title, classes=result.data.class_names)
        for result in results
    ]
    publish(options, "figure6", grids.page(shown), results)
