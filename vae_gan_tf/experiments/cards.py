"""A model card for each network that ships: docs/models.md.

What it is, how it was made, what it scores, its limits and the licence of its data, gathered from
the catalogue of what ships and from the json in figures/.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import flags

from vae_gan_tf import datasets, pretrained
from vae_gan_tf.experiments.flags import Script, expanded, parse
from vae_gan_tf.experiments.scores import COLUMNS, cell
from vae_gan_tf.files import understood, write_whole
from vae_gan_tf.pretrained import catalogue
from vae_gan_tf.training.progress import duration

SHOWN = (
    "label_accuracy",
    "accepted",
    "diversity_worst_class",
    "frechet_distance",
    "recall",
    "bound",
)
"""The scores of samples that a card has; the others are in figures/scores.md."""

TRAINING_SCORES = {
    "test/elbo": ("negative bound of test images, nats", -1, 1),
    "test/error": ("test error, %", 100, 2),
    "test_accuracy": ("test images read as their labels, %", 100, 2),
    "validation_accuracy": ("validation images read as their labels, %", 100, 2),
}
"""Of other scores the head, the factor and the digits."""

HEAD = """# The models that ship

`vae_gan_tf.load_pretrained(name)` loads one. Of a model trained with a GAN mostly the generator
ships. Weights are rounded to float16. Scores with an error are those of figures/scores.md: bounds
are of 1 000 test images there, of all elsewhere. This page is written by
`python reproduce/cards.py`.
"""


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flag."""
    flags.DEFINE_string("docs_dir", "docs", "folder of the page", flag_values=values)


def main(argv: Sequence[str]) -> None:
    """Writes the page."""
    script = Script(__doc__, settings=(), general=("figures_dir",), define=define)
    options = parse(script, argv)
    path = expanded(options.script_flags["docs_dir"], "docs_dir") / "models.md"
    with understood(options.figures_dir):
        text = page(options.figures_dir)
    write_whole(path, text.encode())
    print(f"Wrote {path}")


def page(figures: Path) -> str:
    """The text of the page.

    Raises:
        UserError: a json in the folder of figures cannot be read.
    """
    return "\n".join([HEAD, *(line for name in pretrained.SHIPPED for line in card(name, figures))])


def card(name: str, figures: Path) -> Iterator[str]:
    """The lines of a card."""
    model, run = pretrained.SHIPPED[name], catalogue.training(name, figures)
    source = datasets.source(model.dataset)
    path = pretrained.path(name)
    settings = run["settings"]
    made = [f"{run.get('epochs', settings.get('epochs')):g} epochs"]
    made += [f"{run['steps']} steps"] if "steps" in run else []
    made += [duration(run["wall_seconds"]), f"seed {run.get('seed', settings.get('seed'))}"]
    made += [settings.get("precision", "float32")]  # as a setting it is younger than some json
    first = run.get("begun_with")
    if first:
        what, before = first["settings"]["model"], duration(first["wall_seconds"])
        made.append(f"begun with a {what} of {first['epochs']:g} epochs, {before}")
    yield f"## {name}\n"
    yield f"- **What:** `{model.kind}`, networks: {model.networks}; trained on {model.dataset}."
    yield f"- **How made:** `python reproduce/{model.command}`; {', '.join(made)}."
    yield f"- **Scores:** {'; '.join(scores(name, run, figures))}."
    yield f"- **Limits:** {source.limits}"
    yield f"- **Data:** {source.licence}"
    size = path.stat().st_size / 1e6
    yield f"- **File:** `{path.name}`, {size:.1f} MB, SHA-256 `{pretrained.sha256(path)}`.\n"


def scores(name: str, run: dict, figures: Path) -> Iterator[str]:
    """The scores of a network: of its samples, where these were measured, and of its training."""
    found = catalogue.scores(name, figures)
    for score in SHOWN:
        if score in found:
            yield f"{COLUMNS[score]} {cell(score, found[score])}"
    for score, (head, factor, digits) in TRAINING_SCORES.items():
        value = run.get("scores", run).get(score, run.get(score))
        if value is not None and not (score == "test/elbo" and "bound" in found):
            yield f"{head} {factor * value:.{digits}f}"
