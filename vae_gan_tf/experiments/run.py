"""From settings to a trained model: the run folder, the training, the final scores."""

import contextlib
import dataclasses
import functools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypedDict

import keras

from vae_gan_tf import datasets, files, pretrained
from vae_gan_tf.conditions import ImageCondition, LabelCondition
from vae_gan_tf.datasets import parts
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges, scores
from vae_gan_tf.experiments import watching
from vae_gan_tf.experiments.flags import Options
from vae_gan_tf.experiments.presets import PRESETS
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.settings import (
    FIELDS,
    MODELS,
    NETWORKS,
    Images,
    Settings,
    entry,
    form_of,
    meaningful,
    with_defaults,
)
from vae_gan_tf.experiments.zoo import build_model
from vae_gan_tf.files import check_folder, read_json, write_json
from vae_gan_tf.models.adversarial import CVAEGAN, VAEGAN, generator
from vae_gan_tf.models.export import export
from vae_gan_tf.models.vae import VAE
from vae_gan_tf.schema import MadeWith, Trained, Weights
from vae_gan_tf.training import devices, loop, workers
from vae_gan_tf.training.checkpoints import lock
from vae_gan_tf.training.history import History
from vae_gan_tf.training.summaries import Summaries
from vae_gan_tf.training.tags import renamed

SETTINGS = "settings.json"
"""The file of a run folder that holds what the run was begun with."""

RECORD = "record.json"
"""The file of a run folder that holds what is known of a finished run."""


SESSIONS = "made_with.json"
"""The file of a run folder that holds what each command that trained it was made with."""


class Kept(TypedDict):
    """What the record of a finished run has for certain."""

    weights: Weights
    scores: Annotated[dict[str, float], bool]


@dataclasses.dataclass(frozen=True)
class Result:
    """A trained model with what the json beside a figure tells of it."""

    model: VAE | VAEGAN
    data: datasets.Dataset
    model_name: str
    record: dict
    interrupted: int = 0
    """The number of the signal that ended its training; 0 if none did."""
    validations: Sequence[dict[str, float]] = ()
    """The bound on the validation images after each epoch of a run that was trained."""
    taken: bool = False
    """Whether it was there already."""

    @property
    def title(self) -> str:
        """The title of a panel: "CVAE-GAN, MNIST", with the preset if it is not the report's."""
        preset = self.record.get("settings", self.record).get("preset", "report")
        words = f" (preset {preset})" if preset != "report" else ""
        return f"{self.model_name.upper()}, {self.data.title}{words}"


def load_data(options: Options, name: str) -> datasets.Dataset:
    """A data set; it is downloaded only where the command line names it.

    Raises:
        UserError: it cannot be loaded; more devices are asked for than there are.
    """
    with workers.attended(), workers.together():
        devices.count(options.overrides.get("devices", "1"))  # before a download
        named = name in (options.datasets or ())
        return datasets.load(name, options.data_dir, named, form_of(options.overrides))


def train(
    options: Options, model_name: str, data: datasets.Dataset, first: Result | None = None
) -> Result:
    """Trains one model in its run folder, or goes on with it, or takes what is finished there.

    The networks that the result holds are those of the .npz file in the run folder: rounded to
    float16, the way they ship.

    Args:
        options: of the command line.
        model_name: its name in the zoo.
        data: all its images, with their labels.
        first: what it begins with the weights of; None for initial weights of its own.

    Raises:
        UserError: the folder cannot be written, is in use, or holds a run of other settings; the
            judge of the data set cannot be loaded.
    """
    with workers.attended(), contextlib.ExitStack() as held:
        with workers.together():  # refuses what is wrong
            settings = settings_here(options, model_name, data.name)
            if options.scores_every and settings.kind.part:
                raise UserError(
                    f"--scores_every is for samples of labels or codes alone, and {model_name} is "
                    "given a part of an image"
                )
            check_folder(options.figures_dir)  # before the training, not after it
            if data.judge:
                judges.check(data)
            folder = options.runs_dir / settings.name
            _begun(folder, settings, data.contents)  # refuses before its generator is trained
        workers.compare("settings", dataclasses.asdict(settings) | {"contents": data.contents})
        if settings.generator_first:
            its_options, generator = of_generator(options, settings)
            first = train(its_options, generator, data)
            if first.interrupted:
                return first
        with workers.together():
            # Nothing is written to a finished run: its disk may be read-only.
            finished = _begun(folder, settings, data.contents) and _kept(folder, settings)
            if workers.leads() and not finished:
                held.enter_context(lock(folder))
        workers.check_folder(folder)
        return _train(options, settings, data, first, folder)


def _train(
    options: Options,
    settings: Settings,
    data: datasets.Dataset,
    first: Result | None,
    folder: Path,
) -> Result:
    """Trains in a run folder that is held, see `train`.

    Args:
        options: of the command line.
        settings: of the run.
        data: all its images, with their labels.
        first: what its generator begins with the weights of, if it does.
        folder: of the run.
    """
    name, number = settings.model, int(settings.devices)
    precision = settings.precision.removeprefix("mixed_")
    print(f"{name} on {settings.dataset} in {precision}, run folder {folder}")
    devices.warn_if_slow(settings.precision)
    its = entry(settings.dataset, settings.form)
    if its != settings.dataset:
        print(f"The settings of the preset {settings.preset} are those for {its}")
    with workers.together():
        if options.overrides.get("images", 0) > datasets.count(data.train):
            raise UserError(
                f"--images={settings.images} given, and {data.name} has "
                f"{datasets.count(data.train)} images to train on"
            )
        if settings.images:
            cut = {each: getattr(data, each).at(slice(settings.images)) for each in datasets.SPLITS}
            data = dataclasses.replace(data, **cut)
        data = with_side_information(data, settings)
        keras.utils.set_random_seed(settings.seed)
        begun = _begun(folder, settings, data.contents)
        kept = _kept(folder, settings)
        loop.check_batches(data.train, settings.batch_size)
    if kept:
        model = pretrained.load_file(folder / f"{settings.weights}.npz")
        if kept.get("judge") != _judge_name(data):  # one was trained since
            kept |= {"scores": score(model, data), "judge": _judge_name(data)}
            write_json(folder / RECORD, kept)
            _tell(kept["scores"])
        for flag, value in (("profile", options.profile), ("scores_every", options.scores_every)):
            if value:
                print(f"The run is finished, so --{flag}={value} shows nothing of it")
        validations = History(folder, kept["steps"]).validations
        return Result(model, data, name, kept, validations=validations, taken=True)
    count = datasets.count(data.train)
    with devices.strategy(number).scope():
        model = build_model(settings, Images(data.image_shape, data.num_classes, count))
    steps = settings.epochs * ((count - settings.labels) // settings.batch_size)
    if settings.weights_average**steps > 0.01:
        print(
            f"Of the first weights {settings.weights_average**steps:.0%} stay in the average after "
            f"{steps} steps; a smaller --weights_average forgets them sooner"
        )
    if not begun:  # after all that may refuse it
        more = {"contents": data.contents} if data.contents else {}
        write_json(folder / SETTINGS, dataclasses.asdict(settings) | more)
    made = _made_with(folder)
    if first:
        generator(model).set_weights(generator(first.model).get_weights())
    print(f"To watch it: tensorboard --logdir {shlex.quote(str(options.runs_dir))}")
    outcome = loop.train(
        model,
        data,
        folder,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        seed=settings.seed,
        patience=settings.patience,
        jit=settings.jit,
        pictures=watching.each_epoch(settings, data),
        measures=watching.measures(data),
        scores=watching.sample_scores(data, data.judge),
        scores_every=options.scores_every,
        texts=watching.texts(settings, model, made[-1]),
        profile=options.profile,
    )
    record = {
        "settings": dataclasses.asdict(settings),
        "images": {each: datasets.count(getattr(data, each)) for each in datasets.SPLITS},
        "source": data.source,
        "split": "test",  # of the scores
        "judge": _judge_name(data),
        **({"classes": data.class_names} if data.class_names else {}),
        **({"settings_of": its} if its != settings.dataset else {}),
        "epochs": outcome.epochs,
        "steps": outcome.steps,
        "losses": outcome.losses,
        "validation": outcome.validations[-1] if outcome.validations else {},
        "wall_seconds": round(outcome.seconds, 1),
        "made_with": made,
    }
    if first:
        record["begun_with"] = first.record
    if outcome.interrupted:
        return Result(model, data, name, record, interrupted=outcome.interrupted)
    if workers.leads():
        finished = _finish(model, data, record, folder, settings)
    workers.wait_for_all()
    if not workers.leads():
        finished = pretrained.load_file(folder / f"{settings.weights}.npz")
        record = _record(folder, "run the same command again")
    taken = not outcome.steps_now
    return Result(finished, data, name, record, validations=outcome.validations, taken=taken)


def check_run_folder(options: Options, model_name: str, data: datasets.Dataset) -> None:
    """Raises a UserError where a run's folder holds one of other settings or images."""
    settings = settings_here(options, model_name, data.name)
    _begun(options.runs_dir / settings.name, settings, data.contents)


def settings_here(options: Options, model_name: str, dataset: str) -> Settings:
    """The settings of a run on this machine, with the number of its devices.

    Raises:
        UserError: see `Options.settings`; there are not so many devices, or the images of a step
            cannot be spread evenly over them, or XLA is asked for beside them.
    """
    settings = options.settings(model_name, dataset)
    number = devices.count(settings.devices)
    if number > 1 and settings.jit:
        raise UserError(f"--jit given with {number} devices, and XLA compiles that of one alone")
    for name in ("batch_size", "labelled_batch"):
        size = getattr(settings, name)
        if settings.takes(name) and size % number:
            raise UserError(f"--devices={number} given, which does not divide --{name}={size}")
    return dataclasses.replace(settings, devices=str(number))


def trainings(options: Options, settings: Settings) -> list[Settings]:
    """The settings of a run, after those of the training of its generator, if that comes first."""
    if not settings.generator_first:
        return [settings]
    its_options, name = of_generator(options, settings)
    return [*trainings(its_options, its_options.settings(name, settings.dataset)), settings]


def of_generator(options: Options, settings: Settings) -> tuple[Options, str]:
    """Options and name of the generator of an adversarial run, for a training of its own.

    That is of the same networks, by the preset of the run where every model has it, else by the
    preset report.

    Raises:
        UserError: the generator has no name.
    """
    name = settings.kind.generator
    if name is None:
        raise UserError(
            f"--generator_first given for {settings.model}, whose generator has no name"
        )
    same = {
        each: getattr(settings, each)
        for each, field in FIELDS.items()
        if field.metadata["section"] == NETWORKS and MODELS[name].has(each, settings.architecture)
    }
    own = same | meaningful(name, options.overrides)
    preset = "report" if PRESETS[settings.preset].only_some_models else settings.preset
    return dataclasses.replace(options, preset=preset, overrides=own), name


def with_side_information(data: datasets.Dataset, settings: Settings) -> datasets.Dataset:
    """The data set with what the model is given of each image, if that is not the label of all."""
    if settings.labels:
        few = datasets.few_labels(
            whole(data.train),
            settings.labels,
            settings.seed,
            settings.labelled_batch,
            settings.shift,
        )
        return dataclasses.replace(data, train=few)
    return with_given_parts(data, settings)


def with_given_parts(data: datasets.Dataset, settings: Settings) -> datasets.Dataset:
    """The data set with the part of each image that the model is given, if it is given one."""
    part = settings.kind.part
    if part is None:
        return data
    return parts.conditioned(data, part, settings.binarise_given, settings.seed)


def whole(split: datasets.Split | datasets.FewLabels) -> datasets.Split:
    """Training images that all have their label.

    Raises:
        ValueError: only some have.
    """
    if isinstance(split, datasets.FewLabels):
        raise ValueError("a split of few labels given, where all images are to have theirs")
    return split


def _begun(folder: Path, settings: Settings, contents: str) -> bool:
    """Whether the folder holds a run of these settings and images; refuses one of others.

    Settings without a checkpoint are those of a run that came to nothing.
    """
    path = folder / SETTINGS
    asked = dataclasses.asdict(settings)
    trained = (folder / "checkpoints").is_dir() or (folder / RECORD).exists()
    if not trained:
        return False
    if not path.exists():
        raise UserError(f"{path} is gone; put it back, or delete that folder to start anew")
    begun = with_defaults(read_json(path, dict[str, Any], "delete that folder to start anew"))
    if begun.pop("contents", "") != contents:
        raise UserError(
            f"the run in {folder} was begun with other images of {settings.dataset}, which have "
            "changed since; name another --runs_dir, or delete that folder to start anew"
        )
    for name in asked | begun:
        if asked.get(name) != begun.get(name):
            raise UserError(
                f"the run in {folder} was begun with {name} = {begun.get(name)!r} and "
                f"{asked.get(name)!r} is asked for now; name another --runs_dir, or delete that "
                "folder to start anew"
            )
    return True


def _made_with(folder: Path) -> list[MadeWith]:
    """What the commands that trained a run were made with, each once, this one among them."""
    path = folder / SESSIONS
    sessions: list[MadeWith] = []
    if path.exists():
        sessions = read_json(path, list[MadeWith], "delete it to go on without this record")
    if made_with() not in sessions:
        sessions.append(made_with())
        write_json(path, sessions)
    return sessions


def _judge_name(data: datasets.Dataset) -> str | None:
    """The name of the judge that reads images of a data set, of one's own with its SHA-256."""
    own = data.judge_file
    if own and data.judge == str(own):
        return f"{own.stem} {pretrained.sha256(own)}"
    return data.judge


def _kept(folder: Path, settings: Settings) -> dict | None:
    """The record of a finished run, whose weights are still those that it names; else None.

    Raises:
        UserError: the record is damaged; the weights are not those, and there are no checkpoints to
            make them from.
    """
    path, weights = folder / RECORD, folder / f"{settings.weights}.npz"
    if not path.exists():
        return None
    record = _record(folder, "delete it to have it made anew from the last checkpoint")
    if weights.is_file() and record["weights"]["sha256"] == pretrained.sha256(weights):
        return record
    if not (folder / "checkpoints").exists():
        raise UserError(
            f"the run in {folder} was finished, its weights {weights.name} are gone or altered, "
            "and its checkpoints are gone; put the weights back, or delete that folder to train "
            "anew"
        )
    return None


def _record(folder: Path, remedy: str) -> dict:
    """The record of a finished run; `remedy` is what to do where it is damaged."""
    finished = Annotated[Trained, functools.partial(files.fits, kind=Kept)]
    return read_json(folder / RECORD, finished, remedy)


def _finish(
    model: VAE | VAEGAN, data: datasets.Dataset, record: dict, folder: Path, settings: Settings
) -> VAE | VAEGAN:
    """Saves a trained model in its three forms and scores the one that ships, which it gives."""
    name = settings.weights
    if settings.weights_average:
        model.optimizer.finalize_variable_values(generator(model).trainable_variables)
    with files.whole(folder / "model.keras") as file:
        model.save(file)
    export(generator(model), folder / "saved_model")
    # The figures show generators, and in the report's preset CVAE-GAN's discriminator judges them.
    alone = not isinstance(model, CVAEGAN) or settings.preset == "improved"
    weights = folder / f"{name}.npz"
    pretrained.save_pretrained(generator(model) if alone else model, weights)
    finished = pretrained.load_file(weights)
    final = score(finished, data)
    if not data.judge:
        size = settings.image_size
        flags = f" --image_size={size}" * bool(settings.form.size) + " --grey" * settings.grey
        dataset = shlex.quote(f"--dataset={data.name}")
        print(
            f"No judge reads images of {data.name}, so the scores that need one are left out; "
            f"reproduce/classifier.py {dataset}{flags} trains one"
        )
    _tell(final)
    with Summaries(folder / "tensorboard") as summaries:
        summaries.begin(record["steps"])
        # TensorBoard takes rows of one name for one run, and tables have runs of one name each.
        called = f"{folder.name} in {folder.absolute().parent.name}"
        watching.finish(summaries, called, settings, generator(finished), data, final)
    record |= {"scores": final, "weights": {"name": name, "sha256": pretrained.sha256(weights)}}
    write_json(folder / RECORD, record)  # last: what it stands for is there
    print(f"Wrote {weights}, and model.keras, saved_model and {RECORD} beside it")
    return finished


def _tell(final: dict[str, float]) -> None:
    """Prints the final scores of a run."""
    for name, value in final.items():
        print(f"{value:10.4g}  {watching.MEANINGS.get(name, name)}")


def bound(model: VAE, split: datasets.Split) -> dict[str, float]:
    """The bound (1) of a model in test mode and its two parts, means over a split, in nats."""
    step = devices.on_all(model, model.test_step)
    found = loop.evaluate(model, step, loop.in_order(split)) or {}
    del found["loss"]
    return found


def record_training_bound(result: Result, originals: dict[str, float]) -> None:
    """Adds the bound on the training images to the record, beside the originals' training loss.

    Args:
        result: of a trained model.
        originals: their losses in nats an image, by the family of data sets; empty if there are
            none.
    """
    result.record["training_bound"] = bound(generator(result.model), whole(result.data.train))
    if result.data.family in originals:
        result.record["originals_training_loss"] = originals[result.data.family]


def score(model: VAE | VAEGAN, data: datasets.Dataset) -> dict[str, float]:
    """The bound on the test images and, where there is a judge, what it says, on as many samples.

    Of samples the shares that are read as asked, where there are labels to ask for, and accepted
    (`scores.accepted`); of the test images the share whose reconstruction, with a z sampled from
    q(z | x, y), is read as their label, and its squared error. A model that is given a part of an
    image has none of these.
    """
    generating = generator(model)
    final = renamed("test", bound(generating, data.test))
    if not data.judge or isinstance(generating.condition, ImageCondition):
        return final
    generated = scores.judged(*scores.samples(model, len(data.test.images)), data.judge)
    final["accepted"] = scores.accepted(generated).value
    if isinstance(generating.condition, LabelCondition):
        final["label_accuracy"] = scores.label_accuracy(generated).value
    images, labels = data.test.arrays()
    again = scores.reconstructions(model, images, labels, data.judge)
    final["reconstruction_accuracy"] = again.accuracy.value
    final["squared_error"] = again.squared_error.value
    return final
