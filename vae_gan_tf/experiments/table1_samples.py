"""Digits sampled from the models of table 1, one row a label, as in figures 6 and 7.

The models are those of the runs with 1000 labels and seed 0 that reproduce/table1.py trains: with
the same --runs_dir they are taken from there, and what is missing is trained. Writes
figures/table1_samples-mnist.png and .json; with another --preset its name is added. The models
of --preset=improved ship, and --pretrained takes them.
"""

import dataclasses
from collections.abc import Sequence

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import panels, table1
from vae_gan_tf.experiments.flags import Options, Script, check_taken, each_seed, parse, show
from vae_gan_tf.experiments.publish import publish
from vae_gan_tf.experiments.results import shipped
from vae_gan_tf.experiments.run import load_data, train, trainings
from vae_gan_tf.plotting import grids

MODELS = tuple(dict.fromkeys(model for model, _ in table1.ROWS.values()))


def main(argv: Sequence[str]) -> None:
    """Makes the figure of each seed that is asked for."""
    each_seed(parse(Script(__doc__, MODELS, varies=("architecture",)), argv), figure)


def figure(options: Options) -> None:
    """Trains the model of each row and shows ten samples of each digit."""
    if options.datasets not in (None, (datasets.DEFAULT,)):
        raise UserError(f"table 1 is for {datasets.DEFAULT} only")
    if options.pretrained and options.preset != "improved":
        raise UserError("--pretrained given, and of table 1 those of --preset=improved alone ship")
    rows = {
        row: (model, dataclasses.replace(options, overrides=changes | dict(options.overrides)))
        for row, (model, changes) in table1.rows(options.preset).items()
    }
    wanted = [of_row.settings(model, datasets.DEFAULT) for model, of_row in rows.values()]
    check_taken(options, wanted)
    every = [
        (training, row)
        for (row, (_, of_row)), its in zip(rows.items(), wanted, strict=True)
        for training in trainings(of_row, its)
    ]
    show(options, *zip(*every, strict=True))
    data = load_data(options, datasets.DEFAULT)
    results, shown = [], []
    for row, (model, of_row) in rows.items():
        result = (
            shipped(options, options.preset, model, data.name, samples_alone=True)
            if options.pretrained
            else train(of_row, model, data)
        )
        results.append(result)
        labels = of_row.settings(model, data.name).labels
        shown.append(panels.of_samples(result.model, f"{row}, {labels} labels"))
        if result.interrupted:
            break
    publish(options, "table1_samples", grids.page(shown, columns=len(shown)), results)
