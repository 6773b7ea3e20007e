"""How long a training step takes, model by model, and how near that is to the machine's ceiling.

For each model and each precision that the processor has operations in, in a process of its own:
steps on MNIST through the input pipeline that training uses, after a warm-up; the median time of a
step, the share of it spent waiting for input, the peak memory of the process, and the operations a
second as a share of what a product of two 2048 x 2048 matrices reaches in the same process, right
before and after.

The operations of a step, in multiplications and additions (two a weight use), are counted from
the kernels of the networks. With E, D and C the multiply-adds of encoder, decoder and
discriminator for one image, which for the convolutional networks on MNIST are 4.65, 20.47 and 1.33
million, a step on B images takes, forward and backward (a layer's backward pass is two products
as large as its forward one, one for the weights and one for the input):

    VAE, CVAE          2 B (3 E + 3 D)            15.1 GFLOP at B = 100
    VAE-GAN, CVAE-GAN  2 B (3 E + 6 D + 14 C)     31.1 GFLOP at B = 100

    semi-supervised    6 ((L + U) T + (L + U k) (H + D))
    DRAW               2 B t (3 E + 3 D)              5.3 GFLOP at B = 100, t = 10
    DRAW-GAN           2 B (t (3 E + 6 D) + 13 C)    10.4 GFLOP

The decoder of an adversarial model makes two images, a reconstruction and a sample. Of the
14 C, 9 are the update of the discriminator on real, sampled and reconstructed images; 5 are the
generator's loss, where no gradient of the discriminator's weights is wanted: three forward passes
and two backward ones to the generated images. Of the semi-supervised model T and H are trunk and
head, L and U the labelled and the other images of a step and k the classes: with the fully
connected networks of section 4.5 and L = U = 100 these are 16.6 GFLOP. Of DRAW E
and D are the networks of one of t steps, with the products of attention; without the feature loss
the discriminator passes real images once less. Batch normalisation, activations and the optimizer
are not counted.

Writes figures/step_time.json, with other settings or models step_time-custom.json, and prints a
table. All models are timed in turn, as often as --rounds says, and each number is the median over
the rounds: a machine that others share is now faster, now slower, so only times of one run are to
be compared. Run it on a machine that does nothing else.
"""

import concurrent.futures
import dataclasses
import itertools
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from absl import flags

from vae_gan_tf import datasets, networks, schema
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.flags import Options, Script, parse
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.run import load_data, with_side_information
from vae_gan_tf.experiments.settings import FIELDS, Images, Settings, check_meaningful
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.files import check_folder
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.models.draw import DRAW
from vae_gan_tf.models.semi_supervised import SemiSupervisedVAE
from vae_gan_tf.training import devices, loop

TIMED = (
    "vae",
    "cvae",
    "vae-gan",
    "cvae-gan",
    "semi-supervised/fully_connected",
    "semi-supervised",
    "draw",
    "draw-gan",
)
"""What is timed by default: a model, or a model and its architecture."""

COUNTED = (
    "vae",
    "cvae",
    "vae-gan",
    "cvae-gan",
    "semi-supervised",
    "draw",
    "cdraw",
    "draw-gan",
    "cdraw-gan",
)
"""The models whose operations are counted as above."""

WITHOUT_EFFECT = (
    "epochs",
    "patience",
    "generator_first",
    "images",
    "devices",
    "deterministic",
    "precision",
)
"""Settings that change nothing in what is timed."""

UNCOUNTED = (
    "glimpses",
    "judged_canvases",
    "gradient_penalty",
    "consistency",
    "augmentation",
    "label_weight",
)
"""Settings that add work which is not counted."""

TAKEN = tuple(name for name in FIELDS if name not in WITHOUT_EFFECT + UNCOUNTED)
"""The settings that flags may override."""


def precisions() -> tuple[str, ...]:
    """The precisions that are timed: those that this processor has operations in."""
    return ("float32", *["mixed_bfloat16"] * devices.have_bfloat16())


STEPS = 60
"""Steps that are timed."""

WARM_UP = 10
"""Steps before the ones that are timed."""

ROUNDS = 3
"""How often each model is timed."""


def multiply_adds(network: keras.Model) -> int:
    """The multiply-adds of a network's forward pass on one image."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, networks.UpsampledDeconvolution):
            height, width, *channels = layer.kernel.shape
            total += (
                (height + 1) * (width + 1) * np.prod(channels) * np.prod(layer.input.shape[1:3])
            )
        elif isinstance(layer, keras.layers.Conv2DTranspose):
            total += np.prod(layer.kernel.shape) * np.prod(layer.input.shape[1:3])
        elif isinstance(layer, keras.layers.Conv2D):
            pooled = isinstance(layer, networks.PooledConvolution)
            shape = (layer.input if pooled else layer.output).shape
            total += np.prod(layer.kernel.shape) * np.prod(shape[1:3])
        elif isinstance(layer, keras.layers.Dense):
            total += np.prod(layer.kernel.shape)
        elif isinstance(layer, keras.layers.LSTMCell):
            total += np.prod(layer.kernel.shape) + np.prod(layer.recurrent_kernel.shape)
        elif isinstance(layer, networks.Read | networks.Write):
            *seen, _ = tf.nest.flatten(layer.input)
            for image in seen if isinstance(layer, networks.Read) else [layer.output]:
                _, height, width, channels = image.shape
                total += channels * layer.size * width * (height + layer.size)
    return int(total)


def step_operations(model: keras.Model, batch_size: int, labelled_batch: int = 0) -> int:
    """The floating-point operations of a training step, as the module docstring counts them."""
    generating = generator(model)
    if isinstance(model, SemiSupervisedVAE):
        pairs = labelled_batch + batch_size * model.condition.classes
        trunk, head, decoder = map(multiply_adds, (model.trunk, model.head, model.decoder))
        return 6 * ((labelled_batch + batch_size) * trunk + pairs * (head + decoder))
    encoder, decoder = multiply_adds(generating.encoder), multiply_adds(generating.decoder)
    if isinstance(generating, DRAW):
        encoder, decoder = generating.steps * encoder, generating.steps * decoder
    if model is generating:
        return 2 * batch_size * (3 * encoder + 3 * decoder)
    critic = multiply_adds(model.discriminator) * (14 if model.reconstruction is None else 13)
    return 2 * batch_size * (3 * encoder + 6 * decoder + critic)


def seconds_each(action: Callable[[], object], count: int) -> list[float]:
    """The time of each of so many calls."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return times


def matrix_product_seconds(precision: str, size: int = 2048) -> list[float]:
    """Times of a matrix product in the precision's compute type, after a warm-up."""
    dtype = "bfloat16" if precision == "mixed_bfloat16" else "float32"
    matrix = tf.cast(tf.random.stateless_normal([size, size], [0, 0]), dtype)
    return seconds_each(lambda: tf.linalg.matmul(matrix, matrix)[0, 0].numpy(), 25)[5:]


def time_model(options: Options, model_name: str, precision: str, steps: int) -> dict:
    """Times one model in this process; milliseconds, images a second, seconds, GB and shares."""
    kind, *architecture = model_name.split("/")
    overrides = {**options.overrides, "precision": precision}
    if architecture:
        overrides["architecture"] = architecture[0]
    settings = dataclasses.replace(options, overrides=overrides).settings(kind, datasets.DEFAULT)
    data = with_side_information(load_data(options, datasets.DEFAULT), settings)
    model = build_model(settings, Images(data.image_shape, data.num_classes))
    found = time_steps(model, data, settings, steps)
    operations = step_operations(model, settings.batch_size, settings.labelled_batch)
    step = found["milliseconds"] / 1000
    return {
        "model": model_name,
        "precision": precision,
        **found,
        "gigaflop": operations / 1e9,
        "ceiling_share": operations / 1e9 / step / found["ceiling_gigaflop_per_second"],
    }


def time_steps(
    model: keras.Model, data: datasets.Dataset, settings: Settings, steps: int
) -> dict[str, float]:
    """Times the training steps of a compiled model, after a warm-up, beside the machine's ceiling.

    Args:
        model: compiled.
        data: what it is trained on.
        settings: of the run: batch size, precision, and whether XLA compiles the step.
        steps: how many are timed.

    Returns:
        Milliseconds, the median; images a second; the seconds of the first step, in which
        TensorFlow makes its graph; the share of the time spent waiting for input; the ceiling right
        before and after; the peak memory of this process in GB.
    """
    batches = endless(data.train, settings.batch_size)
    train_step = devices.on_all(model, model.train_step, settings.jit)
    products = matrix_product_seconds(settings.precision)
    waits, times = [], []
    for _ in range(WARM_UP + steps):
        start = time.perf_counter()
        batch = next(batches)
        fed = time.perf_counter()
        loop.fetch(train_step(batch))
        waits.append(fed - start)
        times.append(time.perf_counter() - start)
    products += matrix_product_seconds(settings.precision)
    step = statistics.median(times[WARM_UP:])
    return {
        "milliseconds": 1000 * step,
        "images_per_second": settings.batch_size / step,
        "first_step_seconds": times[0],
        "input_share": sum(waits[WARM_UP:]) / sum(times[WARM_UP:]),
        "ceiling_gigaflop_per_second": 2 * 2048**3 / statistics.median(products) / 1e9,
        "peak_gigabytes": _peak_gigabytes(),
    }


def _peak_gigabytes() -> float:
    """The most memory that this process has had."""
    import resource  # not on Windows, where all else of this package runs

    unit = 1 if sys.platform == "darwin" else 1000  # bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def endless(split: datasets.Split | datasets.FewLabels, batch_size: int) -> Iterator[Any]:
    """Batches, epoch after epoch."""
    for epoch in itertools.count():
        yield from datasets.batches(split, batch_size, seed=0, epoch=epoch)


def together(rounds: Sequence[dict]) -> dict:
    """A row of a model: of each number the median over its rounds, and the time in each."""
    first = rounds[0]
    names = [name for name in first if isinstance(first[name], int | float)]
    medians = {name: statistics.median(each[name] for each in rounds) for name in names}
    return {**first, **medians, "rounds": [each["milliseconds"] for each in rounds]}


def table(rows: Sequence[dict]) -> str:
    """The rows as a markdown table."""
    heads = ("model", "precision", "ms a step", "images/s", "waiting for input", "share of ceiling")
    lines = [f"| {' | '.join(heads)} | first step, s | peak GB |"]
    lines.append("| --- " * (len(heads) + 2) + "|")
    for row in rows:
        lines.append(
            f"| {row['model']} | {row['precision']} | {row['milliseconds']:.0f} "
            f"({min(row['rounds']):.0f} to {max(row['rounds']):.0f}) | "
            f"{row['images_per_second']:.0f} | {row['input_share']:.1%} | "
            f"{row['ceiling_share']:.0%} of {row['ceiling_gigaflop_per_second']:.0f} GFLOP/s | "
            f"{row['first_step_seconds']:.1f} | {row['peak_gigabytes']:.2f} |"
        )
    return "\n".join(lines)


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    text = "the models to time, separated by commas; an architecture may stand behind a slash"
    flags.DEFINE_list("models", list(TIMED), text, flag_values=values)
    for name, default, text in (
        ("steps", STEPS, "steps that are timed each time"),
        ("rounds", ROUNDS, "how often each model is timed, in turn with the others"),
    ):
        flags.DEFINE_integer(
            name, default, text, lower_bound=1, upper_bound=10**5, flag_values=values
        )


def main(argv: Sequence[str]) -> None:
    """Times each model in each precision and writes the table."""
    general = ("preset", "figures_dir", "data_dir")
    options = parse(Script(__doc__, COUNTED, TAKEN, general=general, define=define), argv)
    asked = options.script_flags["models"]
    if not asked or len(set(asked)) < len(asked):
        raise UserError(f"--models={','.join(asked)} given, models expected, each once")
    for name in asked:
        if name.split("/")[0] not in COUNTED:
            raise UserError(f"--models={name} given, of {', '.join(COUNTED)} expected")
    timed = [name.split("/")[0] for name in options.script_flags["models"]]
    for name, value in options.overrides.items():
        check_meaningful(name, timed, value)
    for name in timed:
        its = options.settings(name, datasets.DEFAULT)
        for extra in UNCOUNTED:
            if its.takes(extra) and getattr(its, extra) != FIELDS[extra].default:
                raise UserError(
                    f"--preset={options.preset} given for {name}, whose {extra} adds work that is "
                    "not counted; time another preset"
                )
    check_folder(options.figures_dir)
    context = multiprocessing.get_context("spawn")
    own = options.script_flags
    found: dict[tuple[str, str], list[dict]] = {}
    for turn in range(own["rounds"]):
        for timed_now in itertools.product(asked, precisions()):
            # A process of its own, for its peak memory.
            with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as process:
                task = process.submit(time_model, options, *timed_now, own["steps"])
                row = task.result()
            found.setdefault(timed_now, []).append(row)
            print(
                f"Round {turn + 1} of {own['rounds']}: {' in '.join(timed_now)}, "
                f"{row['milliseconds']:.0f} ms a step",
                flush=True,
            )
    rows = [together(rounds) for rounds in found.values()]
    usual = {"models": list(TIMED), "steps": STEPS, "rounds": ROUNDS}
    custom = options.overrides or own != usual
    words = ["step_time", *[options.preset] * (options.preset != "report")]
    words += ["custom"] * bool(custom)
    path = options.figures_dir / f"{'-'.join(words)}.json"
    record = {
        "preset": options.preset,
        "overrides": options.overrides,
        "steps": own["steps"],
        "rows": rows,
        "made_with": made_with(),
    }
    schema.write(path, record)
    print(f"{os.cpu_count()} cores")
    print(table(rows))
    print(f"Wrote {path}")
