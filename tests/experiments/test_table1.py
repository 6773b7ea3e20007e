import csv
import json
import re
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from support.runs import made_up

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import run, table1, table1_samples
from vae_gan_tf.experiments.flags import Options
from vae_gan_tf.experiments.settings import resolve

FIGURES = Path(__file__).parents[2] / "figures"

SMALL = ("--labelled_batch=20", "--batch_size=50", "--epochs=1")
TABLE = ("table1", "--preset=smoke", "--row=Fully connected", "--column=100", *SMALL)
NAME = "table1-smoke-custom"


@pytest.mark.slow
def test_table_1_goes_on_where_it_stopped(run_script, tmp_path, monkeypatch, capsys):
    figures = run_script(*TABLE, "--seeds=1")
    endings = ("csv", "json", "md", "pdf", "png")
    assert sorted(path.name for path in figures.iterdir()) == [
        NAME,
        *(f"{NAME}.{ending}" for ending in endings),
    ]
    (first,) = json.loads((figures / f"{NAME}.json").read_text())["runs"]
    assert len(first["validation_errors"]) == 1
    assert first["validation_errors"][-1] == first["validation"]["classification/error"]
    trained = []

    def counted(options, *rest):
        trained.append((options.overrides["labels"], options.overrides["seed"]))
        return made_up(options, *rest)

    monkeypatch.setattr(run, "train", counted)
    shutil.rmtree(tmp_path / "runs")  # what is finished is kept without its run folder
    (cell,) = (figures / NAME).iterdir()
    del first["settings"]["shift"]  # as a version without this setting wrote it
    cell.write_text(json.dumps(first))
    run_script(*TABLE, "--column=60", "--seeds=0..1")
    assert trained == [(60, 0), (100, 1), (60, 1)]
    runs = json.loads((figures / f"{NAME}.json").read_text())["runs"]
    assert first in runs and len(runs) == 4
    assert "1 of 4 runs finished, about" in capsys.readouterr().out
    trained.clear()  # and what is finished on one device is not trained again on all of it
    run_script(*TABLE, "--column=60", "--seeds=0..1", "--devices=all")
    assert not trained
    errors = np.array(
        [100 * it["scores"]["test/error"] for it in runs if it["settings"]["labels"] == 100]
    )
    cell = f"{errors.mean():.2f} ± {errors.std(ddof=1):.2f} (2)"
    table = (figures / f"{NAME}.md").read_text()
    assert f"| Fully connected | - | 5.1 | - | 12.0 | {cell} | - | " in table
    assert "| Kingma et al., M2 | 3.60 ± 0.56 | - | 4.94 ± 0.13 | - | - |" in table
    with (figures / f"{NAME}.csv").open() as file:
        assert next(line for line in csv.reader(file) if line[0] == "Fully connected")[5] == cell


def test_the_picture_of_table_1_holds_all_numbers():
    run = {
        "row": "Convolutional",
        "settings": {"labels": 600},
        "scores": {"test/error": 0.2},
        "validation_errors": [0.5, 0.3],
    }
    grid = table1.picture([run], ["Fully connected", "Convolutional"]).axes
    of_errors, of_curves = (
        [np.concatenate([getattr(line, data)() for line in axes.lines]) for axes in part]
        for data, part in (("get_xdata", grid[:2]), ("get_ydata", grid[2:]))
    )
    shown = [*of_errors, *of_curves]
    limits = [axes.get_xlim() for axes in grid[:2]] + [axes.get_ylim() for axes in grid[2:]]
    for (low, high), values in zip(limits, shown, strict=True):
        assert np.all((low < values) & (values < high))
    kingma = [3.60, 3.60, 2.40, 2.40], [4.94, 4.94, 2.59, 2.59]  # lines have two ends
    assert sorted(shown[0]) == sorted([5.1, 4.8, *kingma[0]])
    assert sorted(shown[1]) == sorted([20, 12.0, 6.2, *kingma[1]])
    assert shown[2].size == 0 and shown[3].tolist() == [50, 30]


def test_rows_are_compared_seed_by_seed():
    def run(row, seed, error, labels=1000):
        settings = {"preset": "improved", "labels": labels, "seed": seed}
        return {"row": row, "settings": settings, "scores": {"test/error": error}}

    gan = "Convolutional with GAN"
    alike, control, unmoved = table1.CONTROL
    runs = [run(alike, seed, 0.02 + 0.01 * seed) for seed in range(4)]
    runs += [run(gan, seed, 0.01 + 0.01 * seed) for seed in (2, 0)]
    runs += [run(gan, 1, 0.05), run(control, 1, 0.02), run("Fully connected", 1, 0.5)]
    runs += [run(alike, 0, 0.1, labels=600)]
    runs += [run("Convolutional", seed, 0.05) for seed in (3, 0)] + [run(unmoved, 3, 0.07)]
    found = table1.differences(runs)
    assert found == {
        (gan, alike, 1000): pytest.approx([-1, 2, -1]),
        (gan, control, 1000): pytest.approx([3]),
        ("Convolutional", unmoved, 1000): pytest.approx([-2]),
    }
    (sentence,) = table1.difference_sentences(runs)
    assert "1000 labels, seed by seed: +0.00 ± 1.00 (mean and its standard error, 3 p" in sentence
    rest = [each for each in runs if each["row"] != alike]
    assert (gan, "Convolutional", 1000) not in table1.differences(rest)
    report = [each | {"settings": each["settings"] | {"preset": "report"}} for each in rest]
    assert table1.differences(report)[gan, "Convolutional", 1000] == pytest.approx([-4])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--column=101"], "101 labels cannot be drawn evenly"),
        (["--column=300"], "of class . there are .* images"),
        (["--labels=10"], "--labels is what this script varies"),
        (["--dataset=svhn"], "flag 'dataset'"),
        (["--pretrained"], "flag 'pretrained'"),
        (["--row=Linear"], "Linear"),
        (["--seeds=0"], "--seeds=0 given, first..last or the number of seeds expected"),
        (["--seeds=5..3"], "--seeds=5..3 given"),
        (["--seeds=some"], "--seeds=some given"),
        (["--preset=improved", "--adversarial_weight=0"], "and the row With GAN, adv.* its own"),
        (
            ["--preset=improved", "--row=Convolutional", "--consistency=3", "--shift=0"],
            "--consistency given with --shift=0; it is for --shift above 0",
        ),
        (["--preset=improved", "--shift=3"], "--shift given, and the row Convolutional, no image"),
        (["--preset=improved", "--row=Convolutional, as with GAN", "--epochs=1"], "has its own"),
    ],
)
def test_a_table_1_that_cannot_be(run_script, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("table1", "--preset=smoke", *arguments)


@pytest.mark.slow
def test_a_mean_is_of_one_kind_of_run(run_script, monkeypatch):
    monkeypatch.setattr(run, "train", made_up)
    row = ("table1", "--preset=smoke", "--row=Fully connected", "--column=100", *SMALL)
    figures = run_script(*row, "--kl_weight=2", "--seeds=1")
    (file,) = figures.glob("*.json")
    before = file.read_bytes()
    with pytest.raises(UserError, match="with kl_weight = 2\\.0 and 3\\.0 is asked"):
        run_script(*row, "--kl_weight=3", "--seeds=2", "--runs_dir=others")
    assert file.read_bytes() == before
    run_script(*row, "--column=50", "--kl_weight=2", "--seeds=2")
    assert len(json.loads(file.read_text())["runs"]) == 4


@pytest.mark.parametrize(
    "arguments",
    [
        ("table1", "--preset=smoke", "--row=Convolutional", "--gradient_penalty=1"),
        ("table1", "--preset=improved", "--augmentation"),
        ("table1", "--preset=improved", "--units=7"),
        ("table1_samples", "--preset=improved", "--units=7"),
        ("ablations", "--preset=smoke", "--model=cvae", "--label_weight=.3"),
    ],
    ids=" ".join,
)
def test_a_setting_without_effect_is_refused(run_script, arguments):
    with pytest.raises(UserError, match="means nothing to the runs that are asked for"):
        run_script(*arguments)


@pytest.mark.parametrize("script", ["table1", "table1_samples"])
def test_a_setting_without_effect_beside_another_names_that(run_script, script):
    with pytest.raises(UserError, match="--consistency given with --shift=0; it is for --shift a"):
        run_script(script, "--preset=smoke", "--consistency=1")


@pytest.mark.parametrize("name", ["report", "improved"])
def test_each_run_has_a_folder_of_its_own(name):
    shown = table1.rows(name) | (table1.CONTROL if name == "improved" else {})
    own = {"row": [*shown], "column": [1000, 600]}
    asked = table1.asked_runs(shown, Options(preset=name, seeds="2", script_flags=own))
    folders = {(it.folder, resolve(name, it.model, "mnist", it.overrides).name) for it in asked}
    assert len(folders) == len(asked) == 2 * 2 * len(shown)


@pytest.mark.slow
def test_the_improved_table_1(run_script, monkeypatch):
    monkeypatch.setattr(run, "train", made_up)
    figures = run_script("table1", "--preset=improved", "--column=20", "--seeds=1", *SMALL[:2])
    runs = json.loads((figures / "table1-improved-custom.json").read_text())["runs"]
    names = ("model", "adversarial_weight", "epochs", "consistency", "shift")
    alone, gan = "semi-supervised", "semi-supervised-gan"
    assert {it["row"]: tuple(it["settings"][name] for name in names) for it in runs} == {
        "Convolutional": (alone, 1.0, 6, 30.0, 2),
        "Convolutional with GAN": (gan, 1.0, 3, 0.0, 2),
        "Convolutional, as with GAN": (alone, 1.0, 3, 0.0, 2),
        "With GAN, adversarial weight 0": (gan, 0.0, 3, 0.0, 2),
        "Convolutional, no image moved": (alone, 1.0, 6, 30.0, 0),  # consistency is of moved images
    }
    assert {it["settings"]["architecture"] for it in runs} == {"improved"}
    table = (figures / "table1-improved-custom.md").read_text()
    assert all(f"| {run['row']} | " in table for run in runs)


def test_a_row_that_the_improved_table_1_has_not(run_script):
    with pytest.raises(UserError, match="--row=Fully connected given, and the preset improved has"):
        run_script("table1", "--preset=improved", "--row=Fully connected")


@pytest.mark.slow
def test_samples_of_the_models_of_table_1(run_script, monkeypatch):
    monkeypatch.setattr(table1_samples, "train", made_up)
    figures = run_script("table1_samples", "--preset=smoke", "--labels=20", *SMALL)
    record = json.loads((figures / "table1_samples-smoke-custom.json").read_text())
    models = [
        (each["settings"]["model"], each["settings"]["architecture"]) for each in record["runs"]
    ]
    assert models == [
        ("semi-supervised", "fully_connected"),
        ("semi-supervised", "convolutional"),
        ("semi-supervised-gan", "convolutional"),
    ]
    assert matplotlib.image.imread(figures / "table1_samples-smoke-custom.png").shape[1] > 500


@pytest.mark.slow
def test_samples_of_the_shipped_models_of_table_1(run_script):
    figures = run_script("table1_samples", "--preset=improved", "--pretrained")
    record = json.loads((figures / "table1_samples-improved-pretrained.json").read_text())
    assert [each["weights"]["name"] for each in record["runs"]] == [
        "semi-supervised-improved-mnist",
        "semi-supervised-gan-improved-mnist",
    ]
    drawn = matplotlib.image.imread(figures / "table1_samples-improved-pretrained.png")
    committed = matplotlib.image.imread(FIGURES / "table1_samples-improved.png")
    np.testing.assert_allclose(drawn, committed, atol=0.05)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--dataset=svhn_small", "table 1 is for mnist only"),
        ("--architecture=improved", "--architecture is what this script varies"),
        ("--pretrained", "of table 1 those of --preset=improved alone ship"),
    ],
)
def test_samples_that_cannot_be(run_script, argument, sentence):
    with pytest.raises(UserError, match=sentence):
        run_script("table1_samples", argument)


def test_a_damaged_table_1_is_kept(run_script, tmp_path):
    cell = tmp_path / "figures" / NAME / "a-run.json"
    cell.parent.mkdir(parents=True)
    for content, sentence in (("{", "is damaged"), ("{}", "is damaged")):
        cell.write_text(content)
        with pytest.raises(UserError, match=rf"a-run\.json {sentence}"):
            run_script(*TABLE)
        assert cell.read_text() == content


def test_a_column_asked_for_twice_is_trained_once(run_script, monkeypatch, capsys):
    monkeypatch.setattr(run, "train", made_up)
    run_script(*TABLE, "--column=100", "--seeds=1")
    assert "0 of 1 taken from" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"row": ""}, {"losses": None}, {"images": "x"}])
def test_a_damaged_cell_is_named_before_anything_is_written(run_script, monkeypatch, change):
    monkeypatch.setattr(run, "train", made_up)
    figures = run_script(*TABLE, "--seeds=1")
    (cell,) = (figures / NAME).iterdir()
    cell.write_text(json.dumps(json.loads(cell.read_text()) | change))
    before = {path: path.stat().st_mtime_ns for path in figures.iterdir()}
    with pytest.raises(UserError, match=rf"{cell.name} is damaged: .*; move it away"):
        run_script(*TABLE, "--seeds=1")
    assert {path: path.stat().st_mtime_ns for path in figures.iterdir()} == before


@pytest.mark.parametrize("name", ["report", "improved", "quick", "smoke"])
def test_the_rows_of_table_1(name):
    rows, improved = table1.rows(name), name in ("improved", "quick")
    assert list(rows) == list(table1.ROWS)[improved:]
    for row, (model, changes) in rows.items():
        run = resolve(name, model, "mnist", changes)
        expected = "improved" if improved else table1.ROWS[row][1]["architecture"]
        assert (run.model, run.architecture) == (table1.ROWS[row][0], expected)
        if not improved:  # each has its own batches, or the preset's
            few = name == "report" and row != "Fully connected"
            plain = resolve(name, model, "mnist", table1.ROWS[row][1])
            assert run.batch_size == (25 if few else plain.batch_size)


@pytest.mark.parametrize(
    ("flags", "trained"),
    [
        ([], [("Convolutional", 1000, 0)]),
        (["--column=600", "--seeds=2..3"], [("Convolutional", 600, seed) for seed in (2, 3)]),
        (["--row=Convolutional with GAN"], [("Convolutional with GAN", 1000, 0)]),
    ],
)
def test_quick_trains_one_cell_unless_asked_for_others(run_script, monkeypatch, flags, trained):
    monkeypatch.setattr(run, "train", made_up)
    figures = run_script("table1", "--preset=quick", *flags)
    runs = json.loads((figures / "table1-quick.json").read_text())["runs"]
    found = [(each["row"], *(each["settings"][it] for it in ("labels", "seed"))) for each in runs]
    assert found == trained


def test_a_fresh_table_is_compared_with_the_one_that_was_there(run_script, monkeypatch, capsys):
    monkeypatch.setattr(run, "train", made_up)
    figures = run_script(*TABLE, "--seeds=1")
    assert f"0 of 1 taken from {figures / NAME}, 1 trained now" in capsys.readouterr().out
    run_script(*TABLE, "--seeds=1")
    assert f"1 of 1 taken from {figures / NAME}\n" in capsys.readouterr().out
    run_script(*TABLE, "--seeds=1", "--fresh")
    told = capsys.readouterr().out
    assert re.search(rf"0 of 1 taken from {figures}/fresh-\w+/{NAME}, 1 trained now", told)
    assert f"numbers are those of {figures / NAME}.json" in told
