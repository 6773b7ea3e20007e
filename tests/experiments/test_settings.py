import dataclasses

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import experiment, settings


def test_report_preset_is_as_the_report_says():
    cvae = settings.preset("report", "cvae", "mnist")
    gan = settings.preset("report", "cvae-gan", "mnist")
    assert (cvae.learning_rate, gan.learning_rate) == (1e-3, 1e-4)
    assert cvae.batch_size == gan.batch_size == 100
    assert cvae.epochs == gan.epochs == 20
    assert (cvae.kl_weight, cvae.latent_size, cvae.likelihood) == (1, 50, "bernoulli")
    # The originals' feature weight 0.0001 on a sum over 100 images is 1 / (2 sigma^2) on a mean.
    assert 1 / (2 * gan.feature_variance) == pytest.approx(0.0001 * 100)


@pytest.mark.parametrize("name", settings.SIMPLE)
def test_the_simple_networks_are_those_of_section_4_4(name):
    mnist, svhn = (settings.preset("report", name, data) for data in ("mnist", "svhn"))
    assert mnist.architecture == svhn.architecture == "fully_connected"
    assert (mnist.epochs, svhn.epochs) == (100, 20)
    assert mnist.latent_size == (2 if name == "vae-2d" else 50)
    assert mnist.binarise_given is (name not in ("vae-2d", "cvae-simple"))
    assert not svhn.binarise_given
    assert (mnist.units, svhn.units) == (200, 512)


def test_every_setting_has_a_flag_with_help():
    named = {field.name for field in dataclasses.fields(settings.Settings)}
    assert named - set(settings.FIELDS) == {"model", "dataset", "preset"}
    for name in settings.FIELDS:
        assert len(experiment.flags.FLAGS[name].help) > 20


def test_semi_supervised_runs_are_told_apart_by_their_name():
    cell = {"labels": 600, "architecture": "fully_connected", "seed": 2}
    run = settings.resolve("report", "semi-supervised", "mnist", cell)
    assert run.name == "semi-supervised-fully_connected-600labels-mnist-report-seed2"
    assert settings.preset("report", "cvae", "mnist").name == "cvae-mnist-report-seed0"


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
    run = settings.preset("report", model, dataset)
    assert (run.kl_weight, run.adversarial_weight, run.feature_variance) == weights
    assert run.learning_rate == 1e-4


@pytest.mark.parametrize(("model", "labels"), [("cvae", 1000), ("semi-supervised", 0)])
def test_labels_that_the_model_cannot_be_trained_with(model, labels):
    with pytest.raises(UserError, match=f"--labels={labels} given for {model}; it is for"):
        settings.resolve("report", model, "mnist", {"labels": labels})


def test_the_improved_cvae_gan_is_for_svhn_too():
    mnist, svhn = (
        settings.preset("improved", "cvae-gan", each) for each in ("mnist", "svhn_small")
    )
    assert (mnist.architecture, mnist.epochs, svhn.epochs) == ("improved", 10, 31)
    assert svhn.weights == "cvae-gan-improved-svhn_small"
    with pytest.raises(UserError, match="improved of draw-gan is for mnist only, not for svhn"):
        settings.preset("improved", "draw-gan", "svhn_small")


@pytest.mark.parametrize("model", ["cvae", "vae-gan"])
def test_the_improved_preset_is_of_some_models(model):
    improved = settings.preset("improved", "semi-supervised", "mnist")
    assert improved.architecture == "improved"
    assert improved.weights == "semi-supervised-improved-mnist"
    assert settings.preset("report", "draw-gan", "svhn_small").weights == "draw-gan-svhn_small"
    with pytest.raises(UserError, match=f"no preset improved of {model}, only of semi-supervised,"):
        settings.resolve("improved", model, "mnist", {})


def test_the_improved_networks_are_semi_supervised_ones():
    with pytest.raises(
        UserError, match="--architecture=improved given for cvae; it is for cvae-gan and the"
    ):
        settings.resolve("report", "cvae", "mnist", {"architecture": "improved"})


@pytest.mark.parametrize(
    ("model", "overrides"),
    [
        ("draw", {"pools": True}),
        ("semi-supervised", {"batch_normalisation": False}),
        ("cvae", {"pools": True, "architecture": "fully_connected"}),
    ],
)
def test_ablations_are_of_the_networks_of_section_4_3(model, overrides):
    with pytest.raises(UserError, match=f"--{next(iter(overrides))} given for {model} with"):
        settings.resolve("report", model, "mnist", overrides)


def test_only_adversarial_models_begin_with_their_generator():
    assert settings.resolve("improved", "draw-gan", "mnist", {}).generator == "draw"
    with pytest.raises(UserError, match="--generator_first given for draw, which is no"):
        settings.resolve("report", "draw", "mnist", {"generator_first": True})


def test_stored_settings_get_the_defaults_of_younger_ones():
    run = dataclasses.asdict(settings.preset("report", "cvae", "mnist"))
    older = {name: value for name, value in run.items() if name != "shift"} | {"epochs": 7}
    assert settings.with_defaults(older) == run | {"epochs": 7, "shift": 0}


@pytest.mark.parametrize("name", settings.DRAW)
def test_draw_has_the_settings_of_section_4_6(name):
    run = settings.preset("report", name, "mnist")
    assert (run.draw_steps, run.read_size, run.write_size) == (10, 5, 5)
    assert (run.latent_size, run.units, run.batch_size) == (10, 256, 100)
    assert run.learning_rate == (1e-4 if name.endswith("gan") else 1e-3)
    assert run.reconstruction == ("squared_error" if name.endswith("gan") else "feature")


@pytest.mark.parametrize(
    ("model", "architecture"), [("vae", "recurrent"), ("draw-gan", "convolutional")]
)
def test_networks_that_a_model_cannot_have(model, architecture):
    with pytest.raises(UserError, match=f"--architecture={architecture} given for {model}"):
        settings.resolve("report", model, "mnist", {"architecture": architecture})


@pytest.mark.parametrize("name", ["report", "improved", "quick", "smoke"])
def test_the_rows_of_table_1(name):
    rows = settings.table_1(name)
    assert list(rows) == list(settings.TABLE_1)[name == "improved" :]
    for row, (model, changes) in rows.items():
        run = settings.resolve(name, model, "mnist", changes)
        expected = "improved" if name == "improved" else settings.TABLE_1[row][1]["architecture"]
        assert (run.model, run.architecture) == (settings.TABLE_1[row][0], expected)
        if name != "improved":  # each has its own batches, or the preset's
            dear = name in ("report", "quick") and row != "Fully connected"
            plain = settings.resolve(name, model, "mnist", settings.TABLE_1[row][1])
            assert run.batch_size == (25 if dear else plain.batch_size)


def test_canvases_are_those_of_draw():
    assert settings.resolve("report", "draw-gan", "mnist", {"judged_canvases": 5}).glimpses == 0
    with pytest.raises(UserError, match="--judged_canvases given for cvae-gan, which draws no"):
        settings.resolve("report", "cvae-gan", "mnist", {"judged_canvases": 5})
