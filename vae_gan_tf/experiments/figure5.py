"""Figure 5: the structure of VAE with GAN, read from its networks for MNIST (section 3.1).

Nothing is trained and no data set is read. Writes figures/figure5.png, or figure5-custom.png
where a setting such as --architecture or --latent_size is overridden.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import structure
from vae_gan_tf.plotting import diagrams


def main(argv: Sequence[str]) -> None:
    """Draws the structure of VAE-GAN."""
    structure.figure(argv, __doc__, "figure5", "vae-gan", diagrams.vae_gan)
