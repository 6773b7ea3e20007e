import dataclasses
import json
import shutil

import numpy as np
import pytest
from scipy import special
from support.events import steps, tags

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges, scores
from vae_gan_tf.experiments import results, run, watching
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.settings import MODELS
from vae_gan_tf.training import devices, loop
from vae_gan_tf.training.checkpoints import lock


def options(*arguments, models=tuple(MODELS)):
    return parse(Script("A figure.", models), ["script", *arguments])


def test_without_dataset_what_is_there_is_drawn_and_the_rest_is_named(tmp_path, data_dir):
    asked = options(f"--data_dir={data_dir}")
    names, missing = results.figure_datasets(asked, ["cvae"])
    assert names == ["mnist"]
    assert len(missing) == 1 and "SVHN panel is left out" in missing[0] and "1.47" in missing[0]
    assert results.figure_datasets(options("--preset=quick"), ["cvae"]) == (["mnist"], [])
    improved = options("--preset=improved", f"--data_dir={data_dir}")
    assert results.figure_datasets(improved, ["draw-gan"]) == (["mnist"], [])
    assert results.figure_datasets(improved, ["cvae-gan"]) == (names, missing)


def test_a_data_set_is_downloaded_only_where_it_is_named(monkeypatch):
    calls = []
    monkeypatch.setattr(
        datasets, "load", lambda name, data_dir, download, form: calls.append((name, download))
    )
    run.load_data(options(), "svhn")
    run.load_data(options("--dataset=svhn"), "svhn")
    assert calls == [("svhn", False), ("svhn", True)]


FEW = ("--labels=100", "--batch_size=20", "--units=32", "--latent_size=4")


def smoke(tmp_path, data_dir, *arguments):
    return options(
        "--preset=smoke",
        f"--data_dir={data_dir}",
        f"--runs_dir={tmp_path}",
        "--architecture=fully_connected",
        *arguments,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory, mnist, data_dir):
    """A run folder with a finished run of a VAE in it, and its result."""
    folder = tmp_path_factory.mktemp("runs")
    return folder, run.train(smoke(folder, data_dir), "vae", mnist)


@pytest.mark.slow
def test_a_finished_run_holds_the_models_and_its_record(finished):
    folder, result = finished
    run = folder / "vae-mnist-smoke-seed0"
    assert {path.name for path in run.iterdir()} >= {
        "model.keras",
        "saved_model",
        "vae-mnist.npz",
        "settings.json",
        "history.json",
        "tensorboard",
    }
    assert result.record["images"] == {"train": 100, "validation": 100, "test": 100}
    assert result.record["steps"] == 10
    assert result.record["scores"]["test/elbo"] < 0
    assert result.record["weights"]["name"] == "vae-mnist"
    json.dumps(result.record)


@pytest.mark.slow
def test_the_same_command_again_takes_what_is_finished(finished, mnist, data_dir, capsys):
    folder, result = finished
    again = run.train(smoke(folder, data_dir, "--profile=3"), "vae", mnist)
    assert "The run is finished, so --profile=3 shows nothing of it" in capsys.readouterr().out
    assert again.record == result.record
    np.testing.assert_array_equal(again.model.sample(3), result.model.sample(3))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "field"),
    [("--learning_rate=0.5", "learning_rate"), ("--latent_size=3", "latent_size")],
)
def test_other_settings_in_the_same_folder_are_refused(finished, mnist, data_dir, argument, field):
    folder, _ = finished
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "lock"}
    with pytest.raises(UserError, match=f"begun with {field} = .* is asked for now"):
        run.train(smoke(folder, data_dir, argument), "vae", mnist)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.name != "lock"}
    assert after == before


@pytest.mark.slow
def test_a_setting_younger_than_the_run_had_its_default(finished, mnist, data_dir):
    folder, result = finished
    path = folder / "vae-mnist-smoke-seed0" / "settings.json"
    kept = path.read_text()
    begun = json.loads(kept)
    del begun["patience"]
    path.write_text(json.dumps(begun))
    assert run.train(smoke(folder, data_dir), "vae", mnist).record == result.record
    with pytest.raises(UserError, match="begun with patience = 0 and 7 is asked for now"):
        run.train(smoke(folder, data_dir, "--patience=7"), "vae", mnist)
    path.write_text(kept)


@pytest.mark.slow
def test_a_second_process_on_the_same_run_is_refused(tmp_path, mnist, data_dir):
    with lock(tmp_path / "vae-mnist-smoke-seed0"), pytest.raises(UserError, match="run folder"):
        run.train(smoke(tmp_path, data_dir), "vae", mnist)


@pytest.mark.slow
def test_a_finished_run_is_only_read(finished, mnist, data_dir):
    folder, result = finished
    with lock(folder / "vae-mnist-smoke-seed0"):
        assert run.train(smoke(folder, data_dir), "vae", mnist).record == result.record


@pytest.mark.slow
def test_a_finished_run_whose_weights_are_gone_is_not_trained_again(
    finished, mnist, data_dir, tmp_path
):
    folder, result = finished
    shutil.copytree(folder, tmp_path / "runs")
    run_folder = tmp_path / "runs" / "vae-mnist-smoke-seed0"
    (run_folder / "vae-mnist.npz").unlink()
    again = run.train(smoke(tmp_path / "runs", data_dir), "vae", mnist)  # from its checkpoint
    assert again.record["weights"] == result.record["weights"] and again.taken
    assert not result.taken
    shutil.rmtree(run_folder / "checkpoints")
    assert run.train(smoke(tmp_path / "runs", data_dir), "vae", mnist).record["weights"]
    (run_folder / "vae-mnist.npz").unlink()
    with pytest.raises(UserError, match=r"was finished, its weights vae-mnist\.npz are gone"):
        run.train(smoke(tmp_path / "runs", data_dir), "vae", mnist)


def test_a_runs_folder_that_cannot_be_written_is_one_sentence(tmp_path, mnist, data_dir):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"run folder .* cannot be written"):
        run.train(smoke(tmp_path / "file", data_dir), "vae", mnist)


@pytest.mark.parametrize("model", ["vae", "cvae-gan"])
def test_a_judge_that_cannot_be_loaded_is_one_sentence_before_the_training(
    model, tmp_path, mnist, data_dir, monkeypatch
):
    def load(name):
        raise UserError(f"the weights {name} are damaged")

    monkeypatch.setattr(pretrained, "load_pretrained", load)
    judges.load.cache_clear()
    with pytest.raises(UserError, match="the weights mnist-classifier are damaged"):
        run.train(smoke(tmp_path, data_dir), model, mnist)
    assert not any(tmp_path.iterdir())


def test_a_batch_larger_than_the_data_is_one_sentence(tmp_path, mnist, data_dir):
    with pytest.raises(UserError, match="batches of 1000 images asked for, and there are 100"):
        run.train(smoke(tmp_path, data_dir, "--batch_size=1000"), "vae", mnist)
    assert not any(tmp_path.iterdir())


def test_more_images_than_there_are_is_one_sentence(tmp_path, mnist, data_dir):
    with pytest.raises(UserError, match="--images=500 given, and mnist has 300 images to train"):
        run.train(smoke(tmp_path, data_dir, "--images=500"), "vae", mnist)


@pytest.mark.slow
def test_scores_of_drawn_images_are_shown_while_training(tmp_path, mnist, data_dir, monkeypatch):
    monkeypatch.setattr(watching, "SCORED", 100)
    run.train(smoke(tmp_path, data_dir, "--scores_every=2"), "cvae-simple", mnist)
    folder = tmp_path / "cvae-simple-mnist-smoke-seed0"
    validation = folder / "tensorboard" / "validation"
    shown = {tag.removeprefix("5 scores/") for tag in tags(validation) if "scores/" in tag}
    assert {"label_accuracy", "diversity", "coverage"} < shown
    for name in shown:
        assert steps(validation, f"5 scores/{name}") == [10]
    # It is no setting: without it the run is taken as it is.
    run.train(smoke(tmp_path, data_dir), "cvae-simple", mnist)


def test_scores_need_images_drawn_without_a_given_part(tmp_path, mnist, data_dir):
    with pytest.raises(UserError, match="cvae-left is given a part"):
        run.train(smoke(tmp_path, data_dir, "--scores_every=1"), "cvae-left", mnist)


@pytest.fixture(scope="module")
def few(tmp_path_factory, mnist, data_dir):
    """A run folder with a semi-supervised run of few labels, and its result."""
    folder = tmp_path_factory.mktemp("few")
    return folder, run.train(smoke(folder, data_dir, *FEW), "semi-supervised", mnist)


@pytest.mark.slow
def test_semi_supervised_training_keeps_few_labels(few):
    _, result = few
    assert len(result.data.train.labelled.images) == 100
    assert len(result.data.train.unlabelled.images) == 200
    assert result.record["images"] == {"train": 300, "validation": 100, "test": 100}
    assert result.record["steps"] == 2 * (200 // 20)
    assert {"labelled/elbo", "unlabelled/entropy", "classification/loss"} <= set(
        result.record["losses"]
    )
    images, labels = result.data.test.arrays()
    classes = np.argmax(result.model.classify(images).logits, axis=-1)
    assert result.record["scores"]["test/error"] == pytest.approx(np.mean(classes != labels))


@pytest.mark.slow
def test_tensorboard_shows_what_the_classifier_learns(few):
    (folder,) = few[0].glob("semi-supervised-*/tensorboard")
    both = {f"2 elbo/{name}" for name in ("elbo", "kl", "labelled", "entropy")}
    training, validation = (tags(folder / name) for name in ("train", "validation"))
    assert training > both | {"1 loss", "1 loss/classification", "2 elbo/labelled_kl"}
    assert validation > both | {"5 scores/classification_error", "images/confusion"}
    assert "1 loss" not in validation  # it would be that of labelled images alone


@pytest.mark.slow
def test_semi_supervised_training_sees_nothing_of_the_test_images(
    tmp_path, mnist, data_dir, deterministic
):
    wrong = mnist.test._replace(images=255 - mnist.test.images, labels=(mnist.test.labels + 1) % 10)
    one, other = (
        run.train(
            smoke(tmp_path / folder, data_dir, "--epochs=1", *FEW),
            "semi-supervised",
            dataclasses.replace(mnist, test=test),
        )
        for folder, test in (("right", mnist.test), ("wrong", wrong))
    )
    assert one.record["weights"]["sha256"] == other.record["weights"]["sha256"]
    assert one.validations == other.validations
    assert one.record["scores"]["test/error"] != other.record["scores"]["test/error"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vae-mnist", "cvae-mnist"])
def test_what_the_judge_says_of_a_model(name, mnist):
    model, count = pretrained.load_pretrained(name), 100
    data = dataclasses.replace(mnist, test=mnist.test.at(slice(count)))
    found = run.score(model, data)
    (images, labels), (drawn, asked) = data.test.arrays(), scores.samples(model, count)
    judge = judges.load("mnist-classifier")
    certain = special.softmax(judge.predict(drawn, verbose=0), -1)
    assert found["accepted"] == np.mean(certain.max(-1) > 0.9)
    conditional = name == "cvae-mnist"
    assert ("label_accuracy" in found) == conditional
    if conditional:
        assert found["label_accuracy"] == np.mean(certain.argmax(-1) == asked)
    again = model.reconstruct(images, labels if conditional else None, seed=0)
    read = judge.predict(again, verbose=0).argmax(-1)
    assert found["reconstruction_accuracy"] == np.mean(read == labels) > 0.9
    squares = np.sum((images - np.float64(again)) ** 2) / count
    assert found["squared_error"] == pytest.approx(squares, rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--batch_size=25"], "--devices=2 given, which does not divide --batch_size=25"),
        (["--jit"], "--jit given with 2 devices, and XLA compiles that of one alone"),
        (
            [*FEW, "--labelled_batch=25"],
            "--devices=2 given, which does not divide --labelled_batch=25",
        ),
    ],
)
def test_devices_must_divide_a_batch(arguments, sentence, tmp_path, mnist, data_dir, monkeypatch):
    monkeypatch.setattr("vae_gan_tf.training.devices.count", lambda asked: 2)
    model = "semi-supervised" if FEW[0] in arguments else "vae"
    with pytest.raises(UserError, match=sentence):
        run.train(smoke(tmp_path, data_dir, "--devices=2", *arguments), model, mnist)


@pytest.mark.parametrize(("have", "precision"), [(True, "mixed_bfloat16"), (False, "float32")])
def test_the_fastest_precision_is_that_of_the_devices(have, precision, monkeypatch):
    monkeypatch.setattr(devices, "have_bfloat16", lambda: have)
    asked = options("--preset=quick")
    assert run.settings_here(asked, "cvae-gan", "mnist").precision == precision
    assert run.settings_here(asked, "cvae", "mnist").precision == "float32"


@pytest.mark.slow
@pytest.mark.parametrize(("have", "told"), [(True, False), (False, True)])
def test_a_run_in_a_precision_that_the_processor_has_not_says_so(
    have, told, tmp_path, mnist, data_dir, monkeypatch, capsys
):
    monkeypatch.setattr(devices, "have_bfloat16", lambda: have)
    run.train(smoke(tmp_path, data_dir, "--precision=mixed_bfloat16"), "vae", mnist)
    assert ("--precision=fastest takes float32" in capsys.readouterr().out) is told


@pytest.mark.slow
def test_a_run_of_other_settings_is_refused_before_its_generator_is_trained(
    tmp_path, mnist, data_dir, monkeypatch
):
    run.train(smoke(tmp_path, data_dir), "vae-gan", mnist)
    monkeypatch.setattr(run, "of_generator", None)
    with pytest.raises(UserError, match="begun with generator_first = False and True is asked"):
        run.train(smoke(tmp_path, data_dir, "--generator_first"), "vae-gan", mnist)


@pytest.mark.slow
def test_a_generator_that_is_trained_first_has_the_same_networks(tmp_path, mnist, data_dir):
    options = smoke(tmp_path, data_dir, "--generator_first")
    settings = options.settings("vae-gan", "mnist")
    settings = dataclasses.replace(settings, architecture="fully_connected", units=8)
    first_options, name = run.of_generator(options, settings)
    first = run.train(first_options, name, mnist).record["settings"]
    assert (first["architecture"], first["units"]) == ("fully_connected", 8)


@pytest.mark.parametrize(("preset", "first"), [("smoke", "smoke"), ("improved", "report")])
def test_the_preset_of_a_generator_that_is_trained_first(preset, first, tmp_path, data_dir):
    asked = {"generator_first": True, "kl_weight": 4.0, "units": 16}
    options = dataclasses.replace(smoke(tmp_path, data_dir), preset=preset, overrides=asked)
    generator, its = run.trainings(options, options.settings("draw-gan", "mnist"))
    assert (generator.model, generator.preset, its.preset) == ("draw", first, preset)
    assert generator.kl_weight == its.kl_weight == 4  # flags are for both
    assert (generator.images, generator.units) == (its.images, its.units)


def test_a_generator_that_has_not_the_networks_cannot_be_trained_first(tmp_path, data_dir):
    options = smoke(tmp_path, data_dir, "--generator_first", "--architecture=improved")
    with pytest.raises(UserError, match="with improved networks, and vae has convolutional or"):
        options.settings("vae-gan", "mnist")


@pytest.mark.slow
@pytest.mark.parametrize(("decay", "told"), [(0.999, "Of the first weights"), (0.0, "")])
def test_an_average_that_begins_with_the_first_weights_says_so(
    decay, told, tmp_path, mnist, data_dir, capsys
):
    run.train(smoke(tmp_path, data_dir, f"--weights_average={decay}"), "vae", mnist)
    assert ("stay in the average" in capsys.readouterr().out) is bool(told)


@pytest.mark.slow
def test_a_run_ends_with_the_average_of_its_weights(tmp_path, mnist, data_dir, monkeypatch):
    kept = {}

    def seen(model, *args, **kwargs):
        outcome = train(model, *args, **kwargs)
        variables = model.generator.trainable_variables
        kept["last"] = [each.numpy() for each in variables]
        each_step = model.optimizer._model_variables_moving_average
        kept["average"] = [each.numpy() for each in each_step]
        return outcome

    train = loop.train
    monkeypatch.setattr(loop, "train", seen)
    flags = ("--weights_average=0.5", "--architecture=fully_connected", "--units=8")
    result = run.train(smoke(tmp_path, data_dir, *flags), "vae-gan", mnist)
    found = result.model.trainable_variables
    for value, average, last in zip(found, kept["average"], kept["last"], strict=True):
        np.testing.assert_allclose(value, average, rtol=1e-3, atol=1e-6)  # float16
        assert np.abs(value.numpy() - last).max() > 0


def test_training_images_of_which_few_have_labels_are_no_whole_split(mnist):
    few = datasets.few_labels(mnist.train, 50, 0, 10)
    assert run.whole(mnist.train) is mnist.train
    with pytest.raises(ValueError, match="a split of few labels given"):
        run.whole(few)
