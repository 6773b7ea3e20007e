import contextlib
import json

import numpy as np
import pytest
from support.records import trained

from vae_gan_tf import datasets
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import publish, run
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.plotting import grids


def options(*arguments):
    return parse(Script("A figure.", ("cvae-gan",)), ["script", *arguments])


def tiny_result(name="mnist", interrupted=0):
    images = np.zeros([2, 28, 28, 1], np.uint8)
    split = datasets.Split(images, np.zeros(2, np.int32))
    record = trained(weights={"name": "cvae-gan-mnist", "sha256": ""})
    data = datasets.Dataset(name, split, split, split, 10, "made by the test", "Test", "test")
    return run.Result(None, data, "cvae-gan", record, interrupted)


@pytest.mark.parametrize(
    ("arguments", "drawn", "interrupted", "name"),
    [
        ([], ["mnist", "svhn_small"], 0, "figure7"),
        ([], ["mnist", "svhn"], 0, "figure7"),
        (["--seed=0"], ["mnist", "svhn"], 0, "figure7"),
        (["--seed=3"], ["mnist", "svhn"], 0, "figure7-seed3"),
        (["--preset=improved"], ["mnist"], 0, "figure7-improved"),
        (
            ["--preset=improved", "--dataset=mnist", "--seed=1"],
            ["mnist"],
            False,
            "figure7-improved-mnist-seed1",
        ),
        ([], ["mnist"], 0, "figure7-mnist"),
        (["--preset=quick"], ["mnist"], 0, "figure7-quick"),
        (["--preset=quick", "--epochs=1"], ["mnist"], 0, "figure7-quick-custom"),
        (["--epochs=2"], ["mnist", "svhn"], 0, "figure7-custom"),
        ([], ["mnist"], 2, "figure7-mnist-interrupted"),
        (["--pretrained"], ["mnist", "svhn_small"], 0, "figure7-pretrained"),
    ],
)
def test_only_a_whole_run_gets_the_plain_name(tmp_path, arguments, drawn, interrupted, name):
    asked = options(f"--figures_dir={tmp_path}", *arguments)
    results = [tiny_result(each, interrupted) for each in drawn]
    panels = [grids.Panel(np.zeros([1, 2, 28, 28, 1]), "title")]
    with pytest.raises(SystemExit) if interrupted else contextlib.nullcontext():
        publish.publish(asked, "figure7", grids.page(panels), results)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{name}.json", f"{name}.png"]
    record = json.loads((tmp_path / f"{name}.json").read_text())
    assert record["interrupted"] is bool(interrupted)
    assert len(record["runs"]) == len(drawn)
    assert set(record["made_with"]["versions"]) >= {"tensorflow", "keras", "tensorflow-probability"}


def test_what_was_left_of_an_interrupted_run_goes(tmp_path):
    for name in ("figure7-mnist-interrupted", "figure7-interrupted"):
        for ending in ("json", "png"):
            (tmp_path / f"{name}.{ending}").touch()
    panels = [grids.Panel(np.zeros([1, 2, 28, 28, 1]), "title")]
    asked = options(f"--figures_dir={tmp_path}")
    publish.publish(asked, "figure7", grids.page(panels), [tiny_result()])
    left = {path.stem for path in tmp_path.iterdir()}
    assert left == {"figure7-mnist", "figure7-interrupted"}


def test_a_figures_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    asked = options(f"--figures_dir={tmp_path / 'file' / 'folder'}")
    panels = [grids.Panel(np.zeros([1, 2, 28, 28, 1]), "title")]
    with pytest.raises(UserError, match="cannot be written"):
        publish.publish(asked, "figure7", grids.page(panels), [tiny_result()])
