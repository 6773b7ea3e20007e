"""Figure 4: the structure of a step of DRAW, from its networks for MNIST (section 2.4).

The report shows a VAE beside it, which is figure 1. Nothing is trained and no data set is read.
Writes figures/figure4.png, or figure4-custom.png where a setting such as --read_size or
--latent_size is overridden.
"""

from collections.abc import Sequence

from absl import flags

from vae_gan_tf.experiments import experiment
from vae_gan_tf.plotting import diagrams

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Builds DRAW and draws its structure."""
    options = experiment.parse_flags(argv)
    settings = experiment.resolve(options.preset, "draw", "mnist", options.overrides)
    model = experiment.build_model(settings, (28, 28, 1), 10)
    diagrams.save(
        diagrams.draw_step(model), options.figures_dir, "figure4", custom=bool(options.overrides)
    )


if __name__ == "__main__":
    experiment.run_script(main)
