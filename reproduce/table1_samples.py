"""Digits drawn by the models of table 1, one row a label, as in figures 6 and 7 (section 4.5).

The models are those of the runs with 1000 labels and seed 0 that reproduce/table1.py trains: with
the same --runs_dir they are taken from there, and what is missing is trained. Writes
figures/table1_samples-mnist.png and .json; with another --preset its name is added. The models
of --preset=improved ship, and --pretrained draws by them.
"""

import dataclasses
from collections.abc import Sequence

from absl import flags

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import experiment
from vae_gan_tf.experiments.settings import table_1
from vae_gan_tf.plotting import grids

flags.adopt_module_key_flags(experiment)


def main(argv: Sequence[str]) -> None:
    """Trains the model of each row and draws ten samples of each digit."""
    options = experiment.parse_flags(argv)
    if options.datasets not in (None, ("mnist",)):
        raise UserError("table 1 is for mnist only")
    if "architecture" in options.overrides:
        raise UserError("--architecture is what the rows of table 1 vary")
    data = experiment.load_data(options, "mnist")
    results, panels = [], []
    for row, (model, added) in table_1(options.preset).items():
        overrides = added | options.overrides
        of_row = dataclasses.replace(options, overrides=overrides)
        result = (
            experiment.shipped(options.preset, model, data)
            if options.pretrained
            else experiment.train(of_row, model, data)
        )
        results.append(result)
        labels = experiment.resolve(options.preset, model, "mnist", overrides).labels
        panels.append(grids.Panel(experiment.digits(result.model), f"{row}, {labels} labels"))
        if result.interrupted:
            break
    experiment.publish(options, "table1_samples", grids.page(panels, columns=len(panels)), results)


if __name__ == "__main__":
    experiment.run_script(main)
