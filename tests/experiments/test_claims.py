import json
import shutil
from pathlib import Path

import pytest
from scipy import stats

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments import claims

FIGURES = Path(__file__).parents[2] / "figures"


@pytest.fixture
def figures(tmp_path):
    """The json of the figures, without the table of claims."""
    json_alone = shutil.ignore_patterns("*.png", "*.pdf", "*.gif", "*.md", "*.csv", "claims.*")
    return shutil.copytree(FIGURES, tmp_path / "figures", ignore=json_alone)


def test_the_committed_table_is_that_of_the_committed_claims(figures, capsys):
    claims.main(["claims.py", f"--figures_dir={figures}"])
    for ending in ("md", "csv", "json"):
        file = f"claims.{ending}"
        assert (figures / file).read_text() == (FIGURES / file).read_text()
    assert capsys.readouterr().out.startswith(
        "| claim | section | tested by | measured | verdict |"
    )


def test_a_number_in_a_claim_is_that_of_the_json(figures):
    path = figures / "scores" / "mnist-vae.json"
    cell = json.loads(path.read_text())
    cell["scores"]["sharpness_gradient"] = [0.5, 0.1]
    path.write_text(json.dumps(cell))
    claims.main(["claims.py", f"--figures_dir={figures}"])
    assert "| VAE 0.50 ± 0.10 and " in (figures / "claims.md").read_text()
    cell["scores"]["sharpness_gradient"] = [float("nan"), 0.1]
    path.write_text(json.dumps(cell))
    with pytest.raises(UserError, match=r"mnist-vae\.json has no scores > sharpness_gradient"):
        claims.main(["claims.py", f"--figures_dir={figures}"])


def test_without_claims_nothing_is_written(tmp_path):
    with pytest.raises(UserError, match="there are no claims in"):
        claims.main(["claims.py", f"--figures_dir={tmp_path}"])
    assert not list(tmp_path.iterdir())


REPORT, WITHOUT, POOLS = "as in section 4.3", "without batch normalisation", "with pools"
"""What the rows of the ablations change."""


@pytest.mark.parametrize(
    ("claim", "score", "one", "other", "words"),
    [
        (13, "diversity_worst_class", ("CVAE-GAN", REPORT, 1e-4), WITHOUT, "p = 0.004 at 0.0001"),
        (13, "diversity_worst_class", ("CVAE-GAN", REPORT, 1e-3), WITHOUT, "0.003 at 0.001"),
        (13, "bound", ("CVAE", REPORT, 1e-3), WITHOUT, "with it (p = 0.001)"),
        (13, "bound", ("CVAE", REPORT, 1e-4), WITHOUT, "at 0.0001 (p = 0.06)"),
        (13, "bound", ("CVAE", REPORT, 1e-2), WITHOUT, "0.01 (p = 0.6)"),
        (14, "bound", ("CVAE", REPORT, 1e-3), POOLS, "the bound (p = 0.3)"),
        (14, "frechet_distance", ("CVAE-GAN", REPORT, 1e-4), POOLS, "distance (p = 0.5)"),
        (14, "diversity_worst_class", ("CVAE-GAN", REPORT, 1e-4), POOLS, "p = 0.08"),
        (15, "bound", ("CVAE", REPORT, 1e-3), 1e-4, "0.0001 (p = 0.02"),
        (15, "bound", ("CVAE", WITHOUT, 1e-3), 1e-4, "normalisation 0.0007)"),
        (15, "bound", ("CVAE", REPORT, 1e-3), 1e-2, "show (p = 0.1"),
        (15, "bound", ("CVAE", WITHOUT, 1e-3), 1e-2, "and 0.4)"),
        (15, "frechet_distance", ("CVAE-GAN", REPORT, 1e-4), 1e-3, "seeds (p = 0.2)"),
    ],
)
def test_the_p_of_a_claim_is_that_of_the_runs(claim, score, one, other, words):
    model, change, rate = one
    other = (model, change, other) if isinstance(other, float) else (model, other, rate)
    runs = json.loads((FIGURES / "ablations.json").read_text())["runs"]
    both = [
        [
            run["measured"][score]
            for run in sorted(runs, key=lambda run: run["settings"]["seed"])
            if run["row"] == f"{model}, {change}, learning rate {rate:g}"
        ]
        for model, change, rate in (one, other)
    ]
    p = f"{stats.ttest_rel(*both).pvalue:.1g}"
    verdict = json.loads((FIGURES / "claims.json").read_text())["claims"][claim]["verdict"]
    assert words in verdict and p in words
