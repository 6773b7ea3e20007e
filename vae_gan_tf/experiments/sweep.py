"""Tables of many training runs, made one by one, kept as they finish, gone on with when stopped."""

import dataclasses
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.errors import Diverged
from vae_gan_tf.experiments import experiment
from vae_gan_tf.experiments.settings import resolve, with_defaults
from vae_gan_tf.plotting import tables
from vae_gan_tf.training.progress import duration

SEEDS = flags.DEFINE_integer(
    "seeds", 3, "runs of each kind, with the seeds 0, 1, ...", lower_bound=1
)


class Run(NamedTuple):
    """A run to be made."""

    row: str
    """The name of the table's row."""
    model: str
    overrides: dict
    """The settings that differ from the preset's."""
    folder: str = ""
    """Of the run's folder, below --runs_dir: for runs whose names tell too little of them."""


def json_path(options: experiment.Options, table: str) -> Path:
    """The json of a table, named by preset and overridden settings as a figure is."""
    custom = set(options.overrides) - set(experiment.HOW_NOT_WHAT)
    words = [table]
    words += [options.preset] if options.preset != "report" else []
    words += ["custom"] if custom else []
    return options.figures_dir / f"{'-'.join(words)}.json"


def read(path: Path, what: str) -> list[dict]:
    """The runs that an earlier command finished; a UserError if the file does not hold ``what``."""
    runs = tables.read(path, "runs", what)
    return [run | {"settings": with_defaults(run["settings"])} for run in runs]


def fill(
    options: experiment.Options,
    data: datasets.Dataset,
    asked: Sequence[Run],
    finished: list[dict],
    write: Callable[[], None],
    measure: Callable[[experiment.Result], dict],
) -> None:
    """Trains the runs that are not finished yet.

    The record of each is added to the list: that of `experiment.train` with the row and what is
    measured; of a run whose loss ceased to be finite the row, the settings and the sentence that
    says so, as "diverged".

    Args:
        options: of the command line.
        data: what is trained on.
        asked: the runs in order.
        finished: runs of earlier commands.
        write: writes the table; called at first and after each run.
        measure: what else the record holds.
    """
    settings = [
        dataclasses.asdict(resolve(options.preset, run.model, data.name, run.overrides))
        for run in asked
    ]
    write()
    for run, wanted in zip(asked, settings, strict=True):
        done = [each["settings"] for each in finished]
        if wanted in done:
            continue
        waiting = [each.row for each, its in zip(asked, settings, strict=True) if its not in done]
        print(
            f"{run.row}, seed {wanted['seed']}: {len(asked) - len(waiting)} of {len(asked)} runs "
            f"finished, {time_left(finished, waiting)} left",
            flush=True,
        )
        started = dataclasses.replace(
            options, overrides=run.overrides, runs_dir=options.runs_dir / run.folder
        )
        try:
            result = experiment.train(started, run.model, data)
        except Diverged as error:
            print(error)
            finished.append({"row": run.row, "settings": wanted, "diverged": str(error)})
        else:
            if result.interrupted:
                experiment.stop()
            more = {"row": run.row} | measure(result)
            made_with = {"machine": experiment.machine(), "versions": experiment.versions()}
            finished.append(result.record | more | made_with)
        write()


def time_left(finished: Sequence[dict], waiting: Sequence[str]) -> str:
    """About how long the runs of the waiting rows take, by finished ones of the same row."""
    seconds = {row: [] for row in waiting}
    for run in finished:
        if run["row"] in seconds and "wall_seconds" in run:
            seconds[run["row"]].append(run["wall_seconds"])
    unknown = [row for row in waiting if not seconds[row]]
    known = sum(statistics.mean(seconds[row]) for row in waiting if seconds[row])
    more = f" and {len(unknown)} runs of rows not timed yet" if unknown else ""
    return f"about {duration(known)}{more}"


def mean_and_deviation(values: Sequence[float], digits: int = 2) -> str:
    """Mean, standard deviation over the runs, and their number: "4.12 ± 0.20 (3)"."""
    if not values:
        return "-"
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation} ({len(values)})"
