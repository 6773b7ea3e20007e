import json
import shlex
from pathlib import Path

import pytest

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.evaluation import judges
from vae_gan_tf.pretrained import catalogue

REPOSITORY = Path(__file__).parents[2]
FIGURES = REPOSITORY / "figures"
SHIPPED = Path(pretrained.__file__).parent


def test_every_shipped_file_is_in_the_catalogue_and_small():
    files = list(SHIPPED.glob("*.npz"))
    assert {file.stem for file in files} == set(pretrained.SHIPPED)
    sizes = [file.stat().st_size for file in files]
    assert max(sizes) <= 8e6
    assert sum(sizes) <= 45e6
    assert set(judges.NETWORKS) < set(pretrained.SHIPPED)


@pytest.mark.parametrize("name", pretrained.SHIPPED)
def test_an_entry_says_what_the_record_of_the_training_says(name):
    entry, run = pretrained.SHIPPED[name], catalogue.training(name, FIGURES)
    assert pretrained.sha256(SHIPPED / f"{name}.npz") == run["weights"]["sha256"]
    assert run["settings"].get("dataset", "mnist") == entry.dataset  # one judge's has none
    script, *flags = shlex.split(entry.command)
    assert (REPOSITORY / "reproduce" / script).is_file()
    preset = run["settings"].get("preset", "report")
    assert ("--preset=improved" in flags) == (preset == "improved")
    assert ("improved" in entry.networks) == (preset == "improved")
    whole = json.loads((FIGURES / f"{entry.record}.json").read_text())
    assert not whole.get("overrides") and not whole.get("pretrained")


@pytest.mark.parametrize("name", pretrained.SHIPPED)
def test_the_scores_of_an_entry_are_of_the_shipped_weights(name):
    rows = json.loads((FIGURES / "scores.json").read_text())["rows"]
    sha256 = pretrained.sha256(SHIPPED / f"{name}.npz")
    (*measured,) = (row["scores"] for row in rows if row.get("weights") == sha256)
    assert [catalogue.scores(name, FIGURES)] == (measured or [{}])
    assert bool(measured) == (name not in (*judges.NETWORKS, "cvae-left-mnist"))


def test_a_name_that_does_not_ship():
    for ask in (pretrained.load_pretrained, catalogue.training, catalogue.scores):
        with pytest.raises(
            UserError, match="no shipped model 'gan'; there are vae-mnist, vae-svhn"
        ):
            ask("gan")


def test_the_list_says_what_each_model_is():
    listed = pretrained.list_pretrained()
    assert listed.keys() == pretrained.SHIPPED.keys()
    assert "CVAEGAN of mnist" in listed["cvae-gan-mnist"]
