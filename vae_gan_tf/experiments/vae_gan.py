"""VAE beside VAE-GAN: samples and reconstructions of both (sections 2.1 and 3.1).

The report has no figure for these two. Trains what is not trained yet (the same command goes on
with a stopped run), then writes figures/vae_gan.png and vae_gan.json. With another --preset its
name is added; of --preset=improved there is VAE-GAN alone.
"""

from collections.abc import Sequence

from vae_gan_tf.evaluation import pictures
from vae_gan_tf.experiments.flags import Options, Script, each_seed, parse
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import train_all
from vae_gan_tf.experiments.settings import has_preset
from vae_gan_tf.plotting import grids

MODELS = ("vae", "vae-gan")


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS), argv), figure)


def figure(options: Options) -> None:
    """Trains VAE and VAE-GAN on each data set and shows samples and reconstructions."""
    models = [each for each in MODELS if has_preset(options.preset, each)]
    results = train_all(options, models)
    panels = []
    for result in results:
        samples = pictures.samples(result.model)
        pairs = pictures.reconstructions(result.model, *result.data.test.at(slice(50)).arrays())
        heads = ["x", "x\u0303"] * 5
        panels.append(grids.Panel(samples, f"{result.title}: samples"))
        panels.append(grids.Panel(pairs, f"{result.title}: reconstructions", column_labels=heads))
    publish(options, "vae_gan", grids.page(panels), results)
