import csv
import dataclasses
import functools
import json
import shutil

import matplotlib.image
import numpy as np
import pytest

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores
from vae_gan_tf.experiments import scores as scores_script
from vae_gan_tf.experiments.tables import KeptTable

quick_scores = functools.partial(scores.all_scores, frechet_resamples=2)

SCORES = ("scores", "--dataset=mnist", "--generated=120", "--measured=10", "--images=100")


@pytest.mark.slow
def test_scores_are_one_table_and_what_is_measured_is_kept(run_script, monkeypatch):
    monkeypatch.setattr(scores, "all_scores", quick_scores)
    monkeypatch.setattr(
        scores_script, "MODELS", {"mnist": ("vae-2d", "cvae-simple"), "svhn_small": ()}
    )
    figures = run_script(*SCORES)
    names = sorted(path.name for path in figures.iterdir())
    endings = ("csv", "json", "md", "pdf", "png")
    assert names == ["scores-mnist-custom", *(f"scores-mnist-custom.{it}" for it in endings)]
    rows = json.loads((figures / "scores-mnist-custom.json").read_text())["rows"]
    assert [row["model"] for row in rows] == ["vae-2d", "cvae-simple", "real test images"]
    vae, cvae, real = (row["scores"] for row in rows)
    shares = {"rarest_class", "commonest_class"}
    colours = {"colour_variety", "colour_variety_worst_axis"}
    assert set(cvae) == set(scores_script.COLUMNS) - shares - colours
    assert set(cvae) - set(vae) == {"label_accuracy"} and set(vae) - set(cvae) == shares
    again = {"reconstruction_accuracy", "squared_error"}
    assert set(cvae) - set(real) == again | {"reconstruction", "bound", "log_likelihood"}
    assert cvae["reconstruction_accuracy"][0] > 0.9
    classes = rows[1]["diversity_of_classes"]
    assert cvae["diversity_worst_class"][0] == pytest.approx(min(classes.values()))
    assert cvae["diversity"][0] == pytest.approx(np.mean(list(classes.values())))
    assert rows[0]["diversity_of_classes"] == {}
    assert [real[name][0] for name in ("sharpness_gradient", "diversity")] == pytest.approx([1, 1])
    assert cvae["sharpness_gradient"][0] < 0.95 and cvae["label_accuracy"][0] > 0.8
    value, error = cvae["recall"]
    with (figures / "scores-mnist-custom.csv").open() as file:
        lines = {line[0]: line[1:] for line in csv.reader(file)}
    place = list(scores_script.COLUMNS).index("recall")
    assert lines["cvae-simple, mnist"][place] == f"{value:.3f} ± {error:.3f}"
    assert lines["vae-2d, mnist"][0] == lines["real test images, mnist"][-1] == "-"
    assert matplotlib.image.imread(figures / "scores-mnist-custom.png")[..., :3].std() > 0.05
    monkeypatch.setattr(scores_script, "model_scores", None)  # nothing is measured again
    monkeypatch.setattr(scores_script, "real_scores", None)
    run_script(*SCORES)
    assert json.loads((figures / "scores-mnist-custom.json").read_text())["rows"] == rows


@pytest.mark.slow
def test_networks_of_a_run_are_scored_as_those_that_ship(run_script, tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "all_scores", quick_scores)
    monkeypatch.setattr(scores_script, "MODELS", {"mnist": ("cvae-simple",), "svhn_small": ()})
    shutil.copy(pretrained.path("cvae-simple-mnist"), tmp_path / "run.npz")
    figures = run_script(*SCORES)
    run_script(*SCORES, f"--weights=mine={tmp_path / 'run.npz'}")
    shipped, given = (
        json.loads((figures / f"scores-mnist-{word}custom.json").read_text())["rows"]
        for word in ("", "weights-")
    )
    assert [row["model"] for row in given] == ["mine", "real test images"]
    for one, other in zip(shipped, given, strict=True):
        assert one | {"model": ""} == other | {"model": ""}
    run_script(*SCORES, f"--weights=again={tmp_path / 'run.npz'}")
    both = json.loads((figures / "scores-mnist-weights-custom.json").read_text())["rows"]
    assert both == [given[0] | {"model": "again"}, *given]  # by name, real images last


@pytest.mark.parametrize("split", ["test", "validation"])
def test_scores_are_beside_the_images_of_a_split(run_script, monkeypatch, mnist, split, capsys):
    monkeypatch.setattr(scores_script, "MODELS", {"mnist": ("vae",), "svhn_small": ()})
    seen = []

    def measure(file, data, real, *others):
        seen.append((data.test.images, real.images))
        return {"scores": {"accepted": [0.5, 0.1]}}

    monkeypatch.setattr(scores_script, "model_scores", measure)
    monkeypatch.setattr(
        scores_script, "real_scores", lambda *given: {"scores": {"accepted": [0.9, 0.1]}}
    )
    figures = run_script(*SCORES, f"--split={split}")
    (images, real) = seen[0]
    np.testing.assert_array_equal(images, getattr(mnist, split).images)
    np.testing.assert_allclose(real, getattr(mnist, split).images / np.float32(255))
    name = {"test": "scores-mnist-custom", "validation": "scores-mnist-validation-custom"}[split]
    record = json.loads((figures / f"{name}.json").read_text())
    assert record["split"] == split
    assert [row["split"] for row in record["rows"]] == [split, split]
    assert record["rows"][1]["model"] == f"real {split} images"
    assert f"the {split} images" in (figures / f"{name}.md").read_text()
    run_script(*SCORES, f"--split={split}", "--fresh")
    assert f"numbers are those of {figures / name}.json" in capsys.readouterr().out


def test_scores_that_are_stopped_keep_what_is_measured(run_script, tmp_path, monkeypatch):
    monkeypatch.setattr(scores_script, "MODELS", {"mnist": ("vae", "cvae"), "svhn_small": ()})
    found = {"scores": {"accepted": [0.5, 0.1]}, "diversity_of_classes": {}}
    asked = []

    def measure(file, *others):
        asked.append(file.stem)
        if file.stem == "cvae-mnist":
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(scores_script, "model_scores", measure)
    folder = tmp_path / "figures" / "scores-mnist-custom"
    folder.mkdir(parents=True)
    old = found | {"dataset": "mnist", "model": "cvae", "weights": "of another run"}
    old |= {"judge": "", "generated": 1, "measured": 1}
    (folder / "mnist-cvae.json").write_text(json.dumps(old))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_script(*SCORES)
        cvae, vae = (json.loads(path.read_text()) for path in sorted(folder.iterdir()))
        assert vae.items() >= {"dataset": "mnist", "model": "vae", **found}.items()
        assert cvae == old
    assert asked == ["vae-mnist", "cvae-mnist", "cvae-mnist"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ("nowhere.npz", "NAME=FILE with a name of its own expected"),
        ("=nowhere.npz", "NAME=FILE with a name of its own expected"),
        ("real test images=nowhere.npz", "NAME=FILE with a name of its own expected"),
        (61 * "a" + "=nowhere.npz", "a name of at most 60 letters expected"),
        ("a\udcff=nowhere.npz", "a name of at most 60 letters expected"),
        ("mine=nowhere.npz", "there is no file nowhere.npz"),
        ("mine={shipped}/cvae-svhn_small.npz", r"no model of images of shape \[28, 28, 1\]"),
        ("mine={shipped}/mnist-classifier.npz", r"no model of images of shape \[28, 28, 1\]"),
        ("mine={shipped}/cvae-left-mnist.npz", "given another side information"),
    ],
)
def test_networks_that_cannot_be_scored(run_script, weights, sentence):
    shipped = pretrained.path("cvae-mnist").parent
    with pytest.raises(UserError, match=sentence):
        run_script(*SCORES, f"--weights={weights.format(shipped=shipped)}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--weights=mine=nowhere.npz"], "one --dataset to score them on expected"),
        (["--epochs=3"], "flag 'epochs'"),
        (["--preset=quick"], "flag 'preset'"),
        (["--dataset=svhn"], "no models ship for svhn"),
        (["--generated=10"], "generated"),
    ],
)
def test_scores_that_cannot_be(run_script, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("scores", *arguments)


def test_samples_are_as_many_as_half_of_the_images(run_script, mnist, monkeypatch):
    many = mnist.test.at(np.arange(300) % len(mnist.test.images))
    data = dataclasses.replace(mnist, test=many)
    monkeypatch.setattr(scores_script, "load_data", lambda options, name: data)
    with pytest.raises(UserError, match="--generated=100 given, at least 150 expected: as many as"):
        run_script("scores", "--dataset=mnist", "--generated=100")


@pytest.mark.parametrize("scores", [{}, {"recall": [0.5]}])
def test_scores_are_pairs(tmp_path, scores):
    row = {"dataset": "mnist", "model": "vae", "judge": "", "generated": 1, "measured": 1}
    (tmp_path / "mnist-vae.json").write_text(json.dumps(row | {"scores": scores}))
    with pytest.raises(UserError, match=r"mnist-vae.json is damaged"):
        KeptTable(tmp_path, scores_script.Cell).cells()


def test_damaged_scores_are_kept(run_script, tmp_path):
    path = tmp_path / "figures" / "scores-mnist-custom" / "mnist-vae.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    with pytest.raises(UserError, match=r"mnist-vae\.json is damaged: it is not json; move it"):
        run_script(*SCORES)
    assert path.read_text() == "{"
