"""What TensorBoard shows of a run: its settings, pictures, scores and codes."""

import functools
import inspect
import shlex
import sys
from collections.abc import Callable, Mapping

import numpy as np

from vae_gan_tf import datasets, epoch_pictures
from vae_gan_tf.evaluation import latent_space, pictures, scores
from vae_gan_tf.experiments.settings import FIELDS, Settings, preset
from vae_gan_tf.models.adversarial import VAEGAN, generator
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.schema import MadeWith
from vae_gan_tf.training.summaries import Summaries
from vae_gan_tf.training.tags import renamed

SCORED = 1000
"""Samples that the scores of an epoch are of, and validation images beside them."""

EMBEDDED = 1000
"""Validation images whose codes are in the projector, at most."""

REPORT = "https://github.com/Jianbo-Lab/vae-gan"
"""The address that the report gives."""

MEANINGS = {
    "test/elbo": "bound on log p of a test image, nats",
    "test/reconstruction": "its reconstruction term, nats",
    "test/kl": "its KL divergence, nats",
    "test/labelled": "bound on log p(x, y) of a test image, nats",
    "test/error": "share of test images that are misclassified",
    "test/entropy": "entropy of q(y | x), nats",
    "accepted": "share of samples that the judge accepts",
    "label_accuracy": "share of samples that the judge reads as asked",
    "reconstruction_accuracy": "share of reconstructions that it reads as their label",
    "squared_error": "squared error of a reconstruction, summed over pixels",
}
"""What each final score is."""

COLUMNS = {
    "test/error": "test error",
    "label_accuracy": "read as asked",
    "accepted": "accepted",
    "reconstruction_accuracy": "reconstructions read rightly",
    "test/elbo": "test bound, nats",
    "squared_error": "squared error",
    "test/reconstruction": "reconstruction term, nats",
    "test/kl": "KL divergence, nats",
    "test/labelled": "labelled bound, nats",
    "test/entropy": "entropy of q(y | x), nats",
}
"""The heads of the final scores in HPARAMS, in their order."""

NAMED = ("1 model", "2 data set", "3 preset", "4 seed")
"""The settings that name a run there; numbers, for some views sort by name."""

LABELS = "5 labels"
"""That of semi-supervised models."""

ALWAYS = "architecture"
"""The setting that has a column in HPARAMS although it may be the preset's, to filter by."""


def texts(settings: Settings, model: VAE | VAEGAN, made: MadeWith) -> dict[str, str]:
    """What a run is, in Markdown, by name."""
    what = (inspect.getdoc(type(model)) or "").splitlines()[0]
    taken = {name: getattr(settings, name) for name in FIELDS if settings.takes(name)}
    code = made["code"]
    versions = {
        "vae_gan_tf": " ".join([code["version"], code.get("commit", "")]).strip(),
        **made["versions"],
        "processor": made["machine"]["processor"],
        "accelerators": ", ".join(made["machine"]["accelerators"]) or "none",
    }
    program = ["python"] * sys.argv[0].endswith(".py")
    words = [
        f"**{settings.model} on {settings.dataset}**, preset {settings.preset}, seed "
        f"{settings.seed}",
        f"{type(model).__name__}: {what} Sections are those of the [report]({REPORT}).",
        f"    {shlex.join([*program, *sys.argv])}",
    ]
    return {
        "run/1 command": "\n\n".join(words),
        "run/2 settings": _table(("setting", "value"), taken),
        "run/3 versions": _table(("package", "version"), versions),
    }


def _table(heads: tuple[str, str], values: Mapping[str, object]) -> str:
    lines = [f"| {name} | {value} |" for name, value in [heads, ("---", "---"), *values.items()]]
    return "\n".join(lines)


def row(settings: Settings) -> dict[str, object]:
    """The settings of a run in HPARAMS: those that name it, and what differs from its preset."""
    base = preset(settings.preset, settings.model, settings.dataset, settings.form)
    seed = str(settings.seed)  # a number would be shown as 0.0000
    named = dict(zip(NAMED, (settings.model, settings.dataset, settings.preset, seed), strict=True))
    others = {
        name: getattr(settings, name)
        for name in FIELDS
        if settings.takes(name)
        and name not in ("seed", "labels")
        and (name == ALWAYS or getattr(settings, name) != getattr(base, name))
    }
    few = {LABELS: str(settings.labels)} if settings.takes("labels") else {}
    return named | few | others


def each_epoch(
    settings: Settings, data: datasets.Dataset
) -> Callable[[VAE | VAEGAN], dict[str, np.ndarray]]:
    """The pictures after each epoch, [n, height, width, channels] by name, made from a model."""

    def of_model(model: VAE | VAEGAN) -> dict[str, np.ndarray]:
        part, validation = settings.kind.part, data.validation
        images, y = validation.at(slice(20)).arrays()
        samples = (
            pictures.completions(model, validation, part, count=4)
            if part
            else pictures.samples(model)
        )
        return epoch_pictures.shown(model, samples, images, y, validation)

    return of_model


def measures(data: datasets.Dataset) -> Callable[[VAE | VAEGAN], dict[str, float]]:
    """What is measured of a model after each epoch beside the bound."""
    images, y = data.validation.at(slice(latent_space.ENOUGH)).arrays()
    return lambda model: {
        "elbo/codes_in_use": latent_space.codes_in_use(generator(model), images, y)
    }


def sample_scores(
    data: datasets.Dataset, judge: str | None
) -> Callable[[VAE | VAEGAN], dict[str, float]]:
    """The scores of samples beside the validation images; none without a judge."""
    if judge is None:
        return lambda model: {}

    @functools.cache
    def real() -> scores.Judged:
        return scores.judged(*data.validation.at(slice(SCORED)).arrays(), judge)

    return lambda model: renamed("scores", scores.sample_scores(model, real(), judge, SCORED))


def finish(
    summaries: Summaries,
    name: str,
    settings: Settings,
    model: VAE,
    data: datasets.Dataset,
    final: Mapping[str, float],
) -> None:
    """Shows the row of a finished run, its scores as a text, and the codes of its images.

    Args:
        summaries: of the run, begun at its last step.
        name: of the run.
        settings: of the run.
        model: the variational auto-encoder.
        data: whose validation images are shown.
        final: scores by name.
    """
    summaries.columns([*NAMED, LABELS, *sorted(FIELDS.keys() - {"seed", "labels"})], COLUMNS)
    summaries.hparams(name, row(settings), final)
    rounded = {MEANINGS.get(name, name): f"{value:.4g}" for name, value in final.items()}
    summaries.text("run/4 scores", _table(("score", "value"), rounded))
    split = data.validation.at(slice(EMBEDDED))
    images, y = split.arrays()
    summaries.embeddings(latent_space.codes(model, images, y), np.asarray(split.labels), images)
