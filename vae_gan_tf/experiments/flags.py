"""The command line of a script: its flags, their help, and what they ask for.

The flags are those of the script alone, in a `FlagValues` of its own: importing a module of the
package defines none in the program that imports it.
"""

import dataclasses
import itertools
import math
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from absl import flags

from vae_gan_tf import datasets
from vae_gan_tf.datasets import folder
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.presets import PRESETS
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.settings import (
    FIELDS,
    MODELS,
    SECTIONS,
    Settings,
    check_meaningful,
    check_not_lacking,
    form_of,
    has_preset,
    meaningful,
    preset,
    resolve,
)
from vae_gan_tf.models.seeds import LARGEST
from vae_gan_tf.training import devices, workers

LONGEST_NAME, LONGEST_PATH = 200, 3000
"""Characters of a part of a path, and of all of it: less than systems allow, for what is added."""

MOST_SEEDS = 1000
"""Runs that one command makes of a figure."""

FEWEST_IMAGES = 50
"""Test images that a picture of reconstructions shows."""

WIDTH = 100
"""Characters in a line of the help."""


def _preset(name: str, values: flags.FlagValues) -> None:
    flags.DEFINE_enum(name, "report", list(PRESETS), _presets(list(PRESETS)), flag_values=values)


def _presets(names: Sequence[str]) -> str:
    """What the help says of some presets."""
    return "the settings to start from: " + "; ".join(f"{it}, {PRESETS[it].help}" for it in names)


def _dataset(name: str, values: flags.FlagValues) -> None:
    text = (
        f"show this data set, and download it where need be (may be repeated): "
        f"{', '.join(datasets.names())}, any of images with labels that TensorFlow Datasets has, "
        "by its name there, or folder:PATH with a sub-folder of images a class; without it every "
        "data set of the figure that is already on this machine is shown"
    )
    flags.DEFINE_multi_string(name, None, text, flag_values=values)


def _string(default: str | None, text: str) -> Callable[[str, flags.FlagValues], object]:
    return lambda name, values: flags.DEFINE_string(name, default, text, flag_values=values)


def _switch(text: str) -> Callable[[str, flags.FlagValues], object]:
    return lambda name, values: flags.DEFINE_bool(name, False, text, flag_values=values)


def _format(name: str, values: flags.FlagValues) -> None:
    text = "of the picture"
    flags.DEFINE_enum(name, "png", ["png", "pdf"], text, flag_values=values)


def _scores_every(name: str, values: flags.FlagValues) -> None:
    text = "epochs from one point of the samples' scores in TensorBoard to the next; 0 for none"
    flags.DEFINE_integer(name, 0, text, lower_bound=0, upper_bound=10**6, flag_values=values)


def _profile(name: str, values: flags.FlagValues) -> None:
    text = (
        "steps that TensorFlow's profiler records, after the first ones, for the PROFILE tab of "
        "TensorBoard (pip install tensorboard-plugin-profile)"
    )
    flags.DEFINE_integer(name, 0, text, lower_bound=0, upper_bound=1000, flag_values=values)


def _worker_minutes(name: str, values: flags.FlagValues) -> None:
    text = "minutes to wait for the other workers that TF_CONFIG names, if it is set"
    flags.DEFINE_float(name, 10.0, text, lower_bound=0, upper_bound=1e4, flag_values=values)


COMMON_FLAGS: dict[str, Callable[[str, flags.FlagValues], object]] = {
    "preset": _preset,
    "dataset": _dataset,
    "seeds": _string(None, "runs with these seeds, one after the other: their number, or 3..5"),
    "pretrained": _switch("show the networks shipped with the package"),
    "figures_dir": _string("figures", "folder of the picture and its json"),
    "runs_dir": _string("runs", "folder of the runs: checkpoints, TensorBoard, models"),
    "data_dir": _string(None, "folder of TFDS data sets (default: that of TFDS)"),
    "fresh": _switch(
        "measure and train everything anew, in folders `fresh-...` in --figures_dir and --runs_dir "
        "that are named by the code, so that other code begins anew, "
        "and print the difference to what is in --figures_dir"
    ),
    "format": _format,
    "scores_every": _scores_every,
    "profile": _profile,
    "worker_minutes": _worker_minutes,
    "show_settings": _switch("print the settings that a run would use, and end"),
}
"""How each flag that is no setting is defined."""

EVERYDAY = ("epochs", "seed", "batch_size", "images", "precision")
"""The settings that come first in their sections of the help."""

OPTION_FLAGS = (
    "preset",
    "seeds",
    "pretrained",
    "fresh",
    "format",
    "scores_every",
    "profile",
    "show_settings",
)
"""The flags whose values are those of `Options`."""

FRESH = "fresh"
"""What the folders of --fresh begin with, beside the figures and the runs. Then comes the code that
makes the results: those of other code are made anew."""

FOLDER_FLAGS = ("runs_dir", "figures_dir", "data_dir")
"""The flags that name a folder."""

TRAINING_FLAGS = tuple(COMMON_FLAGS)
"""The flags of a script that trains models on the data sets of a figure."""

MNIST_FLAGS = tuple(name for name in COMMON_FLAGS if name not in ("dataset", "seeds", "pretrained"))
"""The flags of a script that trains models on MNIST alone."""

TABLE_FLAGS = tuple(name for name in MNIST_FLAGS if name != "format")
"""The flags of a script that trains the runs of a table, whose picture has both formats."""


@dataclasses.dataclass(frozen=True)
class Script:
    """What a script's command line is made of."""

    doc: str
    """What the script does; the help begins with it."""
    models: tuple[str, ...] = ()
    """The models that it may train or build."""
    settings: tuple[str, ...] | None = None
    """The settings that flags may override; None for all that mean something to the models."""
    varies: tuple[str, ...] = ()
    """Settings that the script sets itself, which flags may not override."""
    general: tuple[str, ...] = TRAINING_FLAGS
    """The names of its flags in `COMMON_FLAGS`."""
    define: Callable[[flags.FlagValues], object] = lambda values: None
    """Defines flags of its own."""


@dataclasses.dataclass(frozen=True)
class Options:
    """What a command line asks for."""

    preset: str = "report"
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fields of `Settings` that flags override."""
    datasets: tuple[str, ...] | None = None
    """The data sets asked for, or None for all that are on the machine."""
    data_dir: Path | None = None
    runs_dir: Path = Path("runs")
    figures_dir: Path = Path("figures")
    seeds: str | None = None
    """The seeds that `seeds` reads, where several are asked for."""
    pretrained: bool = False
    fresh: bool = False
    """Whether everything is measured and trained anew, in folders of its own, see `FRESH`."""
    format: str = "png"
    """Of a figure's picture."""
    scores_every: int = 0
    """Epochs from one point of TensorBoard's scores to the next; 0 for none. It is no setting, for
    no result depends on it: a run may be continued with another."""
    profile: int = 0
    """Steps of each training that the profiler records; 0 for none."""
    show_settings: bool = False
    """Whether to print the settings of the runs and end, see `show`."""
    script_flags: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The values of the script's own flags."""

    def settings(self, model: str, dataset: str) -> Settings:
        """The settings of a run, with those overrides that mean something to its model.

        Raises:
            UserError: see `settings.resolve`.
        """
        overrides = meaningful(model, self.overrides)
        run = preset(self.preset, model, dataset, form_of(overrides))
        run = dataclasses.replace(run, **overrides)
        taken = {name: value for name, value in overrides.items() if run.takes(name)}
        return resolve(self.preset, model, dataset, taken)


def parse(script: Script, argv: Sequence[str]) -> Options:
    """The options in a script's argv, whose first element is the script's name.

    ``--help`` prints the help and ends the program with code 0.

    Raises:
        UserError: an unknown flag, a value that a flag does not take, or a setting that means
            nothing to any of the script's models; the workers of ``TF_CONFIG`` did not come.
    """
    values = flags.FlagValues()
    for name in script.general:
        COMMON_FLAGS[name](name, values)
    script.define(values)
    own = [name for name in values if name not in script.general]
    taken = FIELDS if script.settings is None else script.settings
    for name in taken:
        _define_setting(name, values)
    _switch("print this help, and end")("help", values)
    try:
        rest = values(argv)
    except flags.Error as error:
        raise UserError(_in_one_sentence(error, values)) from error
    given: dict[str, Any] = {name: values[name].value for name in values}
    for name, value in given.items():
        if name not in FIELDS and isinstance(value, float) and not math.isfinite(value):
            raise UserError(f"--{name}={value} given, a finite number expected")
    more: dict[str, Any] = {name: given[name] for name in OPTION_FLAGS if name in given}
    more |= {
        name: expanded(given[name], name) for name in FOLDER_FLAGS if given.get(name) is not None
    }
    for name in ("runs_dir", "figures_dir") if given.get("fresh") else ():
        more[name] = more.get(name, Path(".")) / f"{FRESH}-{made_with()['code']['source'][:8]}"
    options = Options(
        overrides={name: given[name] for name in taken if given[name] is not None},
        datasets=tuple(dict.fromkeys(map(_dataset_name, given.get("dataset") or ()))) or None,
        script_flags={name: given[name] for name in own},
        **more,
    )
    if given["help"]:
        print(help_text(script, values, options.preset))
        sys.exit(0)
    if len(rest) > 1:
        raise UserError(
            f"flags only expected (see --help), not {rest[1]!r}; a value with spaces needs quotes"
        )
    _check(script, options)
    if options.overrides.get("deterministic") and not options.show_settings:
        devices.make_deterministic()
    if "worker_minutes" in given and not options.show_settings:
        workers.join(given["worker_minutes"])
    else:
        workers.leave_it_to_the_leader()
    return options


def _in_one_sentence(error: flags.Error, values: flags.FlagValues) -> str:
    """What absl says of a command line, without the words of Python on values of other types."""
    said = " ".join(str(error).split())
    found = re.match(r"flag --(\w+)=(.*?): ", said)
    if found and found[1] in values and not getattr(values[found[1]].parser, "enum_values", ()):
        flag = values[found[1]]
        expected = "true or false" if flag.boolean else flag.parser.syntactic_help
        return f"--{found[1]}={found[2]} given, {expected} expected"
    return said


def expanded(path: str, name: str, before: str = "") -> Path:
    """The path that a shell would make of it, which does not look behind the "=" of a flag.

    Args:
        path: as given.
        name: of the flag.
        before: what stands before the path there.

    Raises:
        UserError: the path is empty or too long, or names a user or a variable that there is not.
    """
    if not path.strip():
        raise UserError(f"--{name} given without a path")
    found = os.path.expanduser(os.path.expandvars(path))
    if not found.isprintable() and (
        found != found.encode(errors="ignore").decode() or "\0" in found
    ):
        raise UserError(f"--{name} given with a path that is no text in UTF-8")
    if (found.startswith("~") or "$" in found) and not os.path.exists(found):
        raise UserError(f"--{name}={before}{path} given, and there is no such user or variable")
    if max(map(len, found.split(os.sep))) > LONGEST_NAME or len(found) > LONGEST_PATH:
        raise UserError(f"--{name} given with a path that is too long: {path[:60]}...")
    return Path(found)


def _dataset_name(text: str) -> str:
    """The name of a data set; completing a path on the command line leaves a slash behind it."""
    if not text.startswith(folder.PREFIX):
        return text.rstrip("/")
    path = text.removeprefix(folder.PREFIX)
    found = expanded(path.rstrip("/") or path[:1], "dataset", folder.PREFIX)
    return f"{folder.PREFIX}{os.path.abspath(found)}"


def _define_setting(name: str, values: flags.FlagValues) -> None:
    field = FIELDS[name]
    text = f"override the preset's {name.replace('_', ' ')}: {field.metadata['help']}"
    if field.metadata["choices"]:
        flags.DEFINE_enum(name, None, field.metadata["choices"], text, flag_values=values)
        return
    define: dict[Any, Callable[..., object]] = {
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_bool,
        str: flags.DEFINE_string,
    }
    define[field.type](name, None, text, flag_values=values)


def _check(script: Script, options: Options) -> None:
    """Raises a UserError for options that no run of the script could have."""
    for name in script.varies:
        if name in options.overrides:
            raise UserError(f"--{name} is what this script varies by itself; see --help")
    form = form_of(options.overrides)
    for name in options.datasets or (datasets.DEFAULT,):
        datasets.source(name, form)
    # The checks of the other values are those of Settings, whatever the model.
    others = {k: v for k, v in options.overrides.items() if k not in ("image_size", "grey")}
    dataclasses.replace(Settings("vae", datasets.DEFAULT, "report"), **others)
    for name in options.overrides if script.models else ():
        _check_meaningful(script, options, name)
    images = options.overrides.get("images", 0)
    if 0 < images < FEWEST_IMAGES:
        raise UserError(
            f"--images must be 0 or at least {FEWEST_IMAGES}, for the pictures, not {images}"
        )
    if options.seeds is not None:
        seeds(options)
        if "seed" in options.overrides:
            raise UserError("--seed and --seeds given, one of them expected")
    if options.pretrained:
        trained = [f"--{name}" for name in options.overrides]
        trained += ["--seeds"] * (options.seeds is not None)
        trained += ["--preset"] * (options.preset not in ("report", "improved"))
        trained += [
            f"--{it}" for it in ("fresh", "profile", "scores_every") if getattr(options, it)
        ]
        if trained:
            raise UserError(
                f"{trained[0]} given with --pretrained, which shows networks as they ship: some "
                "of the presets report and improved"
            )


def _check_meaningful(script: Script, options: Options, name: str) -> None:
    """Raises a UserError unless a setting means something to a model of the script.

    Models without the preset are asked only where none has it.
    """
    models = [each for each in script.models if has_preset(options.preset, each)] or script.models
    check_meaningful(name, models, options.overrides[name])
    if "architecture" in script.varies:
        return
    dataset = (options.datasets or (datasets.DEFAULT,))[0]
    refusals = []
    for model in models:
        overrides = meaningful(model, options.overrides)
        try:
            if name in overrides and options.settings(model, dataset).takes(name):
                return
            resolve(options.preset, model, dataset, overrides)
        except UserError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def seeds(options: Options) -> range:
    """The seeds that --seeds asks for.

    Raises:
        UserError: it is neither a number of them nor the first and the last.
    """
    text = options.seeds or ""
    first, dots, last = text.partition("..")
    try:
        found = range(int(first), int(last) + 1) if dots else range(int(text))
    except ValueError:
        found = range(0)
    if not found or found[0] < 0 or found[-1] > LARGEST or found[-1] - found[0] >= MOST_SEEDS:
        raise UserError(
            f"--seeds={text} given, first..last or the number of seeds expected, at most "
            f"{MOST_SEEDS} of them, up to {LARGEST}"
        )
    return found


def each_seed(options: Options, figure: Callable[[Options], None]) -> None:
    """Makes a figure once, or by --seeds for each seed, which then stands in its name."""
    if options.seeds is None:
        figure(options)
        return
    for seed in seeds(options):
        figure(dataclasses.replace(options, overrides={**options.overrides, "seed": seed}))


def check_taken(options: Options, runs: Sequence[Settings]) -> None:
    """Raises a UserError for a setting that means nothing to any of the runs."""
    for name, value in options.overrides.items():
        if not any(run.takes(name) for run in runs):
            for run in runs:
                if run.kind.has(name, run.architecture):
                    check_not_lacking(run, name)
            raise UserError(
                f"--{name}={value} given, which means nothing to the runs that are asked for, with "
                "their networks and other settings"
            )


def show(options: Options, runs: Iterable[Settings], rows: Iterable[str] = ()) -> None:
    """Prints the settings of runs and ends the program with code 0, if --show_settings is given.

    Args:
        options: of the command line.
        runs: the settings of each; those that are alike are printed once.
        rows: the name of the table's row that each is of, where there is a table.
    """
    if not options.show_settings:
        return
    for run, row in dict(itertools.zip_longest(runs, rows)).items():
        named = f", row {row}" if row else ""
        print(f"{run.model} on {run.dataset}, preset {run.preset}{named}")
        for name in FIELDS:
            if run.takes(name):
                print(f"  {name} = {getattr(run, name)}")
        print()
    sys.exit(0)


def help_text(script: Script, values: flags.FlagValues, preset_name: str) -> str:
    """The help of a script: what it does, and its flags in groups, the everyday ones first."""
    own = [name for name in values if name not in (*script.general, *FIELDS, "help")]
    sections = {"This script": [*own, *script.general, "help"]}
    for section in SECTIONS:
        settings = [name for name in FIELDS if FIELDS[name].metadata["section"] == section]
        settings = [name for name in (*EVERYDAY, *settings) if name in settings]
        sections[section] = [name for name in dict.fromkeys(settings) if _shown(script, name)]
    blocks = [script.doc.strip()]
    for title, names in sections.items():
        if not names:
            continue
        entries = "\n".join(_entry(script, values[name], preset_name) for name in names)
        blocks.append(f"{title}:\n{entries}")
    return "\n\n".join(blocks)


def _shown(script: Script, name: str) -> bool:
    """Whether the help shows a setting: where it means something to a model of the script."""
    if script.settings is not None:
        return name in script.settings
    if name in script.varies:
        return False
    return any(MODELS[model].has(name) for model in script.models)


def _entry(script: Script, flag: flags.Flag, preset_name: str) -> str:
    """A flag in the help: its name and values, what it is, and its value in the preset."""
    choices = list(getattr(flag.parser, "enum_values", ()))
    if flag.name == "preset" and script.models:
        choices = [each for each in choices if any(has_preset(each, it) for it in script.models)]
    if flag.name == "architecture":
        those = [each for model in script.models for each in MODELS[model].architectures]
        choices = [each for each in choices if each in those]
    if flag.name in FIELDS:
        what = FIELDS[flag.name].metadata["help"]
        default = _preset_values(script, flag.name, preset_name)
    else:
        # Without what absl adds: the choices before it, and that it may be repeated.
        what = re.sub(r"^<[^>]*>: ", "", flag.help).split(";\n")[0]
        what = _presets(choices) if flag.name == "preset" else what
        default = "" if flag.default in (None, False, []) else str(flag.default)
    form = f"={'|'.join(choices) or flag.flag_type().removeprefix('multi ').upper()}"
    text = f"{what} [{default}]" if default else what
    wrapped = textwrap.fill(text, WIDTH, initial_indent="      ", subsequent_indent="      ")
    return f"  --{f'[no]{flag.name}' if flag.boolean else flag.name + form}\n{wrapped}"


def _preset_values(script: Script, name: str, preset_name: str) -> str:
    """The value of a setting in the preset, or that of each model where they differ."""
    found = {}
    for model in script.models:
        if MODELS[model].has(name):
            try:
                found[model] = getattr(preset(preset_name, model, datasets.DEFAULT), name)
            except UserError:  # a model of the script that has no such preset
                continue
    if len(set(found.values())) <= 1:
        return "".join(str(value) for value in list(found.values())[:1])
    return ", ".join(f"{model} {value}" for model, value in found.items())
