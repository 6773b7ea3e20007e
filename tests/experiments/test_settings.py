import dataclasses
import itertools
import json
import math
from pathlib import Path

import keras
import pytest

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import settings, zoo
from vae_gan_tf.experiments.presets import PRESETS
from vae_gan_tf.experiments.settings import FIELDS, MODELS, Settings, preset, resolve

DRAWING = [name for name, kind in MODELS.items() if "DRAW" in kind.groups]
SIMPLE = ["vae-2d", "cvae-simple", *zoo.COMPLETING.values()]


def test_report_preset_is_as_the_report_says():
    cvae, gan = (preset("report", name, "mnist") for name in ("cvae", "cvae-gan"))
    assert (cvae.learning_rate, gan.learning_rate) == (1e-3, 1e-4)
    assert cvae.batch_size == gan.batch_size == 100
    assert cvae.epochs == gan.epochs == 20
    assert (cvae.kl_weight, cvae.latent_size, cvae.likelihood) == (1, 50, "bernoulli")
    # The originals' feature weight 0.0001 on a sum over 100 images is 1 / (2 sigma^2) on a mean.
    assert 1 / (2 * gan.feature_variance) == pytest.approx(0.0001 * 100)


@pytest.mark.parametrize("name", SIMPLE)
def test_the_simple_networks_are_those_of_section_4_4(name):
    mnist, svhn = (preset("report", name, data) for data in ("mnist", "svhn"))
    assert mnist.architecture == svhn.architecture == "fully_connected"
    assert (mnist.epochs, svhn.epochs) == (100, 20)
    assert mnist.latent_size == (2 if name == "vae-2d" else 50)
    assert mnist.binarise_given is (name in zoo.COMPLETING.values())
    assert not svhn.binarise_given
    assert (mnist.units, svhn.units) == (200, 512)


COMMITTED = sorted((Path(__file__).parents[2] / "figures").glob("*.json"))


def runs(value):
    """The records of runs anywhere in a json."""
    if isinstance(value, dict):
        if {"model", "dataset", "preset"} <= value.get("settings", {}).keys():
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from runs(each)


# What a script adds to a preset, or the command line to it, beside what the json calls overrides.
CELLS = ("labels", "architecture", "seed", "precision", "epochs", "batch_size", "labelled_batch")
ADDED = {
    "table1": (*CELLS, "adversarial_weight", "shift", "consistency"),
    "table1_samples": CELLS,
    "ablations": (*CELLS, "learning_rate", "batch_normalisation", "pools"),
    "draw_likelihood": (
        *("draw_steps", "read_size", "write_size", "latent_size", "epochs"),
        *("learning_rate_decay", "gradient_norm"),
    ),
}


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)
def test_presets_are_those_that_the_committed_runs_were_made_with(path):
    record = json.loads(path.read_text())
    for run in runs(record):
        stored = settings.with_defaults(run["settings"])
        script = str(record.get("figure", record.get("table"))).split("-")[0]
        changed = {*record.get("overrides", {}), *ADDED.get(script, ADDED["table1"][:4])}
        if run["settings"]["dataset"] not in datasets.SOURCES:
            continue
        now = dataclasses.asdict(preset(stored["preset"], stored["model"], stored["dataset"]))
        different = {name for name in now if stored[name] != now[name]} - changed
        assert not different, (path.stem, stored["model"])


@pytest.mark.parametrize("dataset", datasets.SOURCES)
@pytest.mark.parametrize("model", MODELS)
def test_every_preset_of_every_model_is_data_that_resolves(model, dataset):
    for name in PRESETS:
        if settings.has_preset(name, model, dataset):
            run = resolve(name, model, dataset)
            assert run.architecture in run.kind.architectures
            assert (run.model, run.dataset, run.preset) == (model, dataset, name)


def test_semi_supervised_runs_are_told_apart_by_their_name():
    cell = {"labels": 600, "architecture": "fully_connected", "seed": 2}
    run = resolve("report", "semi-supervised", "mnist", cell)
    assert run.name == "semi-supervised-fully_connected-600labels-mnist-report-seed2"
    assert preset("report", "cvae", "mnist").name == "cvae-mnist-report-seed0"


@pytest.mark.parametrize(
    ("model", "dataset", "weights"),
    [
        ("vae-gan", "mnist", (10, 100, 50)),
        ("cvae-gan", "mnist", (10, 100, 50)),
        ("cvae-gan", "svhn_small", (10, 100, 50)),
        ("vae-gan", "svhn_small", (1, 1, 1)),
        ("semi-supervised-gan", "mnist", (1, 1, 1)),
        ("draw-gan", "mnist", (1, 1, 1)),
        ("cdraw-gan", "svhn_small", (1, 1, 1)),
    ],
)
def test_weights_of_the_adversarial_losses(model, dataset, weights):
    run = preset("report", model, dataset)
    assert (run.kl_weight, run.adversarial_weight, run.feature_variance) == weights
    assert run.learning_rate == 1e-4


def test_the_improved_preset_is_of_some_models_and_data_sets():
    mnist, svhn = (preset("improved", "cvae-gan", each) for each in ("mnist", "svhn_small"))
    assert (mnist.architecture, mnist.epochs, svhn.epochs) == ("improved", 10, 62)
    assert svhn.weights == "cvae-gan-improved-svhn_small"
    assert preset("report", "draw-gan", "svhn_small").weights == "draw-gan-svhn_small"
    sentence = "improved of draw-gan is for mnist and other grey images only, not for svhn"
    with pytest.raises(UserError, match=sentence):
        preset("improved", "draw-gan", "svhn_small")
    with pytest.raises(UserError, match="no preset improved of cvae, only of semi-supervised,"):
        resolve("improved", "cvae", "mnist")


@pytest.mark.parametrize(
    ("model", "dataset", "base", "epochs", "precision"),
    [
        ("cvae", "mnist", "report", 5, "float32"),
        ("cvae-gan", "svhn", "report", 5, "float32"),
        ("cvae-gan", "mnist", "improved", 2, "fastest"),
    ],
)
def test_quick_doubles_the_learning_rate(model, dataset, base, epochs, precision):
    other, quick = (preset(name, model, dataset) for name in (base, "quick"))
    changes = {"preset": "quick", "epochs": epochs, "precision": precision, "label_weight": 1.0}
    assert quick == dataclasses.replace(other, learning_rate=2 * other.learning_rate, **changes)


@pytest.mark.parametrize("name", DRAWING)
def test_draw_has_the_settings_of_section_4_6(name):
    run = preset("report", name, "mnist")
    assert (run.draw_steps, run.read_size, run.write_size) == (10, 5, 5)
    assert (run.latent_size, run.units, run.batch_size) == (10, 256, 100)
    adversarial = run.kind.adversary is not None
    assert run.learning_rate == (1e-4 if adversarial else 1e-3)
    assert run.reconstruction == ("squared_error" if adversarial else "feature")


# Settings that mean nothing to a model, or do not with its networks or other settings.

OVERRIDES = {
    "units": 7,
    "batch_normalisation": False,
    "pools": True,
    "binarise_given": True,
    "labels": 100,
    "labelled_batch": 7,
    "objective": "originals",
    "classification_weight": 9.0,
    "shift": 2,
    "consistency": 5.0,
    "discriminator_learning_rate": 0.1,
    "draw_steps": 64,
    "read_size": 7,
    "write_size": 7,
    "judged_canvases": 2,
    "glimpses": 3,
    "augmentation": True,
    "reconstruction": "cross_entropy",
    "feature_variance": 9.0,
    "generator_first": True,
    "adversarial_weight": 5.0,
    "label_weight": 0.5,
    "reconstructed_weight": 0.5,
    "gradient_penalty": 2.0,
    "discriminator": "improved",
    "known_classes": True,
    "information": 0.5,
}
"""A value for every setting that does not mean something to every model."""

LABELS = {"labels", "labelled_batch", "objective", "classification_weight", "shift"}
STEPS = {"draw_steps", "read_size", "write_size", "units"}
LAYERS = {"batch_normalisation", "pools"}
ADVERSARY = {
    *("discriminator_learning_rate", "glimpses", "reconstruction"),
    *("generator_first", "adversarial_weight", "reconstructed_weight", "gradient_penalty"),
    *("discriminator", "augmentation"),
}
OF_LABELS = ADVERSARY | {"label_weight"}
WITHOUT_LABELS = ADVERSARY | {"known_classes"}
TAKEN = {
    "vae": LAYERS,
    "cvae": LAYERS,
    "vae-2d": {"units"},
    "cvae-simple": {"units"},
    **{name: {"units", "binarise_given"} for name in zoo.COMPLETING.values()},
    "semi-supervised": LABELS,
    "semi-supervised-gan": LABELS | ADVERSARY | {"feature_variance"},
    "vae-gan": LAYERS | WITHOUT_LABELS | {"feature_variance"},
    "cvae-gan": LAYERS | OF_LABELS | {"feature_variance"},
    "draw": STEPS,
    "cdraw": STEPS,
    "draw-gan": STEPS | WITHOUT_LABELS | {"judged_canvases"},
    "cdraw-gan": STEPS | OF_LABELS | {"judged_canvases"},
}
"""Those that each model takes in its preset report."""


def test_the_table_of_overrides_is_whole():
    limited = {name for name, field in settings.FIELDS.items() if field.metadata["of"]}
    assert limited == OVERRIDES.keys()
    assert TAKEN.keys() == MODELS.keys()


@pytest.mark.parametrize("model", MODELS)
def test_a_setting_that_means_nothing_to_a_model_is_refused(model):
    for name, value in OVERRIDES.items():
        if name in TAKEN[model]:
            run = resolve("report", model, "mnist", {name: value})
            assert getattr(run, name) == value
        else:
            with pytest.raises(UserError, match=f"--{name}.* given .*it is for ") as error:
                resolve("report", model, "mnist", {name: value})
            assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("model", "overrides", "sentence"),
    [
        ("cvae", {"labels": 1000}, "--labels=1000 given for cvae; it is for semi-supervised, sem"),
        ("semi-supervised", {"labels": 0}, "--labels=0 given for semi-supervised, which needs"),
        ("cvae", {"architecture": "improved"}, "given for cvae, which has convolutional or fully"),
        ("vae", {"architecture": "recurrent"}, "--architecture=recurrent given for vae"),
        ("draw-gan", {"architecture": "convolutional"}, "given for draw-gan, which has recurrent"),
        (
            "cvae",
            {"pools": True, "architecture": "fully_connected"},
            "--pools given for cvae with fully_connected networks; it is for its convolutional",
        ),
        (
            "draw-gan",
            {"feature_variance": 2.0},
            "with --reconstruction=squared_error; it is for --reconstruction=feature",
        ),
        (
            "draw-gan",
            {"information": 0.5},
            "with --known_classes=False; it is for --known_classes=True",
        ),
        (
            "vae-gan",
            {"information": 0.5, "known_classes": True, "adversarial_weight": 0.0},
            "with --adversarial_weight=0.0; it is for --adversarial_weight above 0",
        ),
        (
            "semi-supervised",
            {"objective": "originals", "classification_weight": 2.0},
            "with --objective=originals; it is for --objective=per_image",
        ),
        (
            "semi-supervised-gan",
            {"architecture": "improved", "augmentation": True},
            "with improved networks; it is for its fully_connected or convolutional ones",
        ),
        (
            "draw-gan",
            {"information": 0.5, "known_classes": True, "batch_size": 1},
            "--batch_size=1 given with --information=0.5, which compares the images of a batch",
        ),
        (
            "draw-gan",
            {"judged_canvases": 8, "draw_steps": 7},
            "--judged_canvases=8 given with --draw_steps=7; at most as many canvases as steps",
        ),
        (
            "cvae-gan",
            {"architecture": "improved", "discriminator": "own"},
            "with improved networks; it is for its convolutional or fully_connected ones",
        ),
    ],
)
def test_settings_that_do_not_fit_together(model, overrides, sentence):
    with pytest.raises(UserError, match=sentence):
        resolve("report", model, "mnist", overrides)


@pytest.mark.parametrize("name", ["vea-gan", "cvae_gan", "cvae-lefft", "drawing", "beta-tcvae"])
def test_a_mistyped_model_is_one_sentence_that_lists_what_there_is(name):
    for make in (
        lambda: resolve("smoke", name, "mnist"),
        lambda: Settings(name, "mnist", "report"),
    ):
        with pytest.raises(UserError, match=f"no model '{name}'; there are vae, cvae, "):
            make()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "imagenet"}, "no data set 'imagenet'; there are mnist, "),
        ({"preset": "hello"}, "no preset 'hello'; there are report, improved, quick, smoke"),
        ({"likelihood": "bernouli"}, "must be one of bernoulli, gaussian, .*, not 'bernouli'"),
        ({"epochs": -3}, "--epochs must be positive, not -3"),
        ({"epochs": 2.5}, "--epochs must be of type int, not 2.5"),
        ({"epochs": True}, "--epochs must be of type int, not True"),
        ({"pools": 1}, "--pools must be of type bool, not 1"),
        ({"learning_rate": 0.0}, "--learning_rate must be positive, not 0.0"),
        ({"learning_rate": float("nan")}, "--learning_rate must be positive, not nan"),
        ({"kl_weight": float("inf")}, "--kl_weight must be at least 0 and below 1000000, not inf"),
        (
            {"learning_rate": float("inf")},
            "--learning_rate must be positive and below 1000000, not inf",
        ),
        ({"momentum": 1.0}, "--momentum must be at least 0 and below 1, not 1.0"),
        ({"seed": -1}, "--seed must be at least 0, not -1"),
        ({"seed": 2**31}, "--seed must be at least 0 and below 2147483648"),
        ({"learning_rate": "fast"}, "--learning_rate must be of type float, not 'fast'"),
    ],
)
def test_settings_take_no_value_that_they_cannot_have(changes, sentence):
    with pytest.raises(UserError, match=sentence):
        Settings(**({"model": "cvae", "dataset": "mnist", "preset": "report"} | changes))


def test_a_float_may_be_a_whole_number():
    assert Settings("cvae", "mnist", "report", kl_weight=3).kl_weight == 3


def test_overrides_go_to_the_models_to_which_they_mean_something():
    given = {"feature_variance": 2.0, "epochs": 3}
    assert settings.meaningful("vae-gan", given) == given
    assert settings.meaningful("vae", given) == {"epochs": 3}


def test_stored_settings_get_the_defaults_of_younger_ones():
    run = dataclasses.asdict(preset("report", "cvae", "mnist"))
    older = {name: value for name, value in run.items() if name != "shift"} | {"epochs": 7}
    assert settings.with_defaults(older) == run | {"epochs": 7, "shift": 0}


def test_names_and_settings_are_read_without_a_model(monkeypatch):
    def refuse(*ignored, **ignored_too):
        raise AssertionError("a model was built")

    monkeypatch.setattr(keras.Model, "__init__", refuse)
    for model, name in itertools.product(MODELS, PRESETS):
        if settings.has_preset(name, model, "mnist"):
            assert preset(name, model, "mnist").kind is MODELS[model]


def test_an_unknown_setting_is_one_sentence():
    with pytest.raises(UserError, match="no setting 'nonsense'; there are architecture,"):
        resolve("report", "vae", "mnist", {"nonsense": 3})


NUMBERS = [name for name, field in FIELDS.items() if type(field.default) in (int, float)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e20, -1e20])
def test_numbers_out_of_all_bounds_are_refused(name, value):
    kind = type(FIELDS[name].default)
    given = value if kind is float or not math.isfinite(value) else kind(value)
    with pytest.raises(UserError, match=f"^--{name} must be [^\n]*$"):
        Settings("vae", "mnist", "report", **{name: given})
