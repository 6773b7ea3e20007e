"""Every script, run in this process with --preset=smoke."""

import csv
import functools
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from PIL import Image

from vae_gan_tf import datasets, networks, pretrained
from vae_gan_tf.errors import Diverged, UserError
from vae_gan_tf.evaluation import scores
from vae_gan_tf.experiments import experiment, settings
from vae_gan_tf.experiments.build import build_model

SCRIPTS = Path(__file__).parents[2] / "reproduce"


def load_script(name):
    if f"reproduce_{name}" not in sys.modules:  # flags are defined once
        spec = importlib.util.spec_from_file_location(f"reproduce_{name}", SCRIPTS / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[spec.name] = module
    return sys.modules[f"reproduce_{name}"]


@pytest.fixture
def run(tmp_path, data_dir):
    """Runs a script with folders of its own; gives the folder of figures."""

    def run(name, *arguments):
        folders = (f"--{kind}_dir={tmp_path / kind}" for kind in ("runs", "figures"))
        load_script(name).main([f"{name}.py", f"--data_dir={data_dir}", *folders, *arguments])
        return tmp_path / "figures"

    return run


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("figure6", ["cvae"]),
        ("figure7", ["cvae-gan"]),
        ("figure8", ["cvae-left"]),
        ("figure9", ["cvae-simple"]),
        ("figure10", ["draw"]),
        ("figure11", ["draw-gan"]),
        ("latent_space", ["vae", "vae-2d"]),
        ("vae_gan", ["vae", "vae-gan"]),
    ],
)
def test_smoke_run_writes_picture_and_json_and_can_be_repeated(run, name, models):
    figures = run(name, "--preset=smoke")
    picture = figures / f"{name}-smoke.png"
    first = picture.read_bytes()
    pixels = matplotlib.image.imread(picture)
    assert min(pixels.shape[:2]) > 280
    assert pixels[..., :3].std() > 0.05
    record = json.loads((figures / f"{name}-smoke.json").read_text())
    assert [each["settings"]["model"] for each in record["runs"]] == models
    assert all(each["epochs"] == 2 for each in record["runs"])
    assert record["preset"] == "smoke"
    run(name, "--preset=smoke")
    assert picture.read_bytes() == first


def test_another_part_and_several_completions_have_a_picture_of_their_own(run):
    figures = run("figure8", "--preset=smoke", "--given=top", "--completions=3")
    assert {path.name for path in figures.iterdir()} == {
        f"figure8-top-3completions-smoke.{ending}" for ending in ("png", "json")
    }
    (record,) = json.loads((figures / "figure8-top-3completions-smoke.json").read_text())["runs"]
    assert record["settings"]["model"] == "cvae-top"
    nats = record["missing_pixels"]
    assert nats["importance_weighted"]["nats"] > 0 and nats["deterministic"]["nats"] > 0


def test_a_fresh_code_for_each_label_has_a_picture_of_its_own(run):
    figures = run("figure9", "--preset=smoke")
    run("figure9", "--preset=smoke", "--fresh_code")
    kept = [
        json.loads((figures / f"{name}-smoke.json").read_text())["runs"][0]["style"]
        for name in ("figure9", "figure9-fresh_code")
    ]
    assert kept[0].keys() == {"images", "thickness", "slant", "label_accuracy"}
    assert kept[0] != kept[1]


def test_the_latent_space_is_shown_in_the_projector(run, tmp_path):
    run("latent_space", "--preset=smoke")
    for model, size in (("vae", 50), ("vae-2d", 3)):  # two numbers and a 0
        vectors = np.loadtxt(tmp_path / "runs" / f"latent_space-{model}-mnist" / "vectors.tsv")
        assert vectors.shape == (100, size)


def test_conditional_draw_has_an_animation_and_a_picture_of_its_own(run):
    figures = run("figure11", "--preset=smoke", "--conditional", "--animate", "--draw_steps=4")
    name = "figure11-conditional-smoke-custom"
    assert {path.name for path in figures.iterdir()} == {
        f"{name}.{ending}" for ending in ("png", "json", "gif")
    }
    (record,) = json.loads((figures / f"{name}.json").read_text())["runs"]
    assert record["settings"]["model"] == "cdraw-gan"
    assert 0 <= record["scores"]["label_accuracy"] <= 1
    with Image.open(figures / f"{name}.gif") as animation:
        assert animation.n_frames == 4
        assert animation.size == (4 * (3 * 29 + 1), 4 * (10 * 29 + 1))


def test_improved_draw_gan_begins_with_a_trained_draw(run, tmp_path, monkeypatch):
    began, train = [], experiment.training.train

    def noted(model, *arguments, **options):
        began.append(experiment.generator(model).get_weights())
        return train(model, *arguments, **options)

    monkeypatch.setattr(experiment.training, "train", noted)
    small = ("--images=60", "--epochs=1", "--draw_steps=3", "--batch_size=20", "--units=16")
    of_the_adversary = ("--judged_canvases=3", "--glimpses=1")  # DRAW by itself has none
    figures = run("figure11", "--preset=improved", *small, *of_the_adversary)
    (record,) = json.loads((figures / "figure11-improved-custom.json").read_text())["runs"]
    first = record["generator_first"]
    assert [each["settings"]["model"] for each in (record, first)] == ["draw-gan", "draw"]
    assert [each["settings"]["preset"] for each in (record, first)] == ["improved", "report"]
    assert record["weights"]["name"] == "draw-gan-improved-mnist"
    drawn = pretrained.load_file(tmp_path / "runs" / "draw-mnist-report-seed0" / "draw-mnist.npz")
    assert len(began) == 2
    for one, other in zip(drawn.get_weights(), began[1], strict=True):
        np.testing.assert_array_equal(one, other)


ABLATIONS = ("ablations", "--preset=smoke", "--seeds=1", "--model=cvae")


def test_ablations_go_on_where_they_stopped(run, tmp_path):
    figures = run(*ABLATIONS)
    path = figures / "ablations-smoke.json"
    runs = json.loads(path.read_text())["runs"]
    rows = list(load_script("ablations").rows())
    assert [each["row"] for each in runs] == rows and len(rows) == 7
    kept = {(each["settings"]["batch_normalisation"], each["settings"]["pools"]) for each in runs}
    assert kept == {(True, False), (False, False), (True, True)}
    for each in runs:
        assert each["measured"]["bound"] == each["validations"][-1] > 0
    shutil.rmtree(tmp_path / "runs")
    path.write_text(json.dumps({"runs": runs[:-1]}))
    run(*ABLATIONS)
    assert [each["row"] for each in json.loads(path.read_text())["runs"]] == rows
    assert len(list((tmp_path / "runs" / "ablations").iterdir())) == 1
    table = (figures / "ablations-smoke.md").read_text()
    assert f"{runs[0]['measured']['bound']:.2f} (1)" in table


def test_a_diverged_run_is_a_line_of_the_table(run, monkeypatch):
    def diverged(options, model, data):
        raise Diverged("the loss is not finite")

    monkeypatch.setattr(experiment, "train", diverged)
    figures = run(*ABLATIONS)
    runs = json.loads((figures / "ablations-smoke.json").read_text())["runs"]
    assert {each["diverged"] for each in runs} == {"the loss is not finite"}
    assert all(
        line.endswith("| - | 1 |")
        for line in (figures / "ablations-smoke.md").read_text().splitlines()[2:9]
    )


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--learning_rate=0.1", "--learning_rate is what the table varies"),
        ("--pools", "--pools is what the table varies"),
        ("--dataset=svhn_small", "the table of ablations is for mnist only"),
        ("--pretrained", "--pretrained does not apply to the table of ablations"),
    ],
)
def test_ablations_that_cannot_be_made(run, flag, sentence):
    with pytest.raises(UserError, match=sentence):
        run("ablations", flag)


def test_the_likelihood_of_draw(run):
    figures = run("draw_likelihood", "--preset=smoke", "--samples=10", "--draw_steps=5")
    name = "draw_likelihood-smoke-custom"
    assert {path.name for path in figures.iterdir()} == {f"{name}.png", f"{name}.json"}
    (record,) = json.loads((figures / f"{name}.json").read_text())["runs"]
    settings, nats = record["settings"], record["nats"]
    assert [settings[key] for key in ("draw_steps", "read_size", "write_size", "latent_size")] == [
        5,
        2,
        5,
        100,
    ]
    assert settings["dataset"] == "mnist_binarised"
    assert len(nats["validation"]) == record["epochs"] == 2
    test = {key: score["value"] for key, score in nats["test"].items()}
    assert test["bound"] == pytest.approx(-record["scores"]["test/elbo"], abs=1.0)
    assert 0 < test["log_likelihood"] < test["bound"]


@pytest.mark.parametrize(
    ("flag", "sentence"),
    [
        ("--samples=25", "--samples must be a positive multiple of 10, not 25"),
        ("--dataset=svhn_small", "the likelihood is for mnist only"),
        ("--pretrained", "--pretrained does not apply to the likelihood"),
    ],
)
def test_a_likelihood_that_cannot_be_measured(run, flag, sentence):
    with pytest.raises(UserError, match=sentence):
        run("draw_likelihood", flag)


def test_a_figure_of_shipped_networks_leaves_out_a_panel_whose_network_does_not_ship(
    run, monkeypatch
):
    found = ["mnist", "svhn_small"], []
    monkeypatch.setattr(experiment, "figure_datasets", lambda options, models: found)
    figures = run("figure10", "--pretrained")
    record = json.loads((figures / "figure10-mnist-pretrained.json").read_text())
    assert [each["weights"]["name"] for each in record["runs"]] == ["draw-mnist"]


def test_the_shipped_models_side_by_side(run):
    figures = run("side_by_side")
    record = json.loads((figures / "side_by_side-mnist-pretrained.json").read_text())
    names = ["cvae-mnist", "cvae-gan-mnist", "cvae-gan-improved-mnist"]
    assert [each["weights"]["name"] for each in record["runs"]] == names
    picture = matplotlib.image.imread(figures / "side_by_side-mnist-pretrained.png")
    assert picture.shape[1] > 2 * picture.shape[0]
    with pytest.raises(UserError, match="--epochs does not apply"):
        run("side_by_side", "--epochs=3")


TABLE = ("table1", "--preset=smoke", "--row=Fully connected", "--column=1000")


def test_table_1_goes_on_where_it_stopped(run, tmp_path, monkeypatch, capsys):
    figures = run(*TABLE, "--seeds=1")
    endings = ("csv", "json", "md", "png")
    assert sorted(path.name for path in figures.iterdir()) == [
        f"table1-smoke.{ending}" for ending in endings
    ]
    (first,) = json.loads((figures / "table1-smoke.json").read_text())["runs"]
    assert len(first["validation_errors"]) == 2
    assert first["validation_errors"][-1] == first["validation"]["classification/error"]
    trained = []
    train = experiment.train

    def counted(options, *rest):
        trained.append((options.overrides["labels"], options.overrides["seed"]))
        return train(options, *rest)

    monkeypatch.setattr(experiment, "train", counted)
    shutil.rmtree(tmp_path / "runs")  # what is finished is kept without its run folder
    older = json.loads((figures / "table1-smoke.json").read_text())
    del older["runs"][0]["settings"]["shift"]  # as a version without this setting wrote it
    (figures / "table1-smoke.json").write_text(json.dumps(older))
    run(*TABLE, "--column=600", "--seeds=2")
    assert trained == [(600, 0), (1000, 1), (600, 1)]
    runs = json.loads((figures / "table1-smoke.json").read_text())["runs"]
    assert runs[0] == first and len(runs) == 4
    assert "1 of 4 runs finished, about" in capsys.readouterr().out
    errors = [100 * each["scores"]["test/error"] for each in runs]
    thousand = np.array([errors[0], errors[2]])
    cell = f"{thousand.mean():.2f} ± {thousand.std(ddof=1):.2f} (2)"
    table = (figures / "table1-smoke.md").read_text()
    assert f"| Fully connected | {cell} | 5.1 | " in table
    assert "| Kingma et al., M2 | 3.60 ± 0.56 | - | 4.94 ± 0.13 | - |" in table
    with (figures / "table1-smoke.csv").open() as file:
        assert next(line for line in csv.reader(file) if line[0] == "Fully connected")[1] == cell


def test_the_picture_of_table_1_holds_all_numbers():
    table1 = load_script("table1")
    run = {
        "row": "Convolutional",
        "settings": {"labels": 600},
        "scores": {"test/error": 0.2},
        "validation_errors": [0.5, 0.3],
    }
    grid = table1.picture([run], ["Fully connected", "Convolutional"]).axes
    shown = [np.concatenate([line.get_ydata() for line in axes.lines]) for axes in grid]
    for axes, values in zip(grid, shown, strict=True):
        low, high = axes.get_ylim()
        assert np.all((low < values) & (values < high))
    kingma = [3.60, 3.60, 2.40, 2.40], [4.94, 4.94, 2.59, 2.59]  # lines have two ends
    assert sorted(shown[0]) == sorted([5.1, 4.8, *kingma[0]])
    assert sorted(shown[1]) == sorted([20, 12.0, 6.2, *kingma[1]])
    assert shown[2].size == 0 and shown[3].tolist() == [50, 30]


def test_what_a_gan_adds_is_measured_seed_by_seed():
    def run(row, seed, error, labels=1000):
        settings = {"labels": labels, "seed": seed}
        return {"row": row, "settings": settings, "scores": {"test/error": error}}

    table1, gan = load_script("table1"), "Convolutional with GAN"
    (control,) = table1.CONTROL
    runs = [run("Convolutional", seed, 0.02 + 0.01 * seed) for seed in range(4)]
    runs += [run(gan, seed, 0.01 + 0.01 * seed) for seed in (2, 0)]
    runs += [run(gan, 1, 0.05), run(control, 1, 0.02), run("Fully connected", 1, 0.5)]
    runs += [run("Convolutional", 0, 0.1, labels=600)]
    found = table1.differences(runs)
    assert found == {
        (gan, "Convolutional", 1000): pytest.approx([-1, 2, -1]),
        (gan, control, 1000): pytest.approx([3]),
    }
    (sentence,) = table1.difference_sentences(runs)
    assert "1000 labels, seed by seed: +0.00 ± 1.00 (mean and its standard error, 3 p" in sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--column=1001"], "1001 labels cannot be drawn evenly"),
        (["--column=2000"], "of class . there are .* images"),
        (["--labels=10"], "--labels is what the table varies"),
        (["--dataset=svhn"], "for mnist only"),
        (["--pretrained"], "--pretrained does not apply"),
        (["--row=Linear"], "Linear"),
    ],
)
def test_a_table_1_that_cannot_be(run, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        run("table1", "--preset=smoke", *arguments)


def test_the_improved_table_1(run):
    small = ("--images=1500", "--epochs=1", "--labelled_batch=20")
    figures = run("table1", "--preset=improved", "--column=1000", "--seeds=1", *small)
    runs = json.loads((figures / "table1-improved-custom.json").read_text())["runs"]
    weights = [(it["settings"]["model"], it["settings"]["adversarial_weight"]) for it in runs]
    gan = "semi-supervised-gan"
    assert weights == [("semi-supervised", 1.0), (gan, 1.0), (gan, 0.0)]
    assert {it["settings"]["architecture"] for it in runs} == {"improved"}
    assert f"| {runs[2]['row']} | " in (figures / "table1-improved-custom.md").read_text()


def test_a_row_that_the_improved_table_1_has_not(run):
    with pytest.raises(UserError, match="--row=Fully connected given, and the preset improved has"):
        run("table1", "--preset=improved", "--row=Fully connected")


def test_samples_of_the_models_of_table_1(run):
    figures = run("table1_samples", "--preset=smoke")
    record = json.loads((figures / "table1_samples-smoke.json").read_text())
    models = [
        (each["settings"]["model"], each["settings"]["architecture"]) for each in record["runs"]
    ]
    assert models == [
        ("semi-supervised", "fully_connected"),
        ("semi-supervised", "convolutional"),
        ("semi-supervised-gan", "convolutional"),
    ]
    assert matplotlib.image.imread(figures / "table1_samples-smoke.png").shape[1] > 500


def test_samples_of_the_shipped_models_of_table_1(run):
    figures = run("table1_samples", "--preset=improved", "--pretrained")
    record = json.loads((figures / "table1_samples-improved-pretrained.json").read_text())
    assert [each["weights"]["name"] for each in record["runs"]] == [
        "semi-supervised-improved-mnist",
        "semi-supervised-gan-improved-mnist",
    ]
    drawn = matplotlib.image.imread(figures / "table1_samples-improved-pretrained.png")
    committed = matplotlib.image.imread(SCRIPTS.parent / "figures" / "table1_samples-improved.png")
    np.testing.assert_allclose(drawn, committed, atol=0.05)


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--dataset=svhn_small", "table 1 is for mnist only"),
        ("--architecture=improved", "--architecture is what the rows of table 1 vary"),
        ("--pretrained", "no pretrained model 'semi-supervised-mnist'; there are"),
    ],
)
def test_samples_that_cannot_be(run, argument, sentence):
    with pytest.raises(UserError, match=sentence):
        run("table1_samples", argument)


def test_a_damaged_table_1_is_kept(run, tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "table1-smoke.json").write_text("{")
    with pytest.raises(UserError, match=r"table1-smoke\.json does not hold the runs of a table 1"):
        run(*TABLE)
    assert (tmp_path / "figures" / "table1-smoke.json").read_text() == "{"


def test_ctrl_c_leaves_a_picture_under_another_name(run, tmp_path, monkeypatch, capsys):
    from vae_gan_tf.training import loop

    outcome = loop.Outcome(True, 0.5, 2, {"loss": 1.0}, {}, 1.0)
    monkeypatch.setattr(loop, "train", lambda *_, **__: outcome)
    with pytest.raises(SystemExit) as end:
        run("vae_gan", "--preset=smoke")
    assert end.value.code == 130
    figures = tmp_path / "figures"
    names = {path.name for path in figures.iterdir()}
    assert names == {"vae_gan-smoke-interrupted.png", "vae_gan-smoke-interrupted.json"}
    assert "same command goes on" in capsys.readouterr().out


def test_a_data_set_that_cannot_be_had_is_one_sentence(run, monkeypatch):
    from vae_gan_tf import datasets

    monkeypatch.setattr(datasets, "NETWORK_TIMEOUT", 0.5)
    monkeypatch.setattr(
        "urllib.request.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no route"))
    )
    with pytest.raises(UserError, match="SVHN could not be downloaded"):
        run("figure7", "--dataset=svhn")


def test_help_explains_presets_and_settings():
    for name in experiment.FIELDS:
        assert experiment.flags.FLAGS[name].help.count("override the preset's") == 1
    assert "--preset" in experiment.flags.FLAGS.get_help()


def test_classifier_trains_and_writes_weights_and_json(run, tmp_path):
    figures = run(
        "classifier", "--epochs=1", "--images=300", f"--classifier_file={tmp_path / 'c.npz'}"
    )
    record = json.loads((figures / "classifier-custom.json").read_text())
    assert record["weights"]["sha256"] == pretrained.sha256(tmp_path / "c.npz")
    judge = pretrained.load_file(tmp_path / "c.npz")
    accuracy = record["test_accuracy"]
    assert 0.1 <= accuracy <= 1
    images = np.zeros([4, 28, 28, 1], np.float32)
    assert scores.label_accuracy(scores.judged(images, np.arange(4), judge)).value <= 0.25


def test_classifier_of_svhn_trains_in_low_precision_and_ships_float32(run, tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    split = datasets.Split(
        random.integers(0, 256, [200, 32, 32, 3], np.uint8), random.integers(0, 10, 200, np.int32)
    )
    data = datasets.Dataset("svhn_small", split, split, split, 10, "made by the test")
    monkeypatch.setattr(experiment, "load_data", lambda options, name: data)
    file = tmp_path / "c.npz"
    arguments = ("--dataset=svhn_small", "--epochs=1", f"--classifier_file={file}")
    figures = run("classifier", *arguments)
    record = json.loads((figures / "classifier-svhn_small-custom.json").read_text())
    assert record["weights"]["name"] == "svhn_small-classifier"
    assert record["settings"]["precision"] == "mixed_bfloat16"
    judge = pretrained.load_file(file)
    assert {layer.compute_dtype for layer in judge.layers} == {"float32"}


@pytest.mark.parametrize("names", [["svhn"], ["mnist", "svhn_small"]])
def test_classifier_is_of_one_data_set_with_a_judge(run, names):
    with pytest.raises(UserError, match="one --dataset of mnist, svhn_small expected"):
        run("classifier", *(f"--dataset={name}" for name in names))


QUICKLY = functools.partial(scores.all_scores, frechet_resamples=2)
SCORES = ("scores", "--dataset=mnist", "--generated=120", "--measured=10", "--images=100")


def test_scores_are_one_table_and_what_is_measured_is_kept(run, monkeypatch):
    monkeypatch.setattr(scores, "all_scores", QUICKLY)
    script = load_script("scores")
    monkeypatch.setattr(script, "MODELS", {"mnist": ("vae", "cvae"), "svhn_small": ()})
    figures = run(*SCORES)
    names = sorted(path.name for path in figures.iterdir())
    assert names == [f"scores-mnist-custom.{ending}" for ending in ("csv", "json", "md", "png")]
    rows = json.loads((figures / "scores-mnist-custom.json").read_text())["rows"]
    assert [row["model"] for row in rows] == ["vae", "cvae", "real test images"]
    vae, cvae, real = (row["scores"] for row in rows)
    assert set(cvae) == set(script.COLUMNS)
    assert set(cvae) - set(vae) == {"label_accuracy"}
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
    place = list(script.COLUMNS).index("recall")
    assert lines["cvae, mnist"][place] == f"{value:.3f} ± {error:.3f}"
    assert lines["vae, mnist"][0] == lines["real test images, mnist"][-1] == "-"
    assert matplotlib.image.imread(figures / "scores-mnist-custom.png")[..., :3].std() > 0.05
    monkeypatch.setattr(script, "model_scores", None)  # nothing is measured again
    monkeypatch.setattr(script, "real_scores", None)
    run(*SCORES)
    assert json.loads((figures / "scores-mnist-custom.json").read_text())["rows"] == rows


def test_networks_of_a_run_are_scored_as_those_that_ship(run, tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "all_scores", QUICKLY)
    monkeypatch.setattr(load_script("scores"), "MODELS", {"mnist": ("cvae",), "svhn_small": ()})
    shutil.copy(Path(pretrained.__file__).parent / "cvae-mnist.npz", tmp_path / "run.npz")
    figures = run(*SCORES)
    run(*SCORES, f"--weights=mine={tmp_path / 'run.npz'}")
    shipped, given = (
        json.loads((figures / f"scores-mnist-{word}custom.json").read_text())["rows"]
        for word in ("", "weights-")
    )
    assert [row["model"] for row in given] == ["mine", "real test images"]
    for one, other in zip(shipped, given, strict=True):
        assert one | {"model": ""} == other | {"model": ""}
    run(*SCORES, f"--weights=again={tmp_path / 'run.npz'}")
    both = json.loads((figures / "scores-mnist-weights-custom.json").read_text())["rows"]
    assert both == [given[0], given[0] | {"model": "again"}, given[1]]


def test_scores_that_are_stopped_keep_what_is_measured(run, tmp_path, monkeypatch):
    script = load_script("scores")
    monkeypatch.setattr(script, "MODELS", {"mnist": ("vae", "cvae"), "svhn_small": ()})
    found = {"scores": {}, "diversity_of_classes": {}}
    asked = []

    def measure(file, *others):
        asked.append(file.stem)
        if file.stem == "cvae-mnist":
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(script, "model_scores", measure)
    path = tmp_path / "figures" / "scores-mnist-custom.json"
    path.parent.mkdir()
    old = {"dataset": "mnist", "model": "cvae", "weights": "of another run"}
    path.write_text(json.dumps({"rows": [old]}))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run(*SCORES)
        vae, cvae = json.loads(path.read_text())["rows"]
        assert vae.items() >= {"dataset": "mnist", "model": "vae", **found}.items()
        assert cvae == old
    assert asked == ["vae-mnist", "cvae-mnist", "cvae-mnist"]


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ("nowhere.npz", "NAME=FILE with a name of its own expected"),
        ("=nowhere.npz", "NAME=FILE with a name of its own expected"),
        ("real test images=nowhere.npz", "NAME=FILE with a name of its own expected"),
        ("mine=nowhere.npz", "there is no file nowhere.npz"),
        ("mine={shipped}/cvae-svhn_small.npz", r"no model of images of shape \[28, 28, 1\]"),
        ("mine={shipped}/mnist-classifier.npz", r"no model of images of shape \[28, 28, 1\]"),
        ("mine={shipped}/cvae-left-mnist.npz", "given another side information"),
    ],
)
def test_networks_that_cannot_be_scored(run, weights, sentence):
    shipped = Path(pretrained.__file__).parent
    with pytest.raises(UserError, match=sentence):
        run(*SCORES, f"--weights={weights.format(shipped=shipped)}")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--weights=mine=nowhere.npz"], "one --dataset to score them on expected"),
        (["--epochs=3"], "--epochs does not apply"),
        (["--preset=quick"], "--preset does not apply"),
        (["--dataset=svhn"], "no models ship for svhn"),
        (["--generated=10"], "generated"),
    ],
)
def test_scores_that_cannot_be(run, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        run("scores", *arguments)


def test_damaged_scores_are_kept(run, tmp_path):
    path = tmp_path / "figures" / "scores-mnist-custom.json"
    path.parent.mkdir()
    path.write_text("{")
    with pytest.raises(UserError, match=r"scores-mnist-custom\.json does not hold"):
        run(*SCORES)
    assert path.read_text() == "{"


def test_a_shorter_training_does_not_replace_the_shipped_judge(run):
    shipped = Path(pretrained.__file__).parent / "mnist-classifier.npz"
    before = pretrained.sha256(shipped)
    with pytest.raises(UserError, match="name another --classifier_file"):
        run("classifier", "--epochs=1", "--images=300")
    assert pretrained.sha256(shipped) == before


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--models=cvae,semi-supervised-gan", "--models=semi-supervised-gan given, of vae, cvae"),
        ("--models=cave", "--models=cave given"),
        ("--glimpses=2", "--glimpses given, whose operations are not counted"),
    ],
)
def test_steps_whose_operations_are_not_counted(run, argument, sentence):
    with pytest.raises(UserError, match=sentence):
        run("step_time", argument)


def test_step_time_counts_the_operations_of_section_4_3(data_dir):
    step_time = load_script("step_time")
    options = experiment.parse_flags(["step_time.py", f"--data_dir={data_dir}"])
    row = step_time.time_model(options, "cvae-gan", "float32", steps=2)
    # Multiply-adds by hand, layer by layer, as output pixels x kernel area x inputs x filters.
    encoder = 196 * 25 * 28 + 49 * 25 * 28 * 56 + 16 * 25 * 56 * 108 + 2 * (16 * 108 + 10) * 50
    decoder = 60 * 6272 + 49 * 25 * 128 * 64 + 196 * 25 * 64 * 32 + 784 * 32
    critic = 196 * 9 * 16 + 49 * 9 * 16 * 32 + 16 * 9 * 32 * 64 + 1024 * 512 + 512 * 500 + 500 * 11
    expected = 200 * (3 * encoder + 6 * decoder + 14 * critic)
    assert row["gigaflop"] == pytest.approx(expected / 1e9)
    assert row["milliseconds"] > 0
    assert 0 <= row["input_share"] < 1
    assert "cvae-gan" in step_time.table([row])


def test_step_time_counts_the_operations_of_section_4_5():
    step_time = load_script("step_time")
    overrides = {"architecture": "fully_connected"}
    run = settings.resolve("report", "semi-supervised", "mnist", overrides)
    model = build_model(run, (28, 28, 1), 10)
    trunk = 784 * 1024 + 1024 * 1024 + 1024 * (1024 + 50 + 10)
    head = 10 * 1024 + 1024 * 50
    decoder = 60 * 1024 + 1024 * 1024 + 1024 * 784
    expected = 6 * (200 * trunk + 1100 * (head + decoder))
    assert step_time.step_operations(model, 100, 100) == expected
    # The deconvolution of upsampled images has 36 weights for each of the pixels before.
    decoder = networks.upsampling_decoder((28, 28, 1))
    dense = 50 * 500 + 500 * 2450 + 794 * 512 + 512 * 784
    convolutions = 49 * 36 * 50 * 20 + 196 * 36 * 20
    assert step_time.multiply_adds(decoder) == dense + convolutions


@pytest.mark.parametrize("name", ["draw", "draw-gan"])
def test_step_time_counts_the_operations_of_section_4_6(name):
    step_time = load_script("step_time")
    model = build_model(settings.resolve("report", name, "mnist", {}), (28, 28, 1), 10)
    lstms = (50 + 256 + 256) * 1024, (10 + 256) * 1024
    encoder = lstms[0] + 256 * 5 + 2 * 256 * 10 + 2 * (5 * 28 * 28 + 5 * 28 * 5)
    decoder = lstms[1] + 256 * 5 + 256 * 25 + 28 * 5 * 5 + 28 * 5 * 28
    expected = 2000 * (3 * encoder + 3 * decoder)
    if name == "draw-gan":
        critic = step_time.multiply_adds(model.discriminator)
        expected += 2000 * 3 * decoder + 200 * 13 * critic
    assert step_time.step_operations(model, 100) == expected
