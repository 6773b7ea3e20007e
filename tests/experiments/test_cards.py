import json
import re
from pathlib import Path

import pytest
from support.records import runs_table

from vae_gan_tf import pretrained
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import cards

ROOT = Path(__file__).parents[2]


def test_the_page_is_that_of_the_json(tmp_path):
    cards.main(["cards.py", f"--figures_dir={ROOT / 'figures'}", f"--docs_dir={tmp_path}"])
    assert (tmp_path / "models.md").read_text() == (ROOT / "docs" / "models.md").read_text()


def test_a_card_tells_what_is_recorded():
    begun = "\n".join(cards.card("draw-gan-improved-mnist", ROOT / "figures"))
    assert re.search(r"8 epochs, .* float32, begun with a draw of 20 epochs, \d+ min", begun)
    card = "\n".join(cards.card("cvae-gan-mnist", ROOT / "figures"))
    for text in (
        "`CVAEGAN`, networks: section 4.3; trained on mnist",
        "`python reproduce/figure7.py`; 20 epochs, 11000 steps, 33 min, seed 0, float32",
        "read as asked, % 99.49 ± 0.07",
        "CC BY-SA 3.0",
        pretrained.sha256(pretrained.path("cvae-gan-mnist")),
    ):
        assert text in card, text


def test_each_network_has_scores():
    for name in pretrained.SHIPPED:
        assert "**Scores:** ." not in "\n".join(cards.card(name, ROOT / "figures")), name


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"runs": 3}, "is damaged: it holds something else than was written"),
        (runs_table(), "does not hold what is shown of it"),
    ],
)
def test_json_of_something_else_is_one_sentence(content, sentence, tmp_path):
    for path in (ROOT / "figures").glob("*.json"):
        (tmp_path / path.name).write_text(json.dumps(content))
    with pytest.raises(UserError, match=sentence):
        cards.main(["cards.py", f"--figures_dir={tmp_path}", f"--docs_dir={tmp_path}"])
    assert not (tmp_path / "models.md").exists()


def test_without_the_json_it_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match=r"vae_gan\.json cannot be read"):
        cards.page(tmp_path)
