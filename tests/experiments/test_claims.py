import shutil
from pathlib import Path

import pytest

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import claims

FIGURES = Path(__file__).parents[2] / "figures"


def test_the_committed_table_is_that_of_the_committed_claims(tmp_path, capsys):
    shutil.copytree(FIGURES / "claims", tmp_path / "claims")
    claims.main(["claims.py", f"--figures_dir={tmp_path}"])
    for ending in ("md", "csv", "json"):
        file = f"claims.{ending}"
        assert (tmp_path / file).read_text() == (FIGURES / file).read_text()
    assert capsys.readouterr().out.startswith(
        "| claim | section | tested by | measured | verdict |"
    )


def test_without_claims_nothing_is_written(tmp_path):
    with pytest.raises(UserError, match="there are no claims in"):
        claims.main(["claims.py", f"--figures_dir={tmp_path}"])
    assert not list(tmp_path.iterdir())
