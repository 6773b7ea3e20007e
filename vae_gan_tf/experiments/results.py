"""The results that a figure shows: of networks that are trained, were trained before, or ship."""

import contextlib
from collections.abc import Sequence

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.flags import Options, show
from vae_gan_tf.experiments.presets import PRESETS
from vae_gan_tf.experiments.run import (
    Result,
    load_data,
    settings_here,
    train,
    trainings,
    with_given_parts,
)
from vae_gan_tf.experiments.settings import has_preset, preset
from vae_gan_tf.files import check_folder
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.pretrained import catalogue


def figure_datasets(
    options: Options, models: Sequence[str], read: bool = True
) -> tuple[list[str], list[str]]:
    """The data sets that a figure of these models draws, and a sentence on each that is missing.

    Without a data set asked for it is a panel a family of data sets for which all the models have
    the preset: the first set of the family that is here. Some presets show one set alone.

    Args:
        options: of the command line.
        models: their names.
        read: whether images are read, for which they must be here.
    """
    if options.datasets:
        return list(options.datasets), []
    unasked = PRESETS[options.preset].unasked
    if unasked:
        return [unasked], []
    for model in models:  # refuses a preset that one of them does not have at all
        if not has_preset(options.preset, model):
            preset(options.preset, model, datasets.DEFAULT)
    families: dict[str, list[str]] = {}
    for name, source in datasets.SOURCES.items():
        if source.in_figures and all(has_preset(options.preset, it, name) for it in models):
            families.setdefault(source.family, []).append(name)
    here, missing = [], []
    for family, names in families.items():
        local = [it for it in names if not read or datasets.is_local(it, options.data_dir)]
        here += local[:1]
        if not local:
            how = datasets.how_to_get(names[0])
            missing.append(f"The {family.upper()} panel is left out: {how}")
    return here, missing


def train_all(options: Options, models: Sequence[str], samples_alone: bool = False) -> list[Result]:
    """Trains each model on each data set that the figure draws; stops after an interrupted one.

    Args:
        options: of the command line; with --pretrained the networks that ship are taken.
        models: their names.
        samples_alone: whether the figure shows no images of the data set.
    """
    if options.pretrained:
        kinds = [(options.preset, model) for model in models]
        return shipped_all(options, kinds, samples_alone)
    names, missing = figure_datasets(options, models)
    for sentence in missing:
        print(sentence)
    asked = [options.settings(model, name) for name in names for model in models]
    show(options, (each for run in asked for each in trainings(options, run)))
    for name in names:
        for model in models:
            settings_here(options, model, name)  # refuses before anything is prepared
    results = []
    for name in names:
        data = load_data(options, name)
        for model in models:
            results.append(train(options, model, data))
            if results[-1].interrupted:
                return results
    return results


def shipped_all(
    options: Options, kinds: Sequence[tuple[str, str]], samples_alone: bool
) -> list[Result]:
    """The networks shipped for each kind of model and each data set that the figure draws.

    A data set for which not all ship is left out with a sentence, as one whose images are shown and
    not here.

    Args:
        options: of the command line.
        kinds: preset and model of each.
        samples_alone: whether the figure shows no images of the data set.

    Raises:
        UserError: one of the networks for a data set that is asked for does not ship, or those for
            the first one of the figure.
    """
    check_folder(options.figures_dir)
    models = [model for _, model in kinds]
    names, missing = figure_datasets(options, models, read=not samples_alone)
    for name in list(names):
        weights = [preset(_shipping(each), model, name).weights for each, model in kinds]
        lacking = [each for each in weights if each not in pretrained.SHIPPED]
        if lacking and options.datasets:
            raise UserError(f"--dataset={name} given, and no network {lacking[0]} ships")
        if lacking and name != names[0]:
            family = datasets.source(name).family.upper()
            missing.append(f"The {family} panel is left out: no network {lacking[0]} ships")
            names.remove(name)
    for sentence in missing:
        print(sentence)
    show(options, (preset(_shipping(each), it, name) for name in names for each, it in kinds))
    return [
        shipped(options, preset_name, model, name, samples_alone)
        for name in names
        for preset_name, model in kinds
    ]


def shipped(
    options: Options, preset_name: str, model_name: str, dataset: str, samples_alone: bool
) -> Result:
    """The networks shipped for a model and a data set: the improved ones, or else the report's.

    Raises:
        UserError: none ship, or the images that are shown cannot be loaded.
    """
    settings = preset(_shipping(preset_name), model_name, dataset)
    model = pretrained.load_pretrained(settings.weights)
    sha256 = pretrained.sha256(pretrained.path(settings.weights))
    if samples_alone:
        data = datasets.without_images(dataset, generator(model).image_shape)
    else:
        data = with_given_parts(load_data(options, dataset), settings)
    weights = {"name": settings.weights, "sha256": sha256}
    record = {"weights": weights, "source": data.source, "preset": settings.preset}
    with contextlib.suppress(UserError):  # another folder than that of the repository
        record |= {"scores": catalogue.scores(settings.weights, options.figures_dir)}
    return Result(model, data, model_name, record, taken=True)


def _shipping(preset_name: str) -> str:
    """The preset whose networks --pretrained shows for another."""
    return preset_name if preset_name == "improved" else "report"
