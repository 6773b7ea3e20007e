"""Table 1: the test error of the semi-supervised models with few labels (section 4.5).

Rows are the fully connected model, the convolutional one, and that with a GAN; columns 1000 and 600
labels. Each cell is trained with several seeds, which choose labels, weights and order, and holds
mean and standard deviation of their test errors in percent, beside the report's number. Below
stand those of Kingma et al. (2014): their M2, which is the model of this table, and their M1+M2,
which the report quotes.

Trains run by run and writes figures/table1.md, .csv, .json, .png and .pdf after each. A run that
the json holds is not repeated, so the same command goes on where it stopped, and fills in what is
missing.
The picture shows the validation error after each epoch too.
With another --preset its name is added; "improved" has the convolutional rows alone, and more of
them, with something taken away. "quick" has these networks too, and trains the convolutional row
with 1000 labels once, in a minute or two.
"""

from __future__ import annotations

import dataclasses
import statistics
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import sweeps
from vae_gan_tf.experiments.flags import TABLE_FLAGS, Options, Script, parse, seeds
from vae_gan_tf.experiments.presets import FEW_STEPS
from vae_gan_tf.experiments.run import Result
from vae_gan_tf.experiments.tables import KeptTable, slug
from vae_gan_tf.plotting import grids
from vae_gan_tf.schema import Amount, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "Fully connected": ("semi-supervised", {"architecture": "fully_connected"}),
    "Convolutional": ("semi-supervised", {"architecture": "convolutional"}),
    "Convolutional with GAN": ("semi-supervised-gan", {"architecture": "convolutional"}),
}
"""The model of each row and its networks."""

CHANGES: dict[str, dict[str, dict[str, Any]]] = {
    "report": {
        "Convolutional": {"epochs": 3, **FEW_STEPS},
        "Convolutional with GAN": {"epochs": 2, **FEW_STEPS},
    },
}
"""What rows change in a preset."""

QUICK: dict[str, Any] = {"row": ["Convolutional"], "column": [1000], "seeds": "1"}
"""What the preset quick trains where flags do not say otherwise."""

WHOLE: dict[str, Any] = {"row": (), "column": [1000, 600], "seeds": "3"}
"""What other presets do: all rows."""

IMPROVED: dict[str, tuple[str, dict[str, Any]]] = {
    "Convolutional": ("semi-supervised", {}),
    "Convolutional with GAN": ("semi-supervised-gan", {}),
}
"""The rows of the presets improved and quick, which have other networks, convolutional ones."""

REPORT = {
    "Fully connected": {1000: 5.1, 600: 12.0},
    "Convolutional": {1000: 4.8, 600: 6.2},
    "Convolutional with GAN": {1000: 8.1, 600: 9.2},
}
"""The test errors in the report, in percent."""

AS_WITH_GAN = "Convolutional, as with GAN"
"""The row of the preset "improved" whose settings are those of the row with GAN."""

CONTROL: dict[str, tuple[str, dict[str, Any]]] = {
    AS_WITH_GAN: ("semi-supervised", {"consistency": 0.0, "epochs": 3}),
    "With GAN, adversarial weight 0": ("semi-supervised-gan", {"adversarial_weight": 0.0}),
    "Convolutional, no image moved": ("semi-supervised", {"shift": 0}),
}
"""What the preset "improved" has besides: how much of the effect is the GAN's, how much of it the
generator's adversary's, and how much that of moved images, with consistency, which Kingma et al. do
not have."""

COMPARED = (
    ("Convolutional with GAN", "With GAN, adversarial weight 0"),
    ("Convolutional", "Convolutional, no image moved"),
)
"""Rows whose errors are compared, seed by seed; besides, one with GAN and one without."""

KINGMA = {
    "Kingma et al., M2": {1000: (3.60, 0.56), 600: (4.94, 0.13)},
    "Kingma et al., M1+M2": {1000: (2.40, 0.02), 600: (2.59, 0.05)},
}
"""Mean and standard deviation of the test errors in Kingma et al. (2014), in percent."""


Scores = TypedDict("Scores", {"test/error": Share})
"""Of the scores of a run the share of test images that it does not read as their labels."""


class Cell(TypedDict):
    """A run as its file holds it."""

    row: str
    settings: sweeps.Stored
    scores: Scores
    validation_errors: list[Share]
    wall_seconds: Amount


def validation_errors(result: Result) -> dict:
    """The error on the validation images after each epoch, for the json."""
    errors = [each["classification/error"] for each in result.validations]
    return {"validation_errors": errors}


def errors(runs: Sequence[dict]) -> dict[tuple[str, int], list[float]]:
    """The test errors in percent of each cell, by row and number of labels."""
    found: dict[tuple[str, int], list[float]] = {}
    for run in runs:
        if "diverged" not in run:
            cell = run["row"], run["settings"]["labels"]
            found.setdefault(cell, []).append(100 * run["scores"]["test/error"])
    return found


def differences(runs: Sequence[dict]) -> dict[tuple[str, str, int], list[float]]:
    """The test errors in percent of one row less those of another, seed by seed.

    Of the rows `COMPARED`, and of that with GAN less one without, for each number of labels that
    both have. In the preset improved the one without is `AS_WITH_GAN`, whose other settings are
    alike; in the others it is "Convolutional", whose epochs and learning rate may be others.
    """
    by_seed: dict[tuple[str, int], dict[int, float]] = {}
    for run in runs:
        if "diverged" not in run:
            cell = by_seed.setdefault((run["row"], run["settings"]["labels"]), {})
            cell[run["settings"]["seed"]] = 100 * run["scores"]["test/error"]
    found = {}
    improved = any(run["settings"].get("preset") == "improved" for run in runs)
    plain = AS_WITH_GAN if improved else "Convolutional"
    for row, other in (("Convolutional with GAN", plain), *COMPARED):
        for labels in columns_shown(runs):
            mine, theirs = by_seed.get((row, labels), {}), by_seed.get((other, labels), {})
            if both := sorted(mine.keys() & theirs.keys()):
                found[row, other, labels] = [mine[seed] - theirs[seed] for seed in both]
    return found


def difference_sentences(runs: Sequence[dict]) -> list[str]:
    """Mean and standard error of each of the `differences`."""
    return [
        f"{row} less {other}, {labels} labels, seed by seed: {statistics.mean(values):+.2f} ± "
        f"{statistics.stdev(values) / len(values) ** 0.5:.2f} (mean and its standard error, "
        f"{len(values)} pairs)."
        for (row, other, labels), values in differences(runs).items()
        if len(values) > 1
    ]


def columns_shown(runs: Sequence[dict]) -> list[int]:
    """The numbers of labels: the report's, and others that runs have."""
    return sorted({labels for _, labels in errors(runs)} | {1000, 600}, reverse=True)


def table(runs: Sequence[dict], rows: Sequence[str]) -> list[list[str]]:
    """The lines of the table, the heads first."""
    found, columns = errors(runs), columns_shown(runs)
    heads = [["", *(f"{n} labels, {what}" for n in columns for what in ("here", "report"))]]
    lines = [
        [
            row,
            *(
                text
                for n in columns
                for text in (
                    sweeps.mean_and_deviation(found.get((row, n), [])),
                    str(REPORT.get(row, {}).get(n, "-")),
                )
            ),
        ]
        for row in rows
    ]
    for name, values in KINGMA.items():
        texts = [
            f"{values[n][0]:.2f} ± {values[n][1]:.2f}" if n in values else "-" for n in columns
        ]
        lines.append([name, *(text for each in texts for text in (each, "-"))])
    return heads + lines


def picture(runs: Sequence[dict], rows: Sequence[str]) -> Figure:
    """Above the test error of each run beside the report's number; below the way to it."""
    columns = columns_shown(runs)
    width = grids.TEXT_INCHES * max(1, len(columns) / 2)
    figure = grids.sheet(width, 3.4 + 0.4 * len(rows), 200, layout="constrained")
    heights = [0.4 * len(rows), 2]
    grid = figure.subplots(2, len(columns), sharey="row", squeeze=False, height_ratios=heights)
    for (above, below), labels in zip(grid.T, columns, strict=True):
        above.set_title(f"{labels} labels", fontsize=grids.TITLE)
        draw_errors(above, errors(runs), rows, labels)
        draw_curves(below, runs, rows, labels)
        below.set_yscale("log", subs=(1.2, 1.5, 2, 3, 5))
        below.yaxis.set_major_formatter("{x:g}")
        below.yaxis.set_minor_formatter("{x:g}")
        above.xaxis.set_major_formatter("{x:g}")
        # 0.8 and 0.9 would run into 1.
        above.xaxis.set_minor_formatter(lambda x, _: f"{x:g}" if f"{x:e}"[0] in "235" else "")
        for axes in (above, below):
            axes.tick_params(which="both", labelsize=grids.LABEL)
    (above, below), *_ = grid.T
    below.set_ylabel("validation error, %", fontsize=grids.TITLE)
    lines, names = (
        [each for axes in (above, below) for each in axes.get_legend_handles_labels()[part]]
        for part in (0, 1)
    )
    figure.legend(lines, names, fontsize=grids.CELL_TITLE, loc="outside lower center", ncols=3)
    return figure


def draw_errors(axes: Axes, found: dict, rows: Sequence[str], labels: int) -> None:
    """The test errors of a number of labels, seeds from top to bottom; Kingma et al. as lines."""
    for place, row in enumerate(rows):
        values = found.get((row, labels), [])
        places = place + 0.08 * (np.arange(len(values)) - (len(values) - 1) / 2)
        axes.plot(values, places, "o", color=f"C{place}", alpha=0.6, markersize=4)
        if values:
            axes.vlines(statistics.mean(values), place - 0.3, place + 0.3, color=f"C{place}")
        if labels in REPORT.get(row, {}):
            axes.plot(REPORT[row][labels], place, "D", color="black", fillstyle="none")
    axes.plot([], [], "D", color="black", fillstyle="none", label="report")
    for (name, values), style in zip(KINGMA.items(), (":", "--"), strict=True):
        if labels in values:
            value = values[labels][0]
            axes.axvline(value, color="grey", linestyle=style, linewidth=1, label=name)
    axes.set_xscale("log")
    axes.set_xlabel("test error, %, of runs; line: mean", fontsize=grids.TITLE)
    axes.set_yticks(range(len(rows)), [textwrap.fill(row, 22) for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)


def draw_curves(axes: Axes, runs: Sequence[dict], rows: Sequence[str], labels: int) -> None:
    """The validation error of each run after each epoch."""
    for number, row in enumerate(rows):
        axes.plot([], [], "o-", color=f"C{number}", markersize=3, label=row)
        for run in runs:
            if (run["row"], run["settings"]["labels"]) == (row, labels) and "diverged" not in run:
                values = 100 * np.array(run["validation_errors"])
                epochs = np.arange(len(values)) + 1
                axes.plot(epochs, values, "o-", color=f"C{number}", markersize=3, alpha=0.6)
    axes.set_xlabel("epochs", fontsize=grids.TITLE)
    axes.locator_params("x", integer=True)


def rows(preset: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The rows of the table in a preset: the model of each and the settings that it changes."""
    if preset in ("improved", "quick"):
        return IMPROVED
    changes = CHANGES.get(preset, {})
    return {
        row: (model, networks | changes.get(row, {})) for row, (model, networks) in ROWS.items()
    }


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    flags.DEFINE_multi_enum(
        "row",
        None,
        [*ROWS, *CONTROL],
        "train this row (may be repeated; default: all of the preset, of quick Convolutional)",
        flag_values=values,
    )
    text = "labels of a column (may be repeated; default: 1000 and 600, of quick 1000)"
    flags.DEFINE_multi_integer(
        "column", None, text, lower_bound=1, upper_bound=2**31 - 1, flag_values=values
    )
    sweeps.define_seeds(values, None, " (default: 3, of quick 1)")


def asked_runs(
    shown: Mapping[str, tuple[str, dict[str, Any]]], options: Options
) -> list[sweeps.Run]:
    """The runs that the command line asks for.

    Args:
        shown: the rows of the preset.
        options: of the command line.
    """
    return [
        sweeps.Run(
            row,
            shown[row][0],
            {
                **shown[row][1],
                **options.overrides,
                "labels": labels,
                "seed": seed,
                **CONTROL.get(row, ("", {}))[1],
            },
            folder=f"control/{slug(row)}" if row in CONTROL else "",
        )
        for seed in seeds(options)  # a number for every cell first, then better ones
        for row in options.script_flags["row"] or shown
        for labels in options.script_flags["column"]
    ]


def write(runs: Sequence[dict], shown: Sequence[str], kept: KeptTable) -> None:
    """Writes the table's files."""
    note = "Test error in percent: mean ± standard deviation over runs (their number)."
    note = " ".join([note, *difference_sentences(runs)])
    record = {"table": "table1", "runs": runs, "report": REPORT, "kingma": KINGMA}
    kept.write(table(runs, shown), note, {"": picture(runs, shown)}, record)


def main(argv: Sequence[str]) -> None:
    """Trains what is missing of the table and writes it after each run."""
    models = tuple(dict.fromkeys(model for model, _ in ROWS.values()))
    varies = ("labels", "seed", "architecture")  # by --column, --seeds and --row
    script = Script(__doc__, models, varies=varies, general=TABLE_FLAGS, define=define)
    options = parse(script, argv)
    unasked: dict[str, Any] = QUICK if options.preset == "quick" else WHOLE
    own = {
        name: list(dict.fromkeys(options.script_flags[name] or unasked[name]))
        for name in ("row", "column")
    }
    options = dataclasses.replace(
        options, script_flags=own, seeds=options.seeds or unasked["seeds"]
    )
    shown = rows(options.preset) | (CONTROL if options.preset == "improved" else {})
    unknown = [row for row in options.script_flags["row"] or () if row not in shown]
    if unknown:
        raise UserError(
            f"--row={unknown[0]} given, and the preset {options.preset} has "
            f"{', '.join(shown)} alone"
        )
    for row in options.script_flags["row"] or shown:
        given = sorted(options.overrides.keys() & CONTROL.get(row, ("", {}))[1])
        if given:
            raise UserError(f"--{given[0]} given, and the row {row} has its own; name other --row")
    kept = sweeps.kept_table(options, "table1", Cell)

    def write_table(runs: list[dict]) -> None:
        write(runs, list(shown), kept)

    asked = asked_runs(shown, options)
    sweeps.fill(options, datasets.DEFAULT, asked, kept, write_table, validation_errors)
    kept.show()
