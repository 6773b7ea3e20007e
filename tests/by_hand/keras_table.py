"""Writes the table of docs/keras.md: what Keras users do, on all kinds of model.

    python tests/by_hand/keras_table.py

runs the rows of tests/models/test_keras_table.py with every kind, which takes six minutes on two
cores, and puts their answers into the page.
"""

import datetime
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "keras.md"
HEADS = {
    "VAE": "VAE",
    "CVAE of labels": "CVAE, labels",
    "CVAE of images": "CVAE, images",
    "M2": "M2",
    "DRAW": "DRAW",
    "conditional DRAW": "CDRAW",
    "VAE-GAN": "VAE-GAN",
    "CVAE-GAN": "CVAE-GAN",
    "M2 with GAN": "M2-GAN",
    "M2 whose classifier is the discriminator": "M2, judging",
    "DRAW-GAN": "DRAW-GAN",
    "conditional DRAW-GAN": "CDRAW-GAN",
    "DRAW-GAN of classes": "DRAW-GAN, classes",
}
"""The head of the column of each kind."""


def answers(report: Path) -> dict[str, dict[str, str]]:
    """The answer of each row for each kind, or "no" where its test failed."""
    found: dict[str, dict[str, str]] = {}
    for case in xml.parse(report).iter("testcase"):
        name = case.attrib["name"].removeprefix("test_a_row[").removesuffix("]")
        kind = next(kind for kind in sorted(HEADS, key=len)[::-1] if name.endswith(f"-{kind}"))
        answer = case.find("properties/property[@name='answer']")
        row = found.setdefault(name.removesuffix(f"-{kind}"), {})
        row[kind] = "no" if answer is None else answer.attrib["value"]
    return found


def table(found: dict[str, dict[str, str]]) -> str:
    """The table as markdown."""
    lines = [f"| | {' | '.join(HEADS.values())} |", "| --- " * (len(HEADS) + 1) + "|"]
    for title, row in found.items():
        lines.append(f"| {title} | {' | '.join(row[kind] for kind in HEADS)} |")
    return "\n".join(lines)


def main() -> None:
    """Runs the tests and writes the table between its two marks in the page."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--every-kind", f"--junitxml={report}"]
        subprocess.run([*command, "tests/models/test_keras_table.py"], cwd=ROOT, check=False)
        found = answers(report)
    cells = [answer for row in found.values() for answer in row.values()]
    note = f"{datetime.date.today()}: {len(cells)} cells, {cells.count('no')} of them no."
    begin, end = "<!-- table -->\n", "<!-- end -->"
    head, rest = PAGE.read_text().split(begin)
    PAGE.write_text(f"{head}{begin}\n{note}\n\n{table(found)}\n\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    main()
