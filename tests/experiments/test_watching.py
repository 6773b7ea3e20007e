from support import models

from vae_gan_tf.experiments import watching
from vae_gan_tf.experiments.record import made_with
from vae_gan_tf.experiments.settings import resolve


def test_a_row_names_the_run_and_tells_what_differs_from_the_preset():
    few = resolve("report", "semi-supervised", "mnist", {"labels": 600, "epochs": 3, "seed": 2})
    assert watching.row(few) == {
        "1 model": "semi-supervised",
        "2 data set": "mnist",
        "3 preset": "report",
        "4 seed": "2",
        "architecture": few.architecture,
        "epochs": 3,
        "5 labels": "600",
    }


def test_the_texts_tell_what_is_trained_with_what(monkeypatch):
    monkeypatch.setattr("sys.argv", ["reproduce/figure7.py", "--runs_dir=my runs"])
    settings = resolve("smoke", "cvae-gan", "mnist")
    texts = watching.texts(settings, models.cvae_gan(), made_with())
    assert texts.keys() == {"run/1 command", "run/2 settings", "run/3 versions"}
    assert "**cvae-gan on mnist**, preset smoke, seed 0" in texts["run/1 command"]
    assert "(section 3.2)" in texts["run/1 command"]
    assert "python reproduce/figure7.py '--runs_dir=my runs'" in texts["run/1 command"]
    assert f"| epochs | {settings.epochs} |" in texts["run/2 settings"]
    assert "labels" not in texts["run/2 settings"]  # means nothing to it
    assert "| tensorflow | 2." in texts["run/3 versions"]


def test_every_final_score_of_a_semi_supervised_model_has_a_meaning():
    judged = {"accepted", "label_accuracy", "reconstruction_accuracy", "squared_error"}
    bound = {name.split("/")[-1] for name in models.semi_supervised().validated} - {"loss"}
    assert {f"test/{name}" for name in bound} | judged == watching.MEANINGS.keys()
