"""Figure 4: the structure of a step of DRAW, from its networks for MNIST (section 2.4).

The report shows a VAE beside it, which is figure 1. Nothing is trained and no data set is read.
Writes figures/figure4.png, or figure4-custom.png where a setting such as --read_size or
--latent_size is overridden.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import structure
from vae_gan_tf.plotting import diagrams


def main(argv: Sequence[str]) -> None:
    """Draws the structure of a step of DRAW."""
    structure.figure(argv, __doc__, "figure4", "draw", diagrams.draw_step)
