"""The lessons of section 6, tried: short trainings with one thing changed, three seeds each.

- Batch normalisation makes a model less sensitive to the learning rate, and brings the loss down.
- Pools are not helpful in VAEs and GANs.
- A learning rate of 0.0001 is the one for GANs, 0.001 for VAEs.

CVAE is measured by its bound on the validation images, CVAE-GAN by 5 000 samples beside them
(`vae_gan_tf.scores`). All else is as in the preset, but for --epochs, 2 by default.

Trains run by run and writes figures/ablations.md, .csv and .json, and a picture a model, after
each. A run that the
json holds is not repeated, so the same command goes on where it stopped.
"""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.evaluation import scores
from vae_gan_tf.experiments import sweeps
from vae_gan_tf.experiments.flags import TABLE_FLAGS, Script, parse, seeds
from vae_gan_tf.experiments.run import Result
from vae_gan_tf.experiments.tables import KeptTable, slug
from vae_gan_tf.plotting import grids
from vae_gan_tf.schema import Amount

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHANGES = {
    "as in section 4.3": {},
    "without batch normalisation": {"batch_normalisation": False},
    "with pools": {"pools": True},
}
"""What is changed in the networks."""

RATES = {"cvae": (1e-4, 1e-3, 1e-2), "cvae-gan": (1e-4, 1e-3)}
"""The learning rates of each model; pools are tried with the report's alone."""

REPORT = {"cvae": 1e-3, "cvae-gan": 1e-4}
"""The learning rates of the report."""

SCORES = {
    "bound": "negative bound, nats",
    "label_accuracy": "read as asked, %",
    "accepted": "accepted, %",
    "diversity_worst_class": "diversity, worst class",
    "frechet_distance": "Frechet distance",
}
"""The head of each score; the first is CVAE's, the others are CVAE-GAN's."""

BETTER = {
    "bound": "↓",
    "label_accuracy": "↑",
    "accepted": "↑",
    "diversity_worst_class": "→\u00a01",
    "frechet_distance": "↓",
}
"""Which way of each score is better."""

DRAWN = 5000
"""Samples that CVAE-GAN is measured by."""


def rows(models: Sequence[str] = tuple(RATES)) -> dict[str, tuple[str, dict]]:
    """The model of each row, and the settings that it adds to the preset."""
    return {
        f"{model.upper()}, {change}, learning rate {rate:g}": (
            model,
            {"learning_rate": rate, **settings},
        )
        for model in models
        for change, settings in CHANGES.items()
        for rate in RATES[model]
        if not settings.get("pools") or rate == REPORT[model]
    }


class Cell(TypedDict):
    """A run as its file holds it."""

    row: str
    settings: sweeps.Stored
    measured: dict[str, float]
    wall_seconds: Amount


def measured(result: Result) -> dict:
    """What is measured of a run, for the json."""
    found = {"validations": [-each["elbo/elbo"] for each in result.validations]}
    if result.record["settings"]["model"] == "cvae":
        return found | {"measured": {"bound": found["validations"][-1]}}
    count = min(DRAWN, len(result.data.validation.images))
    drawn = scores.judged(*scores.samples(result.model, count), result.data.judge)
    real = scores.judged(*result.data.validation.at(slice(count)).arrays(), result.data.judge)
    every = scores.all_scores(drawn, real)
    return found | {"measured": {name: every[name].value for name in SCORES if name in every}}


def values(runs: Sequence[dict], row: str, score: str) -> list[float]:
    """A score of each run of a row, in the unit of its head."""
    factor = 100 if SCORES[score].endswith("%") else 1
    return [
        factor * run["measured"][score]
        for run in runs
        if run["row"] == row and score in run.get("measured", {})
    ]


def table(runs: Sequence[dict], shown: Sequence[str]) -> list[list[str]]:
    """The lines of the table, the heads first."""
    lines = [["", *SCORES.values(), "diverged"]]
    for row in shown:
        cells = [sweeps.mean_and_deviation(values(runs, row, score)) for score in SCORES]
        diverged = sum(run["row"] == row and "diverged" in run for run in runs)
        lines.append([row, *cells, str(diverged or "-")])
    return lines


def picture(runs: Sequence[dict], model: str, shown: Sequence[str]) -> Figure:
    """A panel for each score of a model: a row a change, a point a run, a line their mean.

    Args:
        runs: of all models.
        model: its name.
        shown: the rows of the table that are its.
    """
    names = [name for name in SCORES if any(values(runs, row, name) for row in shown)]
    width = grids.TEXT_INCHES if len(names) > 1 else 0.7 * grids.TEXT_INCHES
    figure = grids.sheet(width, 0.17 * len(shown) + 0.75, 300, layout="constrained")
    figure.suptitle(model.upper(), fontsize=grids.TITLE)
    panels = figure.subplots(1, max(1, len(names)), sharey=True, squeeze=False)[0]
    heads = [row.removeprefix(f"{model.upper()}, ") for row in shown]
    for axes, name in zip(panels, names, strict=False):
        for place, row in enumerate(shown):
            found = values(runs, row, name)
            axes.plot(found, [place] * len(found), "o", color="tab:blue", alpha=0.6, markersize=2.5)
            if found:
                axes.plot(statistics.mean(found), place, "|", color="tab:red", markersize=8)
        axes.set_title(textwrap.fill(f"{SCORES[name]} {BETTER[name]}", 13), fontsize=grids.LABEL)
        axes.tick_params(labelsize=grids.CELL_TITLE, length=2)
        axes.margins(x=0.15)
        axes.locator_params("x", nbins=3)
        axes.grid(axis="y", alpha=0.3)
        axes.set_yticks(range(len(shown)), heads)
        axes.set_ylim(len(shown) - 0.5, -0.5)
    return figure


def write(runs: Sequence[dict], shown: Sequence[str], kept: KeptTable) -> None:
    """Writes the table's files."""
    note = (
        "Mean ± standard deviation over runs (their number). The bound is that of the validation "
        f"images; the other scores are of at most {DRAWN} samples beside these. Diverged: "
        "runs whose loss ceased to be finite."
    )
    record = {"table": "ablations", "runs": runs}
    of_models = {model: [row for row in rows([model]) if row in shown] for model in RATES}
    pictures = {
        f"-{model}": picture(runs, model, those) for model, those in of_models.items() if those
    }
    kept.write(table(runs, shown), note, pictures, record)


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    models = list(RATES)
    flags.DEFINE_multi_enum("model", models, models, "of these models only", flag_values=values)
    sweeps.define_seeds(values)


def main(argv: Sequence[str]) -> None:
    """Trains what is missing of the table and writes it after each run."""
    varies = ("seed", "learning_rate", "batch_normalisation", "pools")
    script = Script(__doc__, tuple(RATES), varies=varies, general=TABLE_FLAGS, define=define)
    options = parse(script, argv)
    asked_models = options.script_flags["model"]
    epochs = {"epochs": 2} if options.preset == "report" else {}
    asked = [
        sweeps.Run(
            row,
            model,
            {**epochs, **options.overrides, **settings, "seed": seed},
            folder=f"ablations/{slug(row)}",
        )
        for seed in seeds(options)
        for row, (model, settings) in rows(asked_models).items()
    ]
    kept = sweeps.kept_table(options, "ablations", Cell)

    def write_table(runs: list[dict]) -> None:
        done = {each["row"] for each in runs}
        models = [it for it in RATES if it in asked_models or done & rows([it]).keys()]
        write(runs, list(rows(models)), kept)

    sweeps.fill(options, datasets.DEFAULT, asked, kept, write_table, measured)
    kept.show()
