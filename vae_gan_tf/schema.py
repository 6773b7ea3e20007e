"""The one schema of the json that results are kept in, and the door to read and write it.

A result is a figure, a table, a judge that was trained, or a measurement of times or kills. Each
record says with what it was made (`MadeWith`); records that are older say less (`Older`).
"""

import functools
import json
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from vae_gan_tf.files import fits, read_json, to_json, write_whole

Count = Annotated[int, lambda value: value >= 0]
Amount = Annotated[float, lambda value: value >= 0]
Share = Annotated[float, lambda value: 0 <= value <= 1]


class Code(TypedDict):
    """The code of this package that made a result."""

    version: str
    source: str
    """The SHA-256 of all modules of the package, in the order of their paths."""
    commit: NotRequired[str]
    """Where the package is in a git repository of its own."""
    clean: NotRequired[bool]
    """Whether all files that git knows were as in the commit."""


class Machine(TypedDict):
    """The machine that made a result."""

    system: str
    processor: str
    cores: int | None
    memory_gb: float
    accelerators: list[str]
    """The GPUs that TensorFlow sees, of NVIDIA's each with its memory."""


class MadeWith(TypedDict):
    """What made a result."""

    code: Code
    machine: Machine
    versions: dict[str, str]
    """Those of Python and of the packages that a result depends on."""


class Older(TypedDict):
    """What a record has beside what was measured; those from before `MadeWith` have the rest."""

    made_with: NotRequired[MadeWith | list[MadeWith]]
    machine: NotRequired[dict[str, str | int]]
    versions: NotRequired[dict[str, str]]


class Weights(TypedDict):
    """The file of a model's weights."""

    name: str
    sha256: str


class Shown(Older):
    """A shipped model in a figure."""

    weights: dict[str, str]
    """Name and sha256; older records have the name alone."""
    source: str
    preset: NotRequired[str]
    scores: NotRequired[dict[str, Any]]


class Trained(Older):
    """A run to its end, or to the signal that ended it."""

    settings: dict[str, str | int | float | bool]
    images: dict[str, Count]
    source: str
    """Of the data."""
    epochs: Amount
    steps: Count
    losses: dict[str, float]
    validation: dict[str, float]
    wall_seconds: Amount
    split: NotRequired[str]
    """Of the scores; the test images where nothing is said."""
    judge: NotRequired[str | None]
    """None where no judge reads images of the data set."""
    classes: NotRequired[list[str]]
    settings_of: NotRequired[str]
    begun_with: NotRequired[dict[str, Any]]
    """The record of the training whose weights it began with."""
    scores: NotRequired[dict[str, float]]
    weights: NotRequired[Weights]


class Cell(Trained):
    """A run as a line of a table."""

    row: str


class Diverged(TypedDict):
    """A run whose loss ceased to be finite, as a line of a table."""

    row: str
    settings: dict[str, str | int | float | bool]
    diverged: str


class FigureOf(Older):
    """What the records of all figures have."""

    figure: str
    preset: str
    overrides: dict[str, Any]
    interrupted: bool


class Figure(FigureOf):
    """A figure and the runs that it shows."""

    pretrained: Literal[False]
    runs: list[Trained]


class ShippedFigure(FigureOf):
    """A figure and the shipped models that it shows."""

    pretrained: Literal[True]
    runs: list[Shown]


class RunsTable(Older):
    """A table of runs."""

    table: str
    runs: list[Cell | Diverged]


class Claim(TypedDict):
    """A sentence of the report beside what was measured."""

    claim: str
    section: str
    tested_by: str
    """The command that measures it."""
    measured: str
    """In a claim's own file with the places of the numbers, see `experiments.pages.filled`."""
    verdict: str
    """As ``measured``."""


class Claims(TypedDict):
    """The table of claims."""

    table: str
    claims: list[Claim]


def _is_pair(values: list[float]) -> bool:
    return len(values) == 2


ScoresWithErrors = Annotated[dict[str, Annotated[list[float], _is_pair]], bool]
"""Scores by name, at least one, each with its standard error."""


class ScoresRow(Older):
    """The scores of a model, each with its standard error."""

    dataset: str
    model: str
    judge: str
    generated: Count
    measured: Count
    scores: ScoresWithErrors
    diversity_of_classes: NotRequired[dict[str, float]]
    split: NotRequired[str]
    weights: NotRequired[str]


class Scores(Older):
    """The table of scores."""

    table: str
    rows: list[ScoresRow]
    split: NotRequired[str]


class Judge(Older):
    """A classifier that was trained to judge images."""

    settings: dict[str, str | int | float | bool]
    images: NotRequired[dict[str, Count]]
    """Those it was trained on, and of the other splits."""
    seed: Count
    parameters: Count
    source: str
    validation_accuracy: Share
    test_accuracy: Share
    weights: Weights
    wall_seconds: Amount


class StepTime(TypedDict):
    """The time of a step of a model."""

    model: str
    precision: str
    milliseconds: Amount
    rounds: NotRequired[list[Amount]]
    """The milliseconds in each round, of which the others are the medians."""
    images_per_second: Amount
    first_step_seconds: NotRequired[Amount]
    input_share: Share
    gigaflop: Amount
    ceiling_gigaflop_per_second: Amount
    ceiling_share: Amount
    peak_gigabytes: Amount


class StepTimes(Older):
    """Times of steps."""

    preset: NotRequired[str]
    overrides: NotRequired[dict[str, Any]]
    steps: NotRequired[Count]
    """Those that were timed."""
    rows: list[StepTime]


class Scale(Older):
    """What training costs by the size of things."""

    steps: list[dict[str, Any]]
    gradients: list[dict[str, str | int]]
    disk: list[dict[str, str | int]]


class Killed(Older):
    """A script that was killed many times."""

    script: str
    operations: Count
    kills: Count
    chains: Count
    same: Count
    faults: list[str]


class Kills(TypedDict):
    """The scripts that were killed."""

    scripts: list[Killed]


Tables = RunsTable | Claims | Scores
Cells = Cell | Diverged | Claim | ScoresRow
Result = Figure | ShippedFigure | Tables | Cells | Judge | StepTimes | Scale | Kills
"""What a json in ``figures/`` holds, or in the folder of a table there a cell of it."""


def read(path: Path, remedy: str, kind: Any = Any) -> dict[str, Any]:
    """The record in a json of results.

    Args:
        path: of the json.
        remedy: what to do where it is damaged, the end of the sentence.
        kind: another type that it must be of besides, as `files.read_json` takes it.

    Raises:
        UserError: it cannot be read, or does not fit the schema or that type.
    """
    return read_json(path, Annotated[Result, functools.partial(fits, kind=kind)], remedy)


def write(path: Path, record: Any) -> None:
    """Writes a record of results as json.

    Raises:
        UserError: it cannot be written.
        ValueError: it does not fit the schema.
    """
    content = to_json(record)
    if not fits(json.loads(content), Result):
        raise ValueError(f"the record of {path} does not fit vae_gan_tf/schema.py")
    write_whole(path, content)
