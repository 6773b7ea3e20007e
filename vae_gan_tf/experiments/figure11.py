"""Figure 11: images drawn by DRAW-GAN, step by step (sections 3.4 and 4.6).

Left, test images drawn again, right, samples; a row an image, a column the canvas after a step.
--conditional draws a row for each label, --animate writes a GIF of the drawing beside the picture.

Trains what is not trained yet (the same command goes on with a stopped run), then writes
figures/figure11.png and figure11.json. With another --preset, or --conditional, its name is added.
"""

from collections.abc import Sequence

from vae_gan_tf.experiments import drawing


def main(argv: Sequence[str]) -> None:
    """Trains DRAW-GAN on each data set and shows reconstructions and samples."""
    drawing.figure(argv, __doc__, "figure11", "draw-gan", "cdraw-gan")
