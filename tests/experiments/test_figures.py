"""The scripts of the figures, run in this process with --preset=smoke."""

import json

import matplotlib.image
import numpy as np
import pytest
from PIL import Image
from support.runs import OUTCOME, without_training

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import results
from vae_gan_tf.models.adversarial import generator
from vae_gan_tf.training import loop

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "models"),
    [
        ("figure6", ["cvae"]),
        ("figure7", ["cvae-gan"]),
        ("figure10", ["draw"]),
        ("vae_gan", ["vae", "vae-gan"]),
    ],
)
def test_smoke_run_writes_picture_and_json_and_can_be_repeated(
    run_script, name, models, monkeypatch
):
    if name != "figure6":
        without_training(monkeypatch)
    figures = run_script(name, "--preset=smoke")
    picture = figures / f"{name}-smoke.png"
    first = picture.read_bytes()
    pixels = matplotlib.image.imread(picture)
    assert min(pixels.shape[:2]) > 280
    assert pixels[..., :3].std() > 0.05
    record = json.loads((figures / f"{name}-smoke.json").read_text())
    assert [each["settings"]["model"] for each in record["runs"]] == models
    assert all(each["epochs"] == 2 for each in record["runs"])
    assert record["preset"] == "smoke"
    if name == "figure6":
        run_script(name, "--preset=smoke")
        assert picture.read_bytes() == first


def test_another_part_and_several_completions_have_a_picture_of_their_own(run_script, monkeypatch):
    without_training(monkeypatch)
    figures = run_script("figure8", "--preset=smoke", "--given=top", "--completions=3")
    assert {path.name for path in figures.iterdir()} == {
        f"figure8-top-3completions-smoke.{ending}" for ending in ("png", "json")
    }
    (record,) = json.loads((figures / "figure8-top-3completions-smoke.json").read_text())["runs"]
    assert record["settings"]["model"] == "cvae-top"
    nats = record["missing_pixels"]
    assert nats["importance_weighted"]["nats"] > 0 and nats["deterministic"]["nats"] > 0


def test_a_fresh_code_for_each_label_has_a_picture_of_its_own(run_script, monkeypatch):
    without_training(monkeypatch)
    figures = run_script("figure9", "--preset=smoke")
    run_script("figure9", "--preset=smoke", "--fresh_code")
    kept = [
        json.loads((figures / f"{name}-smoke.json").read_text())["runs"][0]["style"]
        for name in ("figure9", "figure9-fresh_code")
    ]
    assert kept[0].keys() == {"images", "thickness", "slant", "label_accuracy"}
    assert kept[0] != kept[1]


def test_the_latent_space_is_shown_in_the_projector(run_script, tmp_path, monkeypatch):
    without_training(monkeypatch)
    run_script("latent_space", "--preset=smoke")
    for model, size in (("vae", 50), ("vae-2d", 3)):  # two numbers and a 0
        folder = tmp_path / "runs" / "latent_space-smoke" / f"{model}-mnist" / "validation"
        vectors = np.loadtxt(folder / "vectors.tsv")
        assert vectors.shape == (100, size)


def test_conditional_draw_has_an_animation_and_a_picture_of_its_own(run_script, monkeypatch):
    without_training(monkeypatch)
    figures = run_script(
        "figure11", "--preset=smoke", "--conditional", "--animate", "--draw_steps=4"
    )
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


def test_a_setting_of_the_other_model_is_refused(run_script):
    with pytest.raises(UserError, match="--known_classes=True given for cdraw-gan; it is for vae"):
        run_script("figure11", "--preset=smoke", "--conditional", "--known_classes")


def test_improved_draw_gan_begins_with_a_trained_draw(run_script, tmp_path, monkeypatch):
    began = []

    def noted(model, *arguments, **options):
        began.append(generator(model).get_weights())
        return OUTCOME

    monkeypatch.setattr(loop, "train", noted)
    small = ("--images=60", "--epochs=1", "--draw_steps=3", "--batch_size=20", "--units=16")
    of_the_adversary = ("--judged_canvases=3", "--glimpses=1")  # DRAW by itself has none
    figures = run_script("figure11", "--preset=improved", *small, *of_the_adversary)
    (record,) = json.loads((figures / "figure11-improved-custom.json").read_text())["runs"]
    first = record["begun_with"]
    assert [each["settings"]["model"] for each in (record, first)] == ["draw-gan", "draw"]
    assert [each["settings"]["preset"] for each in (record, first)] == ["improved", "report"]
    assert record["weights"]["name"] == "draw-gan-improved-mnist"
    drawn = pretrained.load_file(tmp_path / "runs" / "draw-mnist-report-seed0" / "draw-mnist.npz")
    assert len(began) == 2
    for one, other in zip(drawn.get_weights(), began[1], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_figure_of_shipped_networks_leaves_out_a_panel_whose_network_does_not_ship(
    run_script, monkeypatch, capsys
):
    found = ["mnist", "svhn_small"], []
    monkeypatch.setattr(results, "figure_datasets", lambda options, models, read: found)
    figures = run_script("figure10", "--pretrained")
    assert "SVHN panel is left out: no network draw-svhn_small ships" in capsys.readouterr().out
    record = json.loads((figures / "figure10-mnist-pretrained.json").read_text())
    assert [each["weights"]["name"] for each in record["runs"]] == ["draw-mnist"]


def test_a_fresh_figure_is_compared_with_the_one_that_was_there(run_script, monkeypatch, capsys):
    without_training(monkeypatch)
    figures = run_script("figure6", "--preset=smoke", "--architecture=fully_connected")
    capsys.readouterr()
    run_script("figure6", "--preset=smoke", "--architecture=fully_connected", "--fresh")
    told = capsys.readouterr().out
    assert "0 of 1 taken from " in told and "1 trained now" in told
    assert f"numbers are those of {figures / 'figure6-smoke-custom.json'}" in told
    assert list(figures.glob("fresh-*/figure6-smoke-custom.png"))
    run_script("figure6", "--preset=smoke", "--architecture=fully_connected", "--format=pdf")
    assert (figures / "figure6-smoke-custom.pdf").read_bytes().startswith(b"%PDF")
    assert "1 of 1 taken from " in capsys.readouterr().out


@pytest.mark.parametrize("command", [["side_by_side"], ["figure10", "--pretrained"]])
def test_models_that_do_not_ship_are_not_shown(run_script, command):
    with pytest.raises(UserError, match="--dataset=fashion_mnist given, and no network"):
        run_script(*command, "--dataset=fashion_mnist")


def test_the_shipped_models_side_by_side(run_script):
    figures = run_script("side_by_side", "--dataset=mnist")
    record = json.loads((figures / "side_by_side-mnist-pretrained.json").read_text())
    names = ["cvae-mnist", "cvae-gan-mnist", "cvae-gan-improved-mnist"]
    assert [each["weights"]["name"] for each in record["runs"]] == names
    sums = [pretrained.sha256(pretrained.path(name)) for name in names]
    assert [each["weights"]["sha256"] for each in record["runs"]] == sums
    picture = matplotlib.image.imread(figures / "side_by_side-mnist-pretrained.png")
    assert picture.shape[1] > 2 * picture.shape[0]
    with pytest.raises(UserError, match="flag 'epochs'"):
        run_script("side_by_side", "--epochs=3")


def test_ctrl_c_leaves_a_picture_under_another_name(run_script, tmp_path, monkeypatch, capsys):
    outcome = loop.Outcome(2, 0.5, 2, {"loss": 1.0}, {}, 1.0, 2)
    monkeypatch.setattr(loop, "train", lambda *_, **__: outcome)
    with pytest.raises(SystemExit) as end:
        run_script("vae_gan", "--preset=smoke")
    assert end.value.code == 130
    figures = tmp_path / "figures"
    names = {path.name for path in figures.iterdir()}
    assert names == {"vae_gan-smoke-interrupted.png", "vae_gan-smoke-interrupted.json"}
    assert "same command goes on" in capsys.readouterr().out


def test_a_data_set_that_cannot_be_had_is_one_sentence(run_script, monkeypatch):
    monkeypatch.setattr("vae_gan_tf.datasets.store.NETWORK_TIMEOUT", 0.5)
    monkeypatch.setattr(
        "urllib.request.urlopen", lambda *_, **__: (_ for _ in ()).throw(OSError("no route"))
    )
    with pytest.raises(UserError, match=r"SVHN could not be downloaded .*; try again later"):
        run_script("figure7", "--dataset=svhn")
