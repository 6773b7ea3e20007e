"""Figure 6: digits drawn by CVAE, one row a label, for MNIST and SVHN (section 4.3).

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure6.png and figure6.json. With another --preset its name is added.
"""

from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import grids

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Trains CVAE on each data set and draws ten samples of each digit."""
    options = experiment.parse_flags(argv)
    results = experiment.train_all(options, ["cvae"])
    panels = [grids.Panel(experiment.digits(result.model), result.title) for result in results]
    experiment.publish(options, "figure6", grids.page(panels), results)


if __name__ == "__main__":
    experiment.run_script(main)
