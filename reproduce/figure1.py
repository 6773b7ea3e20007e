"""Figure 1: the structure of VAE, read from its networks for MNIST (section 2.1).

Nothing is trained and no data set is read. Writes figures/figure1.png, or figure1-custom.png
where a setting such as --architecture or --latent_size is overridden.
"""

from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import diagrams

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Builds VAE and draws its structure."""
    options = experiment.parse_flags(argv)
    settings = experiment.resolve(options.preset, "vae", "mnist", options.overrides)
    model = experiment.build_model(settings, (28, 28, 1), 10)
    diagrams.save(
        diagrams.vae(model), options.figures_dir, "figure1", custom=bool(options.overrides)
    )


if __name__ == "__main__":
    experiment.run_script(main)
