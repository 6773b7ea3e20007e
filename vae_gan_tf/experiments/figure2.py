"""Figure 2: the structure of CVAE, read from its networks for MNIST (section 2.2).

Nothing is trained and no data set is read. Writes figures/figure2.png, or figure2-custom.png
where a setting such as --architecture or --latent_size is overridden.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import structure
from vae_gan_tf.plotting import diagrams


def main(argv: Sequence[str]) -> None:
    """Draws the structure of CVAE."""
    structure.figure(argv, __doc__, "figure2", "cvae", diagrams.vae)
