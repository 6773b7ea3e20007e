"""From a command line to trained models, and from them to a figure and the json beside it.

A script asks for its options (`parse_flags`), has its models trained (`train_all`), draws panels
of what they give, and publishes them (`publish`). `run_script` stands around it and turns a user's
mistake into one sentence and a non-zero exit.
"""

import dataclasses
import functools
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from absl import app, flags
from matplotlib.figure import Figure

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.conditions import LabelCondition
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import completion, judges, scores
from vae_gan_tf.evaluation.classification import confusion
from vae_gan_tf.experiments.build import build_model
from vae_gan_tf.experiments.settings import (
    FIELDS,
    IMPROVED_SVHN,
    OF_THE_ADVERSARY,
    PRESETS,
    Settings,
    preset,
    resolve,
    with_defaults,
)
from vae_gan_tf.files import write_whole
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, generator
from vae_gan_tf.models.cvae import CVAE
from vae_gan_tf.models.export import export
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.plotting import grids
from vae_gan_tf.training import loop
from vae_gan_tf.training.checkpoints import lock
from vae_gan_tf.training.summaries import Summaries

HOW_NOT_WHAT = ("seed", "precision", "deterministic")
"""Overriding these repeats a preset's experiment; overriding another makes it another one."""

FEWEST_IMAGES = 50
"""Test images that a picture of reconstructions shows."""

SCORED = 1000
"""Drawn images that TensorBoard's scores are of, and validation images beside them."""

SPLITS = ("train", "validation", "test")


def define_flags() -> None:
    """The flags of every figure script; a script adopts them for its ``--help``."""
    flags.DEFINE_enum("preset", "report", PRESETS, "the settings to start from")
    flags.DEFINE_multi_enum(
        "dataset",
        None,
        datasets.NAMES,
        "draw this data set, and download it where need be (may be repeated); without it every "
        "data set that is already on this machine is drawn",
    )
    flags.DEFINE_string("data_dir", None, "folder of TFDS data sets (default: that of TFDS)")
    flags.DEFINE_string("runs_dir", "runs", "folder of the runs: checkpoints, TensorBoard, models")
    flags.DEFINE_string("figures_dir", "figures", "folder of the picture and its json")
    flags.DEFINE_integer(
        "scores_every",
        0,
        "epochs from one point of the drawn images' scores in TensorBoard to the next; 0 for none",
        lower_bound=0,
    )
    flags.DEFINE_bool("pretrained", False, "draw with the networks shipped with the package")
    for name, field in FIELDS.items():
        text = f"override the preset's {name.replace('_', ' ')}: {field.metadata['help']}"
        if field.metadata["choices"]:
            flags.DEFINE_enum(name, None, field.metadata["choices"], text)
        else:
            kind = {int: flags.DEFINE_integer, float: flags.DEFINE_float, bool: flags.DEFINE_bool}
            lowest = {} if field.type is bool else {"lower_bound": 0}
            kind[field.type](name, None, text, **lowest)


define_flags()


@dataclasses.dataclass(frozen=True)
class Options:
    """What a command line asks for."""

    preset: str
    overrides: dict
    """Fields of `Settings` that flags override."""
    datasets: tuple[str, ...] | None
    """The data sets asked for, or None for all that are on the machine."""
    data_dir: str | None
    runs_dir: Path
    figures_dir: Path
    pretrained: bool
    scores_every: int
    """Epochs from one point of TensorBoard's scores to the next; 0 for none. It is no setting, for
    no result depends on it: a run may be gone on with, with another."""


def parse_flags(argv: Sequence[str]) -> Options:
    """The options in a script's argv, whose first element is the script's name.

    Raises:
        UserError: an unknown flag, or a value that a flag does not take.
    """
    values = flags.FLAGS
    values.unparse_flags()
    try:
        rest = values(argv)
    except flags.Error as error:
        raise UserError(" ".join(str(error).split())) from error
    if len(rest) > 1:
        raise UserError(f"flags only expected (see --help), not {rest[1]!r}")
    overrides = {name: values[name].value for name in FIELDS if values[name].value is not None}
    for name in (
        "batch_size",
        "epochs",
        "latent_size",
        "units",
        "learning_rate",
        "feature_variance",
        "draw_steps",
    ):
        if name in overrides and not overrides[name] > 0:
            raise UserError(f"--{name} must be positive, not {overrides[name]}")
    if not 0 <= overrides.get("momentum", 0) < 1:
        raise UserError(f"--momentum must be at least 0 and below 1, not {overrides['momentum']}")
    if 0 < overrides.get("images", 0) < FEWEST_IMAGES:
        raise UserError(
            f"--images must be 0 or at least {FEWEST_IMAGES}, for the pictures, not "
            f"{overrides['images']}"
        )
    names = tuple(dict.fromkeys(values.dataset or ())) or None
    if values.preset in ("quick", "smoke") and names and set(names) != {"mnist"}:
        raise UserError(f"the preset {values.preset} is for mnist only, not for {', '.join(names)}")
    return Options(
        preset=values.preset,
        overrides=overrides,
        datasets=names,
        data_dir=values.data_dir,
        runs_dir=Path(values.runs_dir),
        figures_dir=Path(values.figures_dir),
        pretrained=values.pretrained,
        scores_every=values.scores_every,
    )


def check_trains_on_mnist(options: Options, what: str) -> None:
    """Raises a UserError for options that do not fit what is trained for, and on MNIST alone."""
    if options.pretrained:
        raise UserError(f"--pretrained does not apply to {what}, for which networks are trained")
    if options.datasets not in (None, ("mnist",)):
        raise UserError(f"{what} is for mnist only")


def check_only_ships(options: Options, varied: Sequence[str] = ()) -> None:
    """Raises a UserError for options of a training, but ``varied`` settings, where none is made."""
    unused = set(options.overrides) - set(varied)
    if unused or options.preset != "report":
        name = sorted(unused)[0] if unused else "preset"
        raise UserError(f"--{name} does not apply: the models that ship are shown as they are")


def run_script(main: Callable[[Sequence[str]], None]) -> None:
    """Runs a script's ``main(sys.argv)``; a user's mistake is one sentence and exit code 1."""
    app.define_help_flags()
    try:
        main(sys.argv)
    except UserError as error:
        print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from the last checkpoint.", file=sys.stderr)
        sys.exit(130)


def digits(model: VAE | VAEGAN, rows: int = 10, columns: int = 10, seed: int = 0) -> np.ndarray:
    """Drawn images [rows, columns, height, width, channels], one label a row if there are any."""
    if isinstance(generator(model), CVAE):
        images = model.sample(np.repeat(np.arange(rows), columns), seed=seed)
    else:
        images = model.sample(rows * columns, seed=seed)
    return np.reshape(images, [rows, columns, *images.shape[1:]])


def completions(
    model: CVAE, split: datasets.Split, part: str, rows: int = 10, count: int = 1, seed: int = 0
) -> np.ndarray:
    """Rows of an image, its given part and images drawn given it.

    The images are the first of each label in the split, by label.

    Returns:
        [rows, 2 + count, height, width, channels].
    """
    _, first = np.unique(split.labels, return_index=True)
    images, given = split.at(first[:rows]).arrays()
    shown = completion.shown(given, part, images.shape[1:])
    drawn = completion.complete(model, given, count, seed)
    return np.concatenate([images[:, None], shown[:, None], drawn], axis=1)


def reconstructions(model: VAE | VAEGAN, split: datasets.Split, rows: int = 10) -> np.ndarray:
    """Pairs of an image and its reconstruction, [rows, 10, height, width, channels].

    The images are the first of the split, five pairs a row; codes are drawn from q(z | x).
    """
    images, y = split.at(slice(5 * rows)).arrays()
    again = model.reconstruct(images, y if isinstance(generator(model), CVAE) else None, seed=0)
    pairs = np.stack([images, again], axis=1)
    return np.reshape(pairs, [rows, 10, *images.shape[1:]])


@dataclasses.dataclass(frozen=True)
class Result:
    """A trained model with what the json beside a figure tells of it."""

    model: VAE | VAEGAN
    data: datasets.Dataset
    title: str
    """The name of the model and of the data set, for a panel."""
    record: dict
    interrupted: bool = False
    validations: Sequence[dict[str, float]] = ()
    """The bound on the validation images after each epoch of a run that was trained."""


def dataset_title(data: datasets.Dataset) -> str:
    """The title of a panel in a figure of one model: "MNIST"."""
    return f"SVHN ({data.name})" if data.name.startswith("svhn") else "MNIST"


def title(model_name: str, data: datasets.Dataset) -> str:
    """The title of a panel in a figure of several: "CVAE-GAN, MNIST"."""
    return f"{model_name.upper()}, {dataset_title(data)}"


def load_data(options: Options, name: str) -> datasets.Dataset:
    """A data set; it is downloaded only where the command line names it."""
    return datasets.load(name, options.data_dir, download=name in (options.datasets or ()))


def figure_datasets(options: Options, models: Sequence[str]) -> tuple[list[str], list[str]]:
    """The data sets that a figure of these models draws, and a sentence on each that is missing."""
    if options.datasets:
        return list(options.datasets), []
    improved = options.preset == "improved" and set(models) <= set(IMPROVED_SVHN)
    if not improved and options.preset != "report":
        return ["mnist"], []
    for name in ("svhn", "svhn_small"):
        if datasets.is_local(name, options.data_dir):
            return ["mnist", name], []
    return ["mnist"], [f"The SVHN panel is left out: {datasets.how_to_get('svhn')}"]


def train_all(options: Options, models: Sequence[str]) -> list[Result]:
    """Trains each model on each data set that the figure draws; stops after an interrupted one."""
    names, missing = figure_datasets(options, models)
    if options.pretrained and not options.datasets:
        # Not every model ships for SVHN; that none does for MNIST is the user's mistake.
        ship = pretrained.SHIPPED
        names[1:] = [name for name in names[1:] if all(f"{each}-{name}" in ship for each in models)]
    for sentence in missing:
        print(sentence)
    results = []
    for name in names:
        data = load_data(options, name)
        for model in models:
            results.append(
                shipped(options.preset, model, data)
                if options.pretrained
                else train(options, model, data)
            )
            if results[-1].interrupted:
                return results
    return results


def train(options: Options, model_name: str, data: datasets.Dataset) -> Result:
    """Trains one model in its run folder, or goes on with it, or takes what is finished there.

    The networks that the result holds are those of the .npz file in the run folder: rounded to
    float16, the way they ship.

    Raises:
        UserError: the folder cannot be written, is in use, or holds a run of other settings; or the
            judge of its images cannot be loaded.
    """
    settings = resolve(options.preset, model_name, data.name, options.overrides)
    if not settings.part and (data.name == "mnist" or options.scores_every):
        judges.chosen(judge_of(data))  # if it does not load, no training is in vain
    if settings.generator_first:
        own = {
            name: value for name, value in options.overrides.items() if name not in OF_THE_ADVERSARY
        }
        alone = dataclasses.replace(options, preset="report", overrides=own)
        first = train(alone, settings.generator, data)
        if first.interrupted:
            return first
    if settings.images:
        cut = {name: getattr(data, name).at(slice(settings.images)) for name in SPLITS}
        data = dataclasses.replace(data, **cut)
    data = with_side_information(data, settings)
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    folder = options.runs_dir / settings.name
    print(f"{settings.model} on {settings.dataset}, run folder {folder}")

    def pictures(model: VAE | VAEGAN) -> dict[str, np.ndarray]:
        part, validation = settings.part, data.validation
        samples = completions(model, validation, part, count=4) if part else digits(model)
        shown = {"samples": samples, "reconstructions": reconstructions(model, validation, 4)}
        if settings.labels:
            shown["confusion"] = confusion(generator(model), validation)[None, None]
        return {name: grids.tile(images)[None] for name, images in shown.items()}

    if options.scores_every and settings.part:
        raise UserError(
            f"--scores_every is for images drawn from labels or codes alone, and {settings.model} "
            "is given a part of an image"
        )

    @functools.cache
    def real() -> scores.Judged:
        return scores.judged(*data.validation.at(slice(SCORED)).arrays(), judge_of(data))

    def drawn_scores(model: VAE | VAEGAN) -> dict[str, float]:
        drawn = scores.judged(*scores.samples(model, SCORED), judge_of(data))
        every = scores.all_scores(drawn, real(), frechet_resamples=2)  # the errors are not shown
        return {name: score.value for name, score in every.items()}

    with lock(folder):
        _claim(folder, settings)
        images = datasets.count(data.train)
        model = build_model(settings, data.image_shape, data.num_classes, images)
        if settings.generator_first:
            generator(model).set_weights(first.model.get_weights())
        outcome = loop.train(
            model,
            data,
            folder,
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            seed=settings.seed,
            patience=settings.patience,
            pictures=pictures,
            scores=drawn_scores,
            scores_every=options.scores_every,
        )
        record = {
            "settings": dataclasses.asdict(settings),
            "images": {name: datasets.count(getattr(data, name)) for name in SPLITS},
            "source": data.source,
            "epochs": outcome.epochs,
            "steps": outcome.steps,
            "losses": outcome.losses,
            "validation": outcome.validations[-1] if outcome.validations else {},
            "wall_seconds": round(outcome.seconds, 1),
        }
        if settings.generator_first:
            record["generator_first"] = first.record
        if outcome.interrupted:
            return Result(model, data, title(settings.model, data), record, interrupted=True)
        result = _finish(model, data, record, folder, settings)
        return dataclasses.replace(result, validations=outcome.validations)


def with_side_information(data: datasets.Dataset, settings: Settings) -> datasets.Dataset:
    """The data set with what the model is given of each image, if that is not the label of all."""
    if settings.labels:
        few = datasets.few_labels(
            data.train, settings.labels, settings.seed, settings.labelled_batch, settings.shift
        )
        return dataclasses.replace(data, train=few)
    if not settings.part:
        return data
    return completion.conditioned(data, settings.part, settings.binarise_given, settings.seed)


def _claim(folder: Path, settings: Settings) -> None:
    """Writes the settings into a new run folder; refuses one that was started with others."""
    path = folder / "settings.json"
    asked = dataclasses.asdict(settings)
    if not path.exists():
        write_json(path, asked)
        return
    begun = with_defaults(json.loads(path.read_text()))
    for name in asked | begun:
        if asked.get(name) != begun.get(name):
            raise UserError(
                f"the run in {folder} was begun with {name} = {begun.get(name)!r} and "
                f"{asked.get(name)!r} is asked for now; name another --runs_dir, or delete that "
                "folder to start anew"
            )


def _finish(
    model: VAE | VAEGAN, data: datasets.Dataset, record: dict, folder: Path, settings: Settings
) -> Result:
    """Saves a trained model in its three forms, takes the shipped form, and scores it."""
    name = settings.weights
    model.save(folder / "model.keras")
    export(generator(model), folder / "saved_model")
    # The figures show generators, and in the report's preset CVAE-GAN's discriminator judges them.
    alone = type(model) is VAEGAN or settings.preset == "improved"
    inference = generator(model) if alone else model
    weights = folder / f"{name}.npz"
    pretrained.save_pretrained(inference, weights)
    inference = pretrained.load_file(weights)
    found = score(inference, data)
    print(", ".join(f"{name} {value:.4g}" for name, value in found.items()))
    with Summaries(folder / "tensorboard") as summaries:
        summaries.begin(record["steps"])
        summaries.hparams(
            dataclasses.asdict(settings),
            loop.renamed("validation", record["validation"]) | found,
        )
    record |= {"scores": found, "weights": {"name": name, "sha256": pretrained.sha256(weights)}}
    return Result(inference, data, title(settings.model, data), record)


def bound(model: VAE, split: datasets.Split) -> dict[str, float]:
    """The bound (1) of a model in test mode and its two parts, means over a split, in nats."""
    return loop.evaluate(model, tf.function(model.test_step), loop.in_order(split))


def record_training_bound(result: Result, originals: dict[str, float]) -> None:
    """Adds the bound on the training images to the record, beside the originals' training loss.

    Args:
        result: of a trained model.
        originals: their losses in nats an image, for "mnist" and "svhn"; empty if there are none.
    """
    result.record["training_bound"] = bound(result.model, result.data.train)
    kind = result.data.name.split("_")[0]
    if kind in originals:
        result.record["originals_training_loss"] = originals[kind]


def score(model: VAE | VAEGAN, data: datasets.Dataset) -> dict[str, float]:
    """The bound on the test images, and of MNIST what the judge says, on as many images each.

    Of drawn images the shares that are read as asked, where there are labels to ask for, and
    accepted (`scores.accepted`); of the test images the share whose reconstruction, with a z drawn
    from q(z | x, y), is read as their label, and its squared error. A model that is given a part of
    an image has none of these.
    """
    generating = generator(model)
    found = loop.renamed("test", bound(generating, data.test))
    conditional = isinstance(generating, CVAE)
    if data.name != "mnist" or (
        conditional and not isinstance(generating.condition, LabelCondition)
    ):
        return found
    drawn = scores.judged(*scores.samples(model, len(data.test.images)), judge_of(data))
    found["accepted"] = scores.accepted(drawn).value
    if conditional:
        found["label_accuracy"] = scores.label_accuracy(drawn).value
    images, labels = data.test.arrays()
    again = scores.reconstructions(model, images, labels, judge_of(data))
    found["reconstruction_accuracy"] = again.accuracy.value
    found["squared_error"] = again.squared_error.value
    return found


def judge_of(data: datasets.Dataset) -> str | None:
    """The name of the judge of a data set's images, None if none ships."""
    return {(28, 28, 1): "mnist-classifier", (32, 32, 3): "svhn_small-classifier"}.get(
        data.image_shape
    )


def shipped(preset_name: str, model_name: str, data: datasets.Dataset) -> Result:
    """The networks shipped for a model and a data set: the improved ones, or else the report's."""
    preset_name = preset_name if preset_name == "improved" else "report"
    settings = preset(preset_name, model_name, data.name)
    record = {"weights": {"name": settings.weights}, "source": data.source}
    model = pretrained.load_pretrained(settings.weights)
    data = with_side_information(data, settings)
    return Result(model, data, title(model_name, data), record)


def publish(
    options: Options,
    figure: str,
    picture: Figure,
    results: Sequence[Result],
) -> Path:
    """Writes the picture of a figure, and the json beside it; gives the picture's path.

    Only a whole run of the report preset gets the plain name; another preset, a part of the
    panels, overridden settings, shipped networks and an interrupted run each add a word to it. The
    last one ends the program, with exit code 130.
    """
    interrupted = any(result.interrupted for result in results)
    other = sorted(set(options.overrides) - set(HOW_NOT_WHAT))
    drawn = list(dict.fromkeys(result.data.name for result in results))
    words = [figure]
    words += [options.preset] if options.preset != "report" else []
    asked_for = options.preset == "improved" and options.datasets
    words += drawn if len(drawn) < 2 and (options.preset == "report" or asked_for) else []
    words += [f"seed{options.overrides['seed']}"] if options.overrides.get("seed") else []
    words += ["pretrained"] if options.pretrained else []
    words += ["custom"] if other else []
    words += ["interrupted"] if interrupted else []
    path = options.figures_dir / f"{'-'.join(words)}.png"
    record = {
        "figure": figure,
        "preset": options.preset,
        "overrides": options.overrides,
        "pretrained": options.pretrained,
        "interrupted": interrupted,
        "runs": [result.record for result in results],
        "machine": machine(),
        "versions": versions(),
    }
    grids.save(picture, path)
    write_json(path.with_suffix(".json"), record)
    print(f"Wrote {path} and {path.with_suffix('.json').name}")
    if interrupted:
        stop()
    return path


def stop() -> None:
    """Ends the program after a run that was interrupted."""
    print("The run was interrupted; the same command goes on where it stopped.")
    sys.exit(130)  # what a shell expects of a program that Ctrl-C ended


def write_json(path: Path, record: dict) -> None:
    """Writes a record as json; a UserError if it cannot be written."""
    write_whole(path, (json.dumps(record, indent=1) + "\n").encode())


def machine() -> dict[str, object]:
    """What a run took place on."""
    return {"cores": os.cpu_count(), "processor": platform.machine()}


def versions() -> dict[str, str]:
    """The versions of what a result depends on."""
    names = (
        "tensorflow",
        "keras",
        "tensorflow-probability",
        "tensorflow-datasets",
        "numpy",
        "matplotlib",
    )
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


def cell_probabilities(model: CVAEGAN, images: np.ndarray) -> list[list[str]]:
    """D_y of the images of a grid, one label a row: the title of each digit in figure 7."""
    rows, columns = images.shape[:2]
    flat = np.reshape(images, [rows * columns, *images.shape[2:]])
    labels = np.repeat(np.arange(rows), columns)
    probabilities = np.asarray(model.discriminate(flat))[np.arange(len(labels)), labels]
    return [[f"{value:.2f}" for value in row] for row in np.reshape(probabilities, [rows, columns])]
