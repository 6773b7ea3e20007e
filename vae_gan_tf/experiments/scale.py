"""What training costs, against the size of the problem: time and memory of a step, disk of a run.

Each line is measured in a process of its own, on images of random values:

    image size    CVAE-GAN, from 28 x 28 grey to 128 x 128 in colour
    classes       semi-supervised VAE, fully connected, 32 x 32 in colour, 20 labelled and 20 other
                  images a step; the sum over the labels is exact
    T             DRAW, the steps in which it draws an image
    batch         CVAE, the images of a step
    images held   CVAE, the training images, in a memory-mapped file

The peak memory is that of the process, with some 0.6 GB of TensorFlow and with the parts of
memory-mapped files that were read. The gradients of a step are 4 bytes a weight: so much goes from
device to device, and from machine to machine. The disk is what a finished run on MNIST leaves
behind, its three newest checkpoints being most of it.

Writes figures/scale.json and figures/scale.md. Run it on a machine that does nothing else.
"""

import concurrent.futures
import dataclasses
import multiprocessing
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from absl import flags

from vae_gan_tf import datasets, schema
from vae_gan_tf.experiments.flags import Options, Script, parse
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.run import train, with_side_information
from vae_gan_tf.experiments.settings import MODELS, Images, resolve
from vae_gan_tf.experiments.step_time import time_steps
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.files import check_folder
from vae_gan_tf.plotting import tables

GREY, SMALL = (28, 28, 1), (32, 32, 3)


class Problem(NamedTuple):
    """What a step is measured on."""

    axis: str
    """What varies in its group of lines."""
    value: str
    model: str
    overrides: Mapping[str, Any]
    shape: tuple[int, int, int] = GREY
    classes: int = 10
    images: int = 8000


def problems() -> Iterator[Problem]:
    """All that is measured, group by group."""
    yield Problem("image size", "28 x 28, grey", "cvae-gan", {})
    for side in (32, 64, 96, 128):
        yield Problem("image size", f"{side} x {side}", "cvae-gan", {}, (side, side, 3))
    for classes in (2, 10, 50, 100, 200):
        few = {
            "architecture": "fully_connected",
            "batch_size": 20,
            "labelled_batch": 20,
            "labels": 20 * classes,
        }
        yield Problem("classes", str(classes), "semi-supervised", few, SMALL, classes)
    for steps in (10, 20, 40, 64):
        yield Problem("T", str(steps), "draw", {"draw_steps": steps})
    for batch in (100, 200, 400, 800, 1600):
        yield Problem("batch", str(batch), "cvae", {"batch_size": batch})
    for images in (8000, 60_000, 600_000):
        yield Problem("images held", f"{images:,}".replace(",", " "), "cvae", {}, images=images)


def measure(problem: Problem, steps: int) -> dict[str, Any]:
    """Time and memory of a step, in this process."""
    settings = resolve("report", problem.model, datasets.DEFAULT, problem.overrides)
    with tempfile.TemporaryDirectory() as folder:
        data = with_side_information(random_images(problem, Path(folder)), settings)
        model = build_model(settings, Images(problem.shape, problem.classes, problem.images))
        found = time_steps(model, data, settings, steps)
    names = ("milliseconds", "input_share", "peak_gigabytes")
    return {
        "axis": problem.axis,
        "value": problem.value,
        "model": problem.model,
        "overrides": dict(problem.overrides),
        "weights": model.count_params(),
        **{name: found[name] for name in names},
    }


def random_images(problem: Problem, folder: Path) -> datasets.Dataset:
    """A data set of random values, in a memory-mapped file in a folder."""
    random = np.random.default_rng(0)
    shape = (problem.images, *problem.shape)
    images = np.memmap(folder / "images", np.uint8, "w+", shape=shape)
    for start in range(0, problem.images, 1000):
        part = images[start : start + 1000]
        part[:] = random.integers(256, size=part.shape, dtype=np.uint8)
    split = datasets.Split(images, np.arange(problem.images, dtype=np.int32) % problem.classes)
    few = split.at(slice(100))
    return datasets.Dataset("random", split, few, few, problem.classes, "random values")


def gradients() -> list[dict[str, Any]]:
    """The bytes of the gradients of a step, for each model of the report preset on MNIST."""
    found = []
    for name in MODELS:
        model = build_model(resolve("report", name, datasets.DEFAULT), Images(GREY, 10, 55_000))
        weights = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
        found.append({"model": name, "bytes": 4 * weights})
    return found


def disk(options: Options, model: str) -> dict[str, Any]:
    """What the files of a finished run of a model take, by kind, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        short = {"images": 200, "epochs": 3, "labels": 100}
        taken = {name: value for name, value in short.items() if MODELS[model].has(name)}
        own = dataclasses.replace(options, overrides=taken, runs_dir=Path(folder))
        train(own, model, datasets.load(datasets.DEFAULT, options.data_dir))
        (run,) = Path(folder).iterdir()
        files = [path for path in run.rglob("*") if path.is_file()]
        kinds = ("checkpoints", "tensorboard", "saved_model")
        found = {
            kind: sum(path.stat().st_size for path in files if kind in path.parts) for kind in kinds
        }
        whole = sum(path.stat().st_size for path in files)
    return {"model": model, **found, "all": whole}


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    flags.DEFINE_integer(
        "steps", 20, "steps that are timed", lower_bound=1, upper_bound=10**5, flag_values=values
    )


def main(argv: Sequence[str]) -> None:
    """Measures everything and writes the tables."""
    general = ("figures_dir", "data_dir")
    options = parse(Script(__doc__, settings=(), general=general, define=define), argv)
    check_folder(options.figures_dir)
    context = multiprocessing.get_context("spawn")

    def alone(function: Any, *arguments: Any) -> Any:
        """What a function gives in a process of its own, for its peak memory."""
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as process:
            return process.submit(function, *arguments).result()

    rows = []
    for problem in problems():
        rows.append(alone(measure, problem, options.script_flags["steps"]))
        print(" ".join(line(rows[-1])), flush=True)
    disks = [alone(disk, options, name) for name in ("cvae", "cvae-gan", "semi-supervised", "draw")]
    record = {"steps": rows, "gradients": gradients(), "disk": disks}
    schema.write(options.figures_dir / "scale.json", record | {"made_with": made_with()})
    heads = ["", "", "model", "million weights", "ms a step", "peak GB"]
    lines = [heads, *(line(row) for row in rows)]
    tables.write(lines, note(record), options.figures_dir / "scale")


def line(row: dict[str, Any]) -> list[str]:
    """A line of the table of steps."""
    return [
        row["axis"],
        row["value"],
        row["model"],
        f"{row['weights'] / 1e6:.2f}",
        f"{row['milliseconds']:.0f}",
        f"{row['peak_gigabytes']:.2f}",
    ]


def note(record: dict[str, Any]) -> str:
    """The other two tables, in words."""
    sent = ", ".join(f"{it['model']} {it['bytes'] / 1e6:.1f}" for it in record["gradients"])
    kept = ", ".join(f"{it['model']} {it['all'] / 1e6:.0f}" for it in record["disk"])
    return f"Gradients of a step, MB: {sent}.\n\nDisk of a finished run on MNIST, MB: {kept}."
