"""A figure's files: the picture, and the json beside it that says how it came about."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vae_gan_tf import datasets, schema
from vae_gan_tf.experiments import comparison
from vae_gan_tf.experiments.flags import Options
from vae_gan_tf.experiments.presets import PRESETS
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.run import Result
from vae_gan_tf.experiments.scripts import stop
from vae_gan_tf.files import remove
from vae_gan_tf.plotting import grids

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REPEATS = ("seed", "precision", "devices", "deterministic")
"""Overriding these repeats a preset's experiment; overriding another makes it another one."""


def is_custom(overrides: Collection[str]) -> bool:
    """Whether overridden settings make an experiment another one than the preset's."""
    return not set(overrides) <= set(REPEATS)


def name(options: Options, figure: str, drawn: Sequence[str], interrupted: bool = False) -> str:
    """The name of a figure's files, without their ending.

    Only a whole run of the report preset gets the plain name; another preset, a part of the
    panels, overridden settings, shipped networks and an interrupted run each add a word to it.

    Args:
        options: of the command line.
        figure: its plain name.
        drawn: the names of the data sets in it.
        interrupted: whether a run of it was.
    """
    words = [figure]
    words += [options.preset] if options.preset != "report" else []
    whole = list(drawn) == [PRESETS[options.preset].unasked]
    named = options.preset == "report" or (options.datasets and not whole)
    words += map(datasets.file_name, drawn) if len(drawn) < 2 and named else []
    words += [f"seed{options.overrides['seed']}"] if options.overrides.get("seed") else []
    words += ["pretrained"] if options.pretrained else []
    words += ["custom"] if is_custom(options.overrides) else []
    words += ["interrupted"] if interrupted else []
    return "-".join(words)


def show_in_notebook(path: Path) -> None:
    """Shows a picture below the cell of the notebook that this runs in, if it is a PNG."""
    from IPython import display

    if path.suffix == ".png":
        display.display(display.Image(str(path), width=660))


def publish(options: Options, figure: str, picture: Figure, results: Sequence[Result]) -> Path:
    """Writes the picture of a figure, and the json beside it; gives the picture's path.

    After an interrupted run it ends the program, with the exit code of its signal.
    """
    interrupted = max(result.interrupted for result in results)
    drawn = list(dict.fromkeys(result.data.name for result in results))
    called = name(options, figure, drawn, bool(interrupted))
    path = options.figures_dir / f"{called}.{options.format}"
    record = {
        "figure": figure,
        "preset": options.preset,
        "overrides": options.overrides,
        "pretrained": options.pretrained,
        "interrupted": bool(interrupted),
        "runs": [result.record for result in results],
        "made_with": made_with(),
    }
    grids.save(picture, path)
    if "ipykernel" in sys.modules:
        show_in_notebook(path)
    schema.write(path.with_suffix(".json"), record)
    print(f"Wrote {path} and {path.with_suffix('.json').name}")
    if interrupted:
        stop(interrupted)
    before = options.figures_dir / name(options, figure, drawn, interrupted=True)
    for ending in (path.suffix, ".json"):  # of the same runs before their end
        remove(before.with_name(before.name + ending))
    trained = sum(not result.taken for result in results)
    place = "the package" if options.pretrained else options.runs_dir
    comparison.tell(len(results), len(results) - trained, place, trained=trained)
    if options.fresh:
        comparison.compare(path.with_suffix(".json"))
    return path
