"""One table of scores over the models that ship with the package, beside those of real images.

    python reproduce/scores.py

Samples 10 000 images from each model, labels asked for evenly, and scores them by the judge of
their data set (`vae_gan_tf.scores`) against the test images; and measures the models on test images
in nats. The line "real test images" is the ceiling: the test images as if they were samples. The
scores that compare two sets of images, and depend on how many there are, compare as many as half of
the test images at a time, for all lines; for the ceiling they compare one half of the test images
with the other, and the other way round.

    python reproduce/scores.py --dataset=mnist --weights=mine=runs/.../cvae-gan-mnist.npz

scores the networks that a run left in its folder, beside the real images, and below the lines that
such commands have measured before. With --split=validation the validation images stand in the place
of the test images: settings are chosen by these.

Writes figures/scores.md, .csv, .json and .png. Each line is in the json as soon as it is measured,
and is not measured again for the same weights. Of one --dataset its name is added; with --weights
the word weights; with --split=validation the word validation; with other --generated or --measured,
or --images of each split, the word custom.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from absl import flags

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges, nats, scores
from vae_gan_tf.experiments import comparison
from vae_gan_tf.experiments.flags import Options, Script, expanded, parse
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.run import load_data
from vae_gan_tf.experiments.tables import KeptTable, slug
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.plotting import grids
from vae_gan_tf.schema import ScoresWithErrors

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = {
    "mnist": (
        "vae",
        "vae-2d",
        "vae-gan",
        "vae-gan-improved",
        "cvae",
        "cvae-simple",
        "cvae-gan",
        "cvae-gan-improved",
        "semi-supervised-improved",
        "semi-supervised-gan-improved",
        "draw",
        "draw-gan",
        "draw-gan-improved",
        "cdraw",
    ),
    "svhn_small": (
        "vae",
        "vae-gan",
        "vae-gan-improved",
        "cvae",
        "cvae-simple",
        "cvae-gan",
        "cvae-gan-improved",
    ),
}
"""The models of each data set that ship and sample whole images."""

SPLITS = ("test", "validation")

REAL = {split: f"real {split} images" for split in SPLITS}
"""The line of the images that samples are compared with."""

COLUMNS = {
    "label_accuracy": "read as asked, %",
    "accepted": "accepted, %",
    "rarest_class": "rarest class, %",
    "commonest_class": "commonest class, %",
    "sharpness_gradient": "sharpness, gradient",
    "sharpness_laplacian": "sharpness, Laplacian",
    "diversity": "diversity",
    "diversity_worst_class": "diversity, worst class",
    "colour_variety": "variety of colours",
    "colour_variety_worst_axis": "variety of colours, worst axis",
    "frechet_distance": "Frechet distance",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
    "reconstruction_accuracy": "reconstructions read rightly, %",
    "squared_error": "reconstruction, squared error",
    "reconstruction": "reconstruction, nats",
    "bound": "negative bound, nats",
    "log_likelihood": "-log p, nats",
}
"""The head of each score."""

PERCENT = (
    "label_accuracy",
    "accepted",
    "rarest_class",
    "commonest_class",
    "reconstruction_accuracy",
)

PANELS = {
    "label_accuracy": "↑",
    "accepted": "↑",
    "reconstruction_accuracy": "↑",
    "sharpness_laplacian": "→\u00a01",
    "diversity_worst_class": "→\u00a01",
    "recall": "↑",
    "frechet_distance": "↓",
    "bound": "↓",
}
"""The scores in the picture, and which way is better."""

ACROSS = 4
"""Panels beside each other in it."""

NOTE = (
    "± is the standard error. Accepted are images in which the judge reads some label with a "
    "probability over 0.9; rarest and commonest class are shares of these, of a model without "
    "labels. Sharpness, diversity and the variety of colours are shares of those of real images. "
    "The diversity of a model without labels is that of the classes that the judge reads. Frechet "
    "distance, precision, recall, density and coverage compare parts of as many images as half of "
    "the {split} images; for real {split} images one half with the other. Reconstructions are of "
    "all {split} images. The last three columns are of {measured} {split} images, in nats an "
    "image: given the label, for a model without labels and for the semi-supervised ones of x "
    "alone."
)

Row = dict[str, Any]
"""A line: data set, model, what it was measured with, and the scores [value, error] by name."""


class Cell(TypedDict):
    """A line as its file holds it."""

    dataset: str
    model: str
    scores: ScoresWithErrors


GENERATED, MEASURED = 10_000, 1000
"""Images that are sampled from a model, and those of the split that are measured in nats."""


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    flags.DEFINE_integer(
        "generated",
        GENERATED,
        "images sampled from a model",
        lower_bound=100,
        upper_bound=10**6,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "measured",
        MEASURED,
        "test or validation images measured in nats, evenly spread",
        lower_bound=1,
        upper_bound=10**6,
        flag_values=values,
    )
    text = "the real images: validation images to choose settings by, test images to report"
    flags.DEFINE_enum("split", "test", SPLITS, text, flag_values=values)
    flags.DEFINE_multi_string(
        "weights",
        [],
        "NAME=FILE: score the networks in this .npz file of a run instead of those that ship (may "
        "be repeated; needs one --dataset)",
        flag_values=values,
    )


LONGEST = 60
"""Letters of the name of a line."""


def networks(dataset: str, weights: Sequence[str]) -> dict[str, Path]:
    """The file of each model of a data set that is to be scored, by the name of its line.

    Args:
        dataset: its name.
        weights: NAME=FILE of each model, or nothing for those that ship.

    Raises:
        UserError: it is of another form, a name comes twice, or there is no such file.
    """
    if not weights:
        return {name: pretrained.path(f"{name}-{dataset}") for name in MODELS[dataset]}
    files: dict[str, Path] = {}
    for given in weights:
        name, separator, file = given.partition("=")
        taken = [slug(each) for each in (*files, *REAL.values())]  # the names of cells
        if not (name and separator and file) or slug(name) in taken:
            raise UserError(f"--weights={given} given, NAME=FILE with a name of its own expected")
        if not name.isprintable() or len(name) > LONGEST:
            raise UserError(
                f"--weights={given!r} given, a name of at most {LONGEST} letters expected"
            )
        files[name] = expanded(file, "weights")
        if not files[name].is_file():
            raise UserError(f"--weights={given} given, and there is no file {file}")
    return files


def model_scores(
    file: Path, data: datasets.Dataset, real: scores.Judged, half: int, counts: Mapping[str, int]
) -> Row:
    """What the json tells of trained networks: all scores, and of labels the diversity of each."""
    model = pretrained.load_file(file)
    generating = generator(model)
    if not isinstance(generating, VAE) or generating.image_shape != data.image_shape:
        raise UserError(f"{file} holds no model of images of shape {list(data.image_shape)}")
    generated = scores.judged(*scores.samples(model, counts["generated"]), data.judge)
    order = np.random.default_rng(0).permutation(len(real.images))
    found = scores.all_scores(generated, real.at(order), half)
    again = scores.reconstructions(
        model, *data.test.at(slice(len(real.images))).arrays(), data.judge
    )
    count = min(counts["measured"], len(data.test.images))
    images, labels = data.test.at(np.arange(count) * len(data.test.images) // count).arrays()
    # The bound of a semi-supervised model is of x alone.
    alone = isinstance(generating, SemiSupervisedVAE)
    y = None if alone else generating.condition.given(labels)
    labelled = isinstance(generating.condition, LabelCondition)
    return {
        "scores": {
            **found,
            "reconstruction_accuracy": again.accuracy,
            "squared_error": again.squared_error,
            **nats.nats(generating, images, y)._asdict(),
        },
        "diversity_of_classes": scores.diversity(generated, real).classes if labelled else {},
    }


def real_scores(real: scores.Judged, half: int) -> dict:
    """The same of the test images; by halves where they are compared as sets."""
    order = np.random.default_rng(0).permutation(len(real.images))[: 2 * half]
    return {"scores": scores.all_scores(real.at(order), real.at(np.roll(order, half)), half)}


def in_unit(name: str, score: Sequence[float]) -> list[float]:
    """A score and its error in the unit that its head names."""
    return [100 * number if name in PERCENT else number for number in score]


def cell(name: str, score: Sequence[float] | None) -> str:
    """A score with its standard error: "0.873 ± 0.002", or a dash."""
    if score is None:
        return "-"
    numbers = in_unit(name, score)
    digits = 1 if abs(numbers[0]) >= 100 else 2 if abs(numbers[0]) >= 10 else 3
    return " ± ".join(f"{number:.{digits}f}" for number in numbers)


def table(rows: Sequence[Row]) -> list[list[str]]:
    """The lines of the table, the heads first."""
    return [
        ["", *COLUMNS.values()],
        *(
            [
                f"{row['model']}, {row['dataset']}",
                *(cell(name, row["scores"].get(name)) for name in COLUMNS),
            ]
            for row in rows
        ),
    ]


def picture(rows: Sequence[Row]) -> Figure:
    """For each data set a panel a score of `PANELS`: models as points with their errors.

    A line is the score of the real images.
    """
    names = list(dict.fromkeys(row["dataset"] for row in rows))
    counts = [sum(row["dataset"] == name for row in rows) for name in names]
    down = -(-len(PANELS) // ACROSS)
    height = sum(down * (0.13 * count + 0.5) + 0.2 for count in counts)
    figure = grids.sheet(grids.TEXT_INCHES, height, 300, layout="constrained")
    parts = figure.subfigures(len(names), 1, height_ratios=counts, squeeze=False)[:, 0]
    for part, dataset in zip(parts, names, strict=True):
        of_set = [row for row in rows if row["dataset"] == dataset]
        shown = [row for row in of_set if row["model"] not in REAL.values()]
        (real,) = (row for row in of_set if row["model"] in REAL.values())
        called = grids.literal(datasets.source(dataset).title if dataset in MODELS else dataset)
        title = f"{called}; line: {real['model']}; ↑ higher is better, ↓ lower, → 1 nearer to 1"
        part.suptitle(title, fontsize=grids.TITLE)
        panels = part.subplots(down, ACROSS, sharey=True).flat
        for (name, better), axes in zip(PANELS.items(), panels, strict=True):
            if name in real["scores"]:
                axes.axvline(in_unit(name, real["scores"][name])[0], color="tab:red", linewidth=0.8)
            for place, row in enumerate(shown):
                if name in row["scores"]:
                    value, error = in_unit(name, row["scores"][name])
                    axes.errorbar(value, place, xerr=error, fmt="o", color="tab:blue", ms=2.5)
            head = textwrap.fill(f"{COLUMNS[name]} {better}", 19)
            axes.set_title(head, fontsize=grids.LABEL)
            axes.tick_params(labelsize=grids.CELL_TITLE, length=2)
            axes.margins(x=0.15)
            if name == "frechet_distance":
                axes.set_xscale("log")  # a model that fails has hundreds, others some tens
            else:
                axes.locator_params("x", nbins=3)
            axes.grid(axis="y", alpha=0.3)
            axes.set_yticks(range(len(shown)), [grids.literal(row["model"]) for row in shown])
            axes.set_ylim(len(shown) - 0.5, -0.5)
    return figure


def write(rows: Sequence[Row], split: str, kept: KeptTable) -> None:
    """Writes the table's files."""
    note = NOTE.format(split=split, measured=rows[0]["measured"])
    record = {"table": "scores", "split": split, "rows": rows}
    kept.write(table(rows), note, {"": picture(rows)}, record)


def kept_table(options: Options, asked: Sequence[str]) -> KeptTable:
    """The table that the command line asks for, by its name."""
    own = options.script_flags
    custom = "images" in options.overrides or (own["generated"], own["measured"]) != (
        GENERATED,
        MEASURED,
    )
    words = ["scores", *(map(datasets.file_name, asked) if len(asked) < len(MODELS) else [])]
    words += ["validation"] * (own["split"] == "validation")
    words += ["weights"] * bool(own["weights"]) + ["custom"] * custom
    return KeptTable(options.figures_dir / "-".join(words), Cell)


def lines(kept: KeptTable) -> dict[str, Row]:
    """The lines measured so far; those that do not name their split are older than --split."""
    return {name: {"split": "test"} | cell for name, cell in kept.cells().items()}


def measurable(options: Options, dataset: str) -> datasets.Dataset:
    """A data set whose test images are those that --split and --images ask for.

    Raises:
        UserError: it cannot be loaded; no judge reads it; --generated is too small.
    """
    data = load_data(options, dataset)
    if not data.judge:
        raise UserError(f"no judge reads images of {dataset}; reproduce/classifier.py trains one")
    split, generated = options.script_flags["split"], options.script_flags["generated"]
    test = getattr(data, split).at(slice(options.overrides.get("images") or None))
    if generated < len(test.images) // 2:
        raise UserError(
            f"--generated={generated} given, at least {len(test.images) // 2} expected: as many as "
            f"half of the {len(test.images)} {split} images are compared at a time"
        )
    return dataclasses.replace(data, test=test)


def main(argv: Sequence[str]) -> None:
    """Measures what is missing, keeps each line, and writes the table."""
    general = ("dataset", "figures_dir", "data_dir", "fresh")
    settings = ("images", "image_size", "grey")
    options = parse(Script(__doc__, settings=settings, general=general, define=define), argv)
    weights, split = options.script_flags["weights"], options.script_flags["split"]
    asked = options.datasets or [
        name for name in MODELS if datasets.is_local(name, options.data_dir)
    ]
    if weights and len(options.datasets or ()) != 1:
        raise UserError("--weights given, and one --dataset to score them on expected")
    unknown = [name for name in asked if name not in MODELS]
    if unknown and not weights:
        raise UserError(
            f"no models ship for {unknown[0]}, only for {', '.join(MODELS)}; --weights=NAME=FILE "
            "scores one of a run of yours"
        )
    kept, rows, measured_now = kept_table(options, asked), {}, 0
    loaded = {dataset: measurable(options, dataset) for dataset in asked}
    for dataset in asked:
        data = loaded[dataset]
        assert data.judge, "measurable refuses a data set without one"
        judge = pretrained.sha256(judges.file(data.judge))
        real = scores.judged(*data.test.arrays(), data.judge)
        half = len(real.images) // 2
        counts = {name: options.script_flags[name] for name in ("generated", "measured")}
        alike = {"dataset": dataset, "split": split, "judge": judge, **counts, "part": half}
        files = networks(dataset, weights)
        for model in (*files, REAL[split]):
            made = {**alike, "model": model}
            if model in files:
                made["weights"] = pretrained.sha256(files[model])
            name = slug(f"{datasets.file_name(dataset)}-{model}")
            if not made.items() <= lines(kept).get(name, {}).items():
                print(f"{model}, {dataset}", flush=True)
                measured = (
                    model_scores(files[model], data, real, half, counts)
                    if model in files
                    else real_scores(real, half)
                )
                kept.keep(name, made | measured | {"made_with": made_with()})
                measured_now += 1
            rows[name] = lines(kept)[name]
    asked_lines = len(rows)
    if weights:  # the lines of earlier commands too
        earlier = {
            name: line for name, line in lines(kept).items() if alike.items() <= line.items()
        }
        every = sorted((earlier | rows).items(), key=lambda it: it[1]["model"] in REAL.values())
        rows = dict(every)  # real images last
    write(list(rows.values()), split, kept)
    kept.show()
    comparison.tell(asked_lines, asked_lines - measured_now, kept.path, measured_now)
    if options.fresh:
        comparison.compare(kept.path.with_suffix(".json"))
