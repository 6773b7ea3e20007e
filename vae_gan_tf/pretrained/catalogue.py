"""The catalogue of the models that ship: what each is, how it was made, where that is recorded."""

from pathlib import Path
from typing import NamedTuple

from vae_gan_tf import schema
from vae_gan_tf.catalogue import Catalogue

AGAIN = "name the folder figures/ of the repository"


class Shipped(NamedTuple):
    """A model that ships with the package; of one trained with a GAN, mostly its generator."""

    kind: str
    """Its class."""
    networks: str
    """Its networks, and what is special about it."""
    dataset: str
    """The data set that it was trained on."""
    command: str
    """The script in ``reproduce/``, with its flags, that trained it."""
    record: str
    """The json in ``figures/`` that records the training: settings, losses, scores, machine."""


SHIPPED: Catalogue[Shipped] = Catalogue(
    "shipped model",
    {
        "vae-mnist": Shipped("VAE", "section 4.3", "mnist", "vae_gan.py", "vae_gan"),
        "vae-svhn_small": Shipped(
            "VAE", "section 4.3", "svhn_small", "vae_gan.py --dataset=svhn_small", "vae_gan"
        ),
        "vae-gan-mnist": Shipped(
            "VAE", "section 4.3, trained with a GAN", "mnist", "vae_gan.py", "vae_gan"
        ),
        "vae-gan-svhn_small": Shipped(
            "VAE",
            "section 4.3, trained with a GAN",
            "svhn_small",
            "vae_gan.py --dataset=svhn_small",
            "vae_gan",
        ),
        "vae-gan-improved-mnist": Shipped(
            "VAE",
            "improved, trained with a GAN",
            "mnist",
            "vae_gan.py --preset=improved",
            "vae_gan-improved",
        ),
        "vae-gan-improved-svhn_small": Shipped(
            "VAE",
            "improved, trained with a GAN",
            "svhn_small",
            "vae_gan.py --preset=improved --dataset=svhn_small",
            "vae_gan-improved",
        ),
        "vae-2d-mnist": Shipped(
            "VAE",
            "section 4.4, a code of two numbers",
            "mnist",
            "latent_space.py",
            "latent_space-mnist",
        ),
        "cvae-mnist": Shipped("CVAE", "section 4.3", "mnist", "figure6.py", "figure6"),
        "cvae-svhn_small": Shipped(
            "CVAE", "section 4.3", "svhn_small", "figure6.py --dataset=svhn_small", "figure6"
        ),
        "cvae-gan-mnist": Shipped("CVAEGAN", "section 4.3", "mnist", "figure7.py", "figure7"),
        "cvae-gan-svhn_small": Shipped(
            "CVAEGAN", "section 4.3", "svhn_small", "figure7.py --dataset=svhn_small", "figure7"
        ),
        "cvae-gan-improved-mnist": Shipped(
            "CVAE",
            "improved, trained with a GAN",
            "mnist",
            "figure7.py --preset=improved",
            "figure7-improved",
        ),
        "cvae-gan-improved-svhn_small": Shipped(
            "CVAE",
            "improved, trained with a GAN",
            "svhn_small",
            "figure7.py --preset=improved --dataset=svhn_small",
            "figure7-improved",
        ),
        "cvae-left-mnist": Shipped(
            "CVAE", "section 4.4, given left halves", "mnist", "figure8.py", "figure8"
        ),
        "cvae-simple-mnist": Shipped("CVAE", "section 4.4", "mnist", "figure9.py", "figure9"),
        "cvae-simple-svhn_small": Shipped(
            "CVAE", "section 4.4", "svhn_small", "figure9.py --dataset=svhn_small", "figure9"
        ),
        "semi-supervised-improved-mnist": Shipped(
            "SemiSupervisedVAE",
            "improved ones of section 4.5, 1000 labels",
            "mnist",
            "table1_samples.py --preset=improved",
            "table1_samples-improved",
        ),
        "semi-supervised-gan-improved-mnist": Shipped(
            "SemiSupervisedVAE",
            "improved ones of section 4.5, 1000 labels, trained with a GAN",
            "mnist",
            "table1_samples.py --preset=improved",
            "table1_samples-improved",
        ),
        "draw-mnist": Shipped("DRAW", "section 4.6", "mnist", "figure10.py --animate", "figure10"),
        "draw-gan-mnist": Shipped(
            "DRAW", "section 4.6, trained with a GAN", "mnist", "figure11.py", "figure11"
        ),
        "draw-gan-improved-mnist": Shipped(
            "DRAW",
            "section 4.6, trained with a GAN of an improved discriminator",
            "mnist",
            "figure11.py --preset=improved",
            "figure11-improved",
        ),
        "cdraw-mnist": Shipped(
            "CDRAW",
            "section 4.6, given labels",
            "mnist",
            "figure10.py --conditional --dataset=mnist",
            "figure10-conditional-mnist",
        ),
        "mnist-classifier": Shipped(
            "Sequential", "those of `judges`", "mnist", "classifier.py", "classifier"
        ),
        "svhn_small-classifier": Shipped(
            "Sequential",
            "those of `judges`",
            "svhn_small",
            "classifier.py --dataset=svhn_small",
            "classifier-svhn_small",
        ),
    },
)
"""Each model that ships, by its name."""


def training(name: str, figures: str | Path = "figures") -> dict:
    """The record of a shipped model's training: settings, losses, bound and scores, as in its json.

    Args:
        name: one of `SHIPPED`.
        figures: the folder ``figures/`` of the repository, which is not part of an installed
            package.

    Raises:
        UserError: no model of that name ships; the json cannot be read.
    """
    content = schema.read(Path(figures) / f"{SHIPPED[name].record}.json", AGAIN)
    return next(run for run in content.get("runs", [content]) if run["weights"]["name"] == name)


def scores(name: str, figures: str | Path = "figures") -> dict[str, list[float]]:
    """The scores of a shipped model in the table of scores, each a value and its standard error.

    They are those that ``reproduce/scores.py`` measured, which is of models that sample whole
    images: {} for another.

    Args:
        name: one of `SHIPPED`.
        figures: the folder ``figures/`` of the repository.

    Raises:
        UserError: no model of that name ships; the json cannot be read.
    """
    SHIPPED[name]  # refuses other names
    rows = schema.read(Path(figures) / "scores.json", AGAIN)["rows"]
    return next((row["scores"] for row in rows if name == f"{row['model']}-{row['dataset']}"), {})
