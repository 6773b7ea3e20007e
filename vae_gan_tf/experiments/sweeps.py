"""Tables of many training runs, made one by one."""

import dataclasses
import hashlib
import json
import statistics
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypedDict

from absl import flags

from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.experiments import comparison, publish, run
from vae_gan_tf.experiments.flags import Options, check_taken, show
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.scripts import stop
from vae_gan_tf.experiments.settings import Settings, with_defaults
from vae_gan_tf.experiments.tables import KeptTable, Record, slug
from vae_gan_tf.training import workers
from vae_gan_tf.training.progress import duration


def define_seeds(values: flags.FlagValues, default: str | None = "3", more: str = "") -> None:
    """Defines --seeds, with a default and what more its help says."""
    text = "runs of each kind: their number, with the seeds 0, 1, ..., or seeds such as 3..5"
    flags.DEFINE_string("seeds", default, text + more, flag_values=values)


class Run(NamedTuple):
    """A run to be made."""

    row: str
    """The name of the table's row."""
    model: str
    overrides: dict
    """The settings that differ from the preset's."""
    folder: str = ""
    """The folder of its run folder, below --runs_dir, where a run's name tells too little of it."""


class Stored(TypedDict):
    """The settings of a run in its cell, of which tables read these."""

    model: str
    seed: int
    labels: int


class DivergedCell(TypedDict):
    """The cell of a run whose loss ceased to be finite."""

    row: str
    settings: Stored
    diverged: str


def kept_table(options: Options, table: str, kind: Any) -> KeptTable:
    """A table, named by preset and overridden settings as a figure is.

    Args:
        options: of the command line.
        table: its plain name.
        kind: the type of the cell of a run that did not diverge.
    """
    path = options.figures_dir / publish.name(options, table, [], False)
    return KeptTable(path, kind | DivergedCell)


def cell_name(row: str, settings: Settings) -> str:
    """The name of a run's cell: its row and seed, and what tells other settings apart."""
    stored = json.dumps(dataclasses.asdict(settings), sort_keys=True)
    digest = hashlib.sha256(stored.encode()).hexdigest()[:8]
    return _beginning(row, settings.labels, settings.seed) + digest


def _beginning(row: str, labels: int, seed: int) -> str:
    """What the name of a cell begins with."""
    few = [f"{labels}labels"] * bool(labels)
    return "-".join([slug(row), *few, f"seed{seed}", ""])


def finished(table: KeptTable) -> list[Record]:
    """The runs that are finished, as they were kept.

    Raises:
        UserError: a cell is none of a run, or of another one than its name says.
    """
    cells = table.cells()
    for name, cell in cells.items():
        settings = cell["settings"]
        if not name.startswith(_beginning(cell["row"], settings["labels"], settings["seed"])):
            raise UserError(
                f"{table.path / name}.json is damaged: it holds another run than its name says; "
                "move it away to measure it anew"
            )
    return list(cells.values())


def check_alike(table: KeptTable, asked: Sequence[Run], wanted: Sequence[Settings]) -> None:
    """Raises a UserError where a row of the table has runs of other settings than are asked for.

    Their mean would be one of different models.

    Args:
        table: what is kept.
        asked: the runs that are asked for.
        wanted: the settings of each.
    """

    def compared(settings: dict[str, Any]) -> dict[str, Any]:
        return {name: it for name, it in settings.items() if name not in ("seed", "labels")}

    by_row = {
        each.row: compared(dataclasses.asdict(its)) for each, its in zip(asked, wanted, strict=True)
    }
    for cell in finished(table):
        kept = compared(with_defaults(cell["settings"]))
        for name, value in by_row.get(cell["row"], kept).items():
            if kept.get(name) != value:
                raise UserError(
                    f"{table.path.with_suffix('.json')} has runs of {cell['row']} with {name} = "
                    f"{kept.get(name)!r} and {value!r} is asked for now; name another "
                    "--figures_dir, or move that table away"
                )


def fill(
    options: Options,
    dataset: str,
    asked: Sequence[Run],
    table: KeptTable,
    write: Callable[[list[Record]], None],
    measure: Callable[[run.Result], Record],
) -> None:
    """Trains the runs that are not finished yet, and keeps each.

    The cell of each is the record of `run.train` with the row and what is measured; of a run whose
    loss ceased to be finite the row, the settings and the sentence that says so, as "diverged".

    Args:
        options: of the command line.
        dataset: the name of what is trained on.
        asked: the runs in order.
        table: keeps them.
        write: writes the table's files from the finished runs; called at first and after each run.
        measure: gives what else a cell holds.
    """
    started = [
        dataclasses.replace(
            options, overrides=each.overrides, runs_dir=options.runs_dir / each.folder
        )
        for each in asked
    ]
    wanted = [
        run.settings_here(it, each.model, dataset) for it, each in zip(started, asked, strict=True)
    ]
    check_taken(options, wanted)
    every = [
        (dataclasses.replace(training, seed=0), each.row)
        for it, each, its in zip(started, asked, wanted, strict=True)
        for training in run.trainings(it, its)
    ]
    show(options, *zip(*every, strict=True))
    check_alike(table, asked, wanted)
    data = run.load_data(options, dataset)
    if finished(table):
        write(finished(table))
    measured = trained = 0
    for each, its_options, settings in zip(asked, started, wanted, strict=True):
        cells = finished(table)
        done = [with_defaults(cell["settings"]) for cell in cells]
        waiting = [
            other.row
            for other, its in zip(asked, wanted, strict=True)
            if dataclasses.asdict(its) not in done
        ]
        if dataclasses.asdict(settings) in done:
            continue
        print(
            f"{each.row}, seed {settings.seed}: {len(asked) - len(waiting)} of {len(asked)} runs "
            f"finished, {time_left(cells, waiting)}",
            flush=True,
        )
        try:
            result = run.train(its_options, each.model, data)
        except Diverged as error:
            print(error)
            cell = {
                "settings": dataclasses.asdict(settings),
                "diverged": str(error),
                "made_with": [made_with()],
            }
            trained += 1
        else:
            if result.interrupted:
                stop(result.interrupted)
            cell = result.record | measure(result)
            measured += result.taken
            trained += not result.taken
        table.keep(cell_name(each.row, settings), {"row": each.row} | cell)
        workers.wait_for_all()
        write(finished(table))
    comparison.tell(len(asked), len(asked) - measured - trained, table.path, measured, trained)
    if options.fresh:
        comparison.compare(table.path.with_suffix(".json"))


def time_left(cells: Sequence[Record], waiting: Sequence[str]) -> str:
    """How long the runs of the waiting rows take, in words, by finished ones of the same row."""
    seconds: dict[str, list[float]] = {row: [] for row in waiting}
    for cell in cells:
        taken = cell.get("wall_seconds")
        if cell["row"] in seconds and isinstance(taken, int | float):
            seconds[cell["row"]].append(taken)
    known = sum(statistics.mean(seconds[row]) for row in waiting if seconds[row])
    if not known:
        return "how long the others take is not known yet"
    return f"{'about' if all(map(seconds.get, waiting)) else 'more than'} {duration(known)} left"


def mean_and_deviation(values: Sequence[float], digits: int = 2) -> str:
    """Mean, standard deviation over the runs, and their number: "4.12 ± 0.20 (3)"."""
    if not values:
        return "-"
    deviation = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{deviation} ({len(values)})"
