"""VAE beside VAE-GAN: samples and reconstructions of both (sections 2.1 and 3.1).

The report has no figure for these two. Trains what is not trained yet (the same command goes on
with a stopped run), then writes figures/vae_gan.png and vae_gan.json. With another --preset its
name is added.
"""

from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import grids

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Trains VAE and VAE-GAN on each data set and draws samples and reconstructions."""
    options = experiment.parse_flags(argv)
    results = experiment.train_all(options, ["vae", "vae-gan"])
    panels = []
    for result in results:
        samples = experiment.digits(result.model)
        pairs = experiment.reconstructions(result.model, result.data.test)
        panels.append(grids.Panel(samples, f"{result.title}: samples"))
        panels.append(
            grids.Panel(
                pairs, f"{result.title}: reconstructions", column_labels=["x", "x\u0303"] * 5
            )
        )
    experiment.publish(options, "vae_gan", grids.page(panels, columns=4), results)


if __name__ == "__main__":
    experiment.run_script(main)
