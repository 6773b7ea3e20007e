import dataclasses
import functools
import json

import pytest
from support.runs import made_up

from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.evaluation import scores
from vae_gan_tf.experiments import ablations, run

ABLATIONS = ("ablations", "--preset=smoke", "--seeds=1", "--model=cvae", "--images=60")


@pytest.fixture(autouse=True)
def one_rate(monkeypatch):
    monkeypatch.setattr(ablations, "RATES", {"cvae": (1e-3,), "cvae-gan": (1e-4,)})


@pytest.mark.slow
def test_ablations_go_on_where_they_stopped(run_script, monkeypatch):
    trained = []

    def train(options, model, data):
        trained.append(options.runs_dir.name)
        return made_up(options, model, data)

    monkeypatch.setattr(run, "train", train)
    figures = run_script(*ABLATIONS)
    path = figures / "ablations-smoke-custom.json"
    runs = json.loads(path.read_text())["runs"]
    rows = list(ablations.rows(["cvae"]))
    assert sorted(each["row"] for each in runs) == sorted(rows) and len(rows) == 3
    kept = {(each["settings"]["batch_normalisation"], each["settings"]["pools"]) for each in runs}
    assert kept == {(True, False), (False, False), (True, True)}
    for each in runs:
        assert each["measured"]["bound"] == each["validations"][-1] > 0
    assert len(trained) == 3
    cells = sorted((figures / "ablations-smoke-custom").iterdir())
    cells[-1].unlink()
    run_script(*ABLATIONS)
    again = json.loads(path.read_text())["runs"]
    assert sorted(each["row"] for each in again) == sorted(rows)
    assert len(trained) == 4
    table = (figures / "ablations-smoke-custom.md").read_text()
    assert f"{runs[0]['measured']['bound']:.2f} (1)" in table


def test_show_settings_needs_no_images(tmp_path, capsys):
    folder = tmp_path / "data"
    with pytest.raises(SystemExit) as ended:
        ablations.main(["ablations", "--preset=smoke", "--show_settings", f"--data_dir={folder}"])
    assert ended.value.code == 0 and not folder.exists()
    assert "batch_normalisation = False" in capsys.readouterr().out


def test_a_diverged_run_is_a_line_of_the_table(run_script, monkeypatch):
    def diverged(options, model, data):
        raise Diverged("the loss is not finite")

    monkeypatch.setattr(run, "train", diverged)
    figures = run_script(*ABLATIONS)
    runs = json.loads((figures / "ablations-smoke-custom.json").read_text())["runs"]
    assert {each["diverged"] for each in runs} == {"the loss is not finite"}
    assert all(
        line.endswith("| - | 1 |")
        for line in (figures / "ablations-smoke-custom.md").read_text().splitlines()[2:5]
    )


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--learning_rate=0.1", "--learning_rate is what this script varies"),
        ("--pools", "--pools is what this script varies"),
        ("--dataset=svhn_small", "flag 'dataset'"),
        ("--pretrained", "flag 'pretrained'"),
    ],
)
def test_ablations_that_cannot_be_made(run_script, flag, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("ablations", flag)


@pytest.mark.slow
def test_samples_of_a_gan_are_scored(run_script, monkeypatch):
    def drawn(options, model, data):
        return dataclasses.replace(
            made_up(options, model, data), data=dataclasses.replace(data, judge="mnist-classifier")
        )

    quick = functools.partial(scores.all_scores, frechet_resamples=2)
    monkeypatch.setattr(scores, "all_scores", quick)
    monkeypatch.setattr(ablations, "DRAWN", 20)
    monkeypatch.setattr(run, "train", drawn)
    figures = run_script("ablations", "--preset=smoke", "--seeds=1", "--model=cvae-gan")
    for each in json.loads((figures / "ablations-smoke.json").read_text())["runs"]:
        assert set(ablations.SCORES) - {"bound"} <= set(each["measured"])


def test_an_interrupted_run_ends_the_table(run_script, monkeypatch):
    def stopped(options, model, data):
        return dataclasses.replace(made_up(options, model, data), interrupted=2)

    monkeypatch.setattr(run, "train", stopped)
    with pytest.raises(SystemExit) as end:
        run_script(*ABLATIONS)
    assert end.value.code == 130
