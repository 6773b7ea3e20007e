"""Figure 3: the structure of the semi-supervised VAE, from its networks for MNIST (section 2.3).

Nothing is trained and no data set is read. Writes figures/figure3.png, or figure3-custom.png
where a setting such as --architecture or --latent_size is overridden.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import structure
from vae_gan_tf.plotting import diagrams


def main(argv: Sequence[str]) -> None:
    """Draws the structure of the semi-supervised VAE."""
    structure.figure(argv, __doc__, "figure3", "semi-supervised", diagrams.semi_supervised)
