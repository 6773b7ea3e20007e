import json

import numpy as np
import pytest

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import scores
from vae_gan_tf.experiments import classifier
from vae_gan_tf.training import devices


@pytest.mark.slow
def test_classifier_trains_and_writes_weights_and_json(run_script, tmp_path):
    shipped = pretrained.path("mnist-classifier")
    before = pretrained.sha256(shipped)
    figures = run_script("classifier", "--epochs=1", "--images=300", f"--runs_dir={tmp_path}")
    assert pretrained.sha256(shipped) == before
    record = json.loads((figures / "classifier-custom.json").read_text())
    assert record["images"]["train"] == 300
    file = tmp_path / "mnist-classifier-custom.npz"  # not that of a whole training
    assert record["weights"]["sha256"] == pretrained.sha256(file)
    judge = pretrained.load_file(file)
    accuracy = record["test_accuracy"]
    assert 0.1 <= accuracy <= 1
    images = np.zeros([4, 28, 28, 1], np.float32)
    assert scores.label_accuracy(scores.judged(images, np.arange(4), judge)).value <= 0.25


@pytest.mark.slow
def test_classifier_of_svhn_trains_in_low_precision_and_ships_float32(
    run_script, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(devices, "have_bfloat16", lambda: False)
    random = np.random.default_rng(0)
    split = datasets.Split(
        random.integers(0, 256, [200, 32, 32, 3], np.uint8), random.integers(0, 10, 200, np.int32)
    )
    data = datasets.Dataset(
        *("svhn_small", split, split, split, 10, "made by the test"),
        title="SVHN",
        family="svhn",
        judge="svhn_small-classifier",
    )
    monkeypatch.setattr(classifier, "load_data", lambda options, name: data)
    file = tmp_path / "c.npz"
    arguments = ("--dataset=svhn_small", "--epochs=1", f"--classifier_file={file}")
    figures = run_script("classifier", *arguments)
    record = json.loads((figures / "classifier-svhn_small-custom.json").read_text())
    assert record["weights"]["name"] == "svhn_small-classifier"
    assert record["settings"]["precision"] == "mixed_bfloat16"
    assert "--precision=fastest takes float32" in capsys.readouterr().out
    judge = pretrained.load_file(file)
    assert {layer.compute_dtype for layer in judge.layers} == {"float32"}


def test_a_file_of_ones_own_has_no_fresh_folder(run_script, tmp_path):
    with pytest.raises(UserError, match="--classifier_file and --fresh given"):
        run_script("classifier", "--fresh", f"--classifier_file={tmp_path}/c.npz")


@pytest.mark.parametrize("names", [["svhn"], ["mnist", "svhn_small"]])
def test_classifier_is_of_one_data_set_with_a_judge(run_script, names):
    with pytest.raises(UserError, match="one --dataset expected: mnist, svhn_small, a folder"):
        run_script("classifier", *(f"--dataset={name}" for name in names))
