"""Scripts on a folder of images."""

import json

import pytest
from support import files
from support.runs import without_training

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError

pytestmark = pytest.mark.slow


@pytest.fixture
def animals(tmp_path):
    return files.folder(tmp_path / "animals", count=80, shape=(12, 10, 3))


def test_a_figure_of_a_folder_of_images(run_script, animals, tmp_path, capsys):
    name = f"folder:{animals}"
    figures = run_script("figure6", "--preset=smoke", f"--dataset={name}")
    (path,) = figures.glob("figure6-smoke*.json")
    (record,) = json.loads(path.read_text())["runs"]
    assert record["settings_of"] == "svhn_small"
    assert record["images"] == {"train": 100, "validation": 11, "test": 22}
    assert "scores" in record and "label_accuracy" not in record["scores"]
    printed = capsys.readouterr().out
    assert "The settings of the preset smoke are those for svhn_small" in printed
    assert f"No judge reads images of {name}" in printed
    (run,) = (tmp_path / "runs").iterdir()
    assert run.name == f"cvae-{datasets.file_name(name)}-smoke-seed0"


def test_a_judge_of_a_folder_is_found(run_script, animals, data_dir, monkeypatch, capsys):
    name = f"folder:{animals}"
    without_training(monkeypatch)
    run_script("figure6", "--preset=smoke", f"--dataset={name}")  # finished, without its scores
    assert datasets.load(name, data_dir).judge is None
    figures = run_script("classifier", f"--dataset={name}", "--epochs=1")
    (path,) = figures.glob("classifier-animals-*-custom.json")
    assert 0 <= json.loads(path.read_text())["test_accuracy"] <= 1
    assert datasets.load(name, data_dir).judge.endswith("judge.npz")
    figures = run_script("figure6", "--preset=smoke", f"--dataset={name}")
    (path,) = figures.glob("figure6-smoke*.json")
    (record,) = json.loads(path.read_text())["runs"]
    assert 0 <= record["scores"]["label_accuracy"] <= 1
    assert record["classes"] == sorted(path.name for path in animals.iterdir())
    assert "share of samples that the judge reads as asked" in capsys.readouterr().out
    (weights,) = (figures.parent / "runs").glob("*/*.npz")
    asked = ("--generated=100", "--measured=10", f"--weights=mine={weights}")
    figures = run_script("scores", f"--dataset={name}", *asked)
    (path,) = figures.glob("scores-animals-*-weights-custom.json")
    assert [row["model"] for row in json.loads(path.read_text())["rows"]] == [
        "mine",
        "real test images",
    ]


def test_paths_between_an_odd_number_of_test_images(run_script, tmp_path, monkeypatch):
    path = files.folder(tmp_path / "few", count=60, shape=(12, 10, 3))  # 17 of them for test
    without_training(monkeypatch)
    figures = run_script("latent_space", "--preset=smoke", f"--dataset=folder:{path}")
    assert list(figures.glob("latent_space-*.png"))


def test_images_of_other_sizes_and_grey(run_script, animals, monkeypatch):
    without_training(monkeypatch)
    figures = run_script(
        "figure7", "--preset=smoke", f"--dataset=folder:{animals}", "--image_size=20,14", "--grey"
    )
    (path,) = figures.glob("figure7-smoke*.json")
    (record,) = json.loads(path.read_text())["runs"]
    assert record["settings_of"] == "mnist"
    assert record["settings"]["image_size"] == "20,14" and record["settings"]["grey"]


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--dataset=folder:{}/nowhere", "there is no folder .*/nowhere"),
        ("--dataset=fashion_mnst", "did you mean fashion_mnist"),
        ("--image_size=64", "height,width of 4 to 256 pixels expected, or own"),
        ("--image_size=257,32", "height,width of 4 to 256 pixels expected, or own"),
        ("--image_size=32,32", "given for mnist, whose images have one form"),
    ],
)
def test_data_that_cannot_be_drawn(run_script, tmp_path, flag, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("figure6", "--preset=smoke", flag.format(tmp_path))
    assert not (tmp_path / "runs").exists()


def test_a_run_of_a_folder_that_has_changed_is_refused(run_script, animals, monkeypatch):
    without_training(monkeypatch)
    command = ("figure6", "--preset=smoke", f"--dataset=folder:{animals}/")
    run_script(*command)
    run_script(*command)
    (animals / "cat" / "00.png").unlink()
    with pytest.raises(UserError, match=r"begun with other images of .*, which have changed since"):
        run_script(*command)


def test_a_folder_of_fewer_images_than_a_batch_has_a_judge(run_script, tmp_path):
    few = files.folder(tmp_path / "few", count=20, shape=(12, 10, 1))
    run_script("classifier", f"--dataset=folder:{few}", "--epochs=1")
