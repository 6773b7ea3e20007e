"""The tables of README and docs, written from the json in figures/.

A table stands between two comments, <!-- table: its name --> and <!-- end -->, in a page beside the
folder of the figures: README.md, and those of docs with numbers. With --check nothing is written,
and a page that differs from the json is an error.
"""

import functools
import math
import re
import statistics
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from absl import flags

from vae_gan_tf import schema
from vae_gan_tf.errors import UserError
from vae_gan_tf.experiments.flags import Script, parse
from vae_gan_tf.experiments.page_tables import TABLES
from vae_gan_tf.files import understood, write_whole

PAGES = (
    "README.md",
    *(
        f"docs/{name}.md"
        for name in ("results", "improved", "speed", "trials", "scale", "reliability")
    ),
    "figures/other/README.md",
)
"""The pages with tables, from the folder in which the folder of the figures lies."""

BLOCK = re.compile(r"(<!-- table: (.+?) -->\n)(.*?)(<!-- end -->)", re.DOTALL)
"""A table in a page: its first line, its name, its content, its last line."""

NUMBER = re.compile(r"\{([^{}|]+ > [^{}|]+?)(?: \| (\S+))?\}")
"""A number in a text, {file > key > ... | format}, see `filled`."""

UNITS = {"%": 100.0, "e": 100.0, "h": 1 / 3600, "m": 1 / 60, "M": 1e-6, "": 1.0}
"""What a format multiplies by: percent of a share, or of what is left; hours, minutes, millions."""

MOST_DIGITS = 4
"""Digits behind the point, however small an error is."""


def filled(text: str, figures: Path) -> str:
    """A text with its numbers: each {file > key > ... | format} is read from figures/file.json.

    A key is the name of an entry, or a place in a list. `name=value` keeps those entries of a list
    that have this value, or this setting; a name then is that of an entry of each. `all_seconds` of
    a run are those of its training and of the ones that it began with. The format is
    "-" for minus the number; "%", "e", "h", "m" or "M", see `UNITS`; "v" to leave the error away;
    and the digits behind the point, without which an error tells them. A number with an error is
    "0.50 ± 0.02", several are mean ± standard deviation; "n" is how many they are.

    Args:
        text: with numbers.
        figures: the folder of the json.

    Raises:
        UserError: there is no such file or number.
    """
    return NUMBER.sub(lambda match: _number(match[1], match[2] or "", figures), text)


def _number(place: str, form: str, figures: Path) -> str:
    name, *keys = place.split(" > ")
    content = schema.read(figures / f"{name}.json", "restore it by git")
    parts = re.fullmatch(r"(-?)([%ehmM]?)(v?)(n?)(\d*)", form)
    if not parts:
        raise UserError(f"a number of the format {form!r}, see vae_gan_tf/experiments/pages.py")
    minus, unit, value_alone, count, digits = parts.groups()
    try:
        for key in keys:
            content = _entry(content, key)
        if count:
            return str(len(content))
        value, off = _score(content)
        if not math.isfinite(value) or not math.isfinite(off or 0):
            raise ValueError("no finite number")
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise UserError(f"{figures / name}.json has no {' > '.join(keys)}") from error
    factor = UNITS[unit] * (-1 if minus else 1)
    value = factor * (1 - value if unit == "e" else value)
    off = None if off is None else abs(factor) * off
    places = int(digits) if digits else digits_of(off)
    shown = rounded(value, places)
    return shown if off is None or value_alone else f"{shown} ± {rounded(off, places)}"


def _entry(content: Any, key: str) -> Any:
    name, equals, value = key.partition("=")
    if equals:
        chosen = tuple(
            each for each in content if str((each.get("settings", {}) | each)[name]) == value
        )
        if not chosen:
            raise KeyError(key)
        return chosen
    if isinstance(content, (list, tuple)):
        return content[int(key)] if key.isdigit() else tuple(_entry(each, key) for each in content)
    if key == "all_seconds":
        before = _entry(content["begun_with"], key) if "begun_with" in content else 0.0
        return content["wall_seconds"] + before
    return content[key]


def _score(content: Any) -> tuple[float, float | None]:
    """A number and its error, of the forms that json has; of several runs mean and deviation."""
    if isinstance(content, tuple):
        error = statistics.stdev(content) if len(content) > 1 else None
        return statistics.mean(content), error
    if isinstance(content, dict):
        value = content["value"] if "value" in content else content["nats"]
        return value, content["error"] if "error" in content else content["standard_error"]
    if isinstance(content, list):
        value, error = content
        return value, error
    return float(content), None


def digits_of(error: float | None) -> int:
    """The digits behind the point that an error allows: its first one, a second where that is 1."""
    if error is None:
        raise UserError("a number without an error, and no digits in its format")
    if not error:
        return MOST_DIGITS - 1
    exponent = math.floor(math.log10(error))
    digits = -exponent + (error < 2 * 10**exponent)
    return min(max(digits, 0), MOST_DIGITS)


def rounded(value: float, digits: int) -> str:
    """A number with so many digits behind the point, halves away from zero: "-0.13", "11 000".

    Digits are in groups of three from five on.
    """
    number = Decimal(repr(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    if not number:
        number = abs(number)
    grouped = not digits and abs(number) >= 10_000
    return f"{number:,}".replace(",", " ") if grouped else str(number)


def markdown(name: str, figures: Path) -> str:
    """A table of `TABLES` as it stands in a page.

    Raises:
        UserError: there is no such table, or the json lacks one of its numbers.
    """
    if name not in TABLES:
        raise UserError(f"there is no table {name!r}, only {', '.join(TABLES)}")
    heads, *rows = TABLES[name]
    lines = [heads, ["---"] * len(heads), *rows]
    return filled("".join(f"| {' | '.join(line)} |\n" for line in lines), figures)


def with_tables(page: str, table: Callable[[str], str]) -> str:
    """A page with the content of its blocks replaced.

    Args:
        page: its text.
        table: from the name of a block to its content.

    Raises:
        UserError: a block has no end.
    """
    if page.count("<!-- table: ") != len(BLOCK.findall(page)):
        raise UserError("a table without its <!-- end --> in a page")
    return BLOCK.sub(lambda match: f"{match[1]}{table(match[2])}{match[4]}", page)


def define(values: flags.FlagValues) -> None:
    """Defines the script's own flags."""
    text = "write nothing, and fail where a page differs from the json"
    flags.DEFINE_bool("check", False, text, flag_values=values)


def main(argv: Sequence[str]) -> None:
    """Writes the tables into the pages, or compares them."""
    options = parse(Script(__doc__, settings=(), general=("figures_dir",), define=define), argv)
    figures = options.figures_dir
    for name in PAGES:
        path = figures.parent / name
        try:
            page = path.read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}") from error
        with understood(figures):
            new = with_tables(page, functools.partial(markdown, figures=figures))
        if new == page:
            continue
        if options.script_flags["check"]:
            raise UserError(f"{path} differs from the json: run reproduce/pages.py")
        write_whole(path, new.encode())
        print(f"Wrote {path}")
