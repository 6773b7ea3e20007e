"""What the report claims, beside what was measured.

Gathers figures/claims.md, .csv and .json from the claims in figures/claims/, a json file each: the
claim, its section, the command that tests it, what was measured, and the verdict. Numbers are those
of the json in figures/, see `pages.filled`.
"""

from collections.abc import Sequence

from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.pages import filled
from vae_gan_tf.experiments.tables import KeptTable
from vae_gan_tf.files import understood
from vae_gan_tf.schema import Claim

HEADS = {name: name.replace("_", " ") for name in Claim.__annotations__}
"""The head of each entry of a claim."""

NOTE = (
    "The report argues by looking at pictures. Here each claim is beside a number and the "
    'command that gives it again. "±" is the standard error of the number for one trained '
    "network (seed 0), unless a number of runs in brackets says that it is a standard deviation "
    "over seeds. MNIST unless svhn_small is named: a small part of SVHN (docs/results.md). How "
    "a score is defined stands in vae_gan_tf/evaluation/scores/; sharpness and diversity are "
    "shares of those of real test images. p is that of a two-sided t test of three seeds, paired "
    "by seed. A command that changes settings has folders of its own, --runs_dir and "
    "--figures_dir: a run is not continued under other settings, and a picture of such a run "
    "takes the name of the one before it."
)


def main(argv: Sequence[str]) -> None:
    """Writes the table and prints it."""
    options = parse(Script(__doc__, settings=(), general=("figures_dir",)), argv)
    table = KeptTable(options.figures_dir / "claims", Claim)
    found = table.cells().values()
    if not found:
        raise UserError(f"there are no claims in {table.path}, a json file each expected")
    with understood(options.figures_dir):
        claims = [
            {name: filled(text, options.figures_dir) for name, text in claim.items()}
            for claim in found
        ]
    lines = [[*HEADS.values()], *([claim[name] for name in HEADS] for claim in claims)]
    table.write(lines, NOTE, {}, {"table": "claims", "claims": claims})
    table.show()
