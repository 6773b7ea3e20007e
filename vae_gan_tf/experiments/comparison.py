"""What a command took, measured and trained, and how that compares with what was there before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vae_gan_tf import schema

MEASURED = (
    "scores",
    "measured",
    "validation",
    "training_bound",
    "missing_pixels",
    "style",
    "nats",
    "test_accuracy",
    "validation_accuracy",
)
"""What the parts of a json are called that hold what was measured."""

LABELS = ("row", "dataset", "model", "labels", "seed")
"""What tells the entries of a list apart."""


def tell(wanted: int, taken: int, place: str | Path, measured: int = 0, trained: int = 0) -> None:
    """Prints where the results of a command come from.

    Args:
        wanted: how many there are.
        taken: of these, those that were there already.
        place: where.
        measured: those of networks that were there and were measured now.
        trained: those whose networks were trained now.
    """
    now = [f"{n} {what} now" for n, what in ((measured, "measured"), (trained, "trained")) if n]
    print(", ".join([f"{taken} of {wanted} taken from {place}", *now]), flush=True)


def compare(path: Path) -> None:
    """Prints what differs between a json in a folder of --fresh and that of the folder above.

    Raises:
        UserError: the json above is damaged.
    """
    before = path.parent.parent / path.name
    if not before.exists():
        print(f"There is no {before} to compare {path} with")
        return
    remedy = "move it away to compare with nothing"
    there, now = (dict(numbers(schema.read(it, remedy))) for it in (before, path))
    both = [name for name in there if name in now]
    different = [name for name in both if there[name] != now[name]]
    print(f"{len(both) - len(different)} of {len(both)} numbers are those of {before}")
    if lacking := len(there) - len(both):
        print(f"{lacking} numbers of {before} were not measured now")
    width = max(map(len, different), default=0)
    for name in different:
        change = now[name] - there[name]
        print(f"  {name:{width}}  {there[name]:.6g} there, {now[name]:.6g} now, {change:+.3g}")


def numbers(content: Any, name: str = "", inside: bool = False) -> Iterator[tuple[str, float]]:
    """The measured numbers in a json, each with the way to it.

    Args:
        content: of the json, or a part of it.
        name: the way to that part.
        inside: whether it is a part of what was measured.
    """
    if isinstance(content, dict):
        for key, value in content.items():
            way = f"{name}/{key}" if name else key
            yield from numbers(value, way, inside or key in MEASURED)
    elif isinstance(content, list):
        for place, value in enumerate(content):
            yield from numbers(value, f"{name}/{_label(value) or place}", inside)
    elif inside and isinstance(content, int | float) and not isinstance(content, bool):
        yield name, content


def _label(entry: Any) -> str:
    """What tells an entry of a list apart from the others; empty if nothing does."""
    if not isinstance(entry, dict):
        return ""
    settings = entry.get("settings")
    known = (settings if isinstance(settings, dict) else {}) | entry
    return ", ".join(str(known[name]) for name in LABELS if known.get(name) not in (None, ""))
