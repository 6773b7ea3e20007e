"""Figure 1: the structure of VAE, read from its networks for MNIST (section 2.1).

Nothing is trained and no data set is read. Writes figures/figure1.png, or figure1-custom.png
where a setting such as --architecture or --latent_size is overridden.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import structure
from vae_gan_tf.plotting import diagrams


def main(argv: Sequence[str]) -> None:
    """Draws the structure of VAE."""
    structure.figure(argv, __doc__, "figure1", "vae", diagrams.vae)
